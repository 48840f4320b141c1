"""Print a shell completion script.

Example:
  volvelle completion bash > ~/.local/share/bash-completion/completions/volvelle
  volvelle completion zsh > "${fpath[1]}/_volvelle"
"""

from __future__ import annotations

import argparse

import shtab

from volvelle.catalog import COMMANDS
from volvelle.cli.options import json_option, print_json


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("shell", choices=shtab.SUPPORTED_SHELLS, help="whose completion")
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Describe every command and option to the shell."""
    whole = argparse.ArgumentParser(prog="volvelle", description="the machine-learning lifecycle")
    commands = whole.add_subparsers()
    for name in COMMANDS.names():
        parser = commands.add_parser(name, help=COMMANDS.summary(name))
        COMMANDS.load(name).arguments(parser)
        for action in parser._actions:
            if action.metavar == "FILE":
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    script = shtab.complete(whole, options.shell)
    if options.json:
        print_json({"shell": options.shell, "script": script})
    else:
        print(script)
    return 0
