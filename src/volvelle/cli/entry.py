"""The entry of the command line: finds the command, turns errors into one message and an exit code.

0 success, 1 a gate that has not passed, 2 wrong input, 130 an interrupt.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

from volvelle import __version__
from volvelle.catalog import COMMANDS, import_late
from volvelle.errors import InputError, Refused, near

_START = """\
volvelle: from a table and a file of requirements to an evidenced model

usage: volvelle COMMAND [options]        volvelle COMMAND --help shows options and an example

{commands}

Start here:
  volvelle demo                          a whole turn on a real data set
  volvelle init data.csv --target price  write a commented volvelle.toml
  volvelle run                           turn the wheel
"""
_AGAIN, _IMPORTING = 3.0, 0.05
"""Seconds until a ctrl-C that got lost, or came during an import, is raised again."""
ORDER = (
    "demo init explore check listen run explain report runs show compare data drift predict release rollback serve "
    "score outcomes watch retrain promote export reproduce compile prove package devices completion"
).split()


class _Layout(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal; asking shutil for that would import seven modules at every start."""

    def __init__(self, prog: str) -> None:
        columns = os.environ.get("COLUMNS", "")
        width = os.get_terminal_size().columns if sys.stdout.isatty() else 100
        super().__init__(prog, width=max(40, (int(columns) if columns.isdigit() else width) - 2))


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are ours."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing usage and leaving.

        Raises:
            InputError: always.
        """
        options = [o for action in self._actions for o in action.option_strings]
        unknown = message.removeprefix("unrecognized arguments: ").partition(" ")[0]
        advice = near(unknown, options) if unknown.startswith("-") and "unrecognized" in message else ""
        advice = advice if advice.startswith("did") else f"{self.prog} --help shows what it takes"
        raise InputError(message, where=self.prog, next_move=advice)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    if arguments is not None:
        return _answer(arguments)
    # A process that ends soon need not look for cycles, neither while it imports nor at its end.
    gc.set_threshold(20_000, 20, 20)
    interrupts = _Interrupts()
    signal.signal(signal.SIGINT, interrupts)
    signal.signal(signal.SIGALRM, interrupts)
    code = _answer(sys.argv[1:], interrupts)
    # All is done: a ctrl-C during the unmaking would change the exit code and nothing else.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if interrupts.seen:
        # A library that was interrupted in its making may crash in its unmaking.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    gc.freeze()
    return code


class _Interrupts:
    """Turns ctrl-C into KeyboardInterrupt, again each few seconds until it arrives.

    One raised inside a destructor or a callback of a library is lost. One raised inside the import of an extension
    comes out as another error, or kills the process: it waits for the end of the import.
    """

    def __init__(self) -> None:
        self.seen = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.seen = True
        while frame is not None:
            if frame.f_code.co_filename.startswith("<frozen importlib"):
                signal.setitimer(signal.ITIMER_REAL, _IMPORTING)
                return
            frame = frame.f_back
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        raise KeyboardInterrupt

    def heard(self) -> bool:
        """Whether there was one; it is not raised again."""
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        return self.seen


def _answer(words: list[str], interrupts: _Interrupts | None = None) -> int:
    """The exit code of a command, whose errors are told."""
    try:
        return _told(words)
    except KeyboardInterrupt:
        return _interrupted(interrupts)
    except Exception:
        if interrupts and interrupts.heard():
            return _interrupted(interrupts)
        sys.excepthook(*sys.exc_info())
        print("\nThis is a bug in Volvelle. Please report it with the lines above.", file=sys.stderr)
        return 70


def _interrupted(interrupts: _Interrupts | None) -> int:
    if interrupts:
        interrupts.heard()
    print("\ninterrupted; what was finished is kept, and the same command goes on from there", file=sys.stderr)
    return 130


def _told(words: list[str]) -> int:
    """The exit code; what is wrong with the input is one message."""
    try:
        return _dispatch(words)
    except Refused as error:
        return _fail(error, words, 1)
    except InputError as error:
        return _fail(error, words, 2)
    except BrokenPipeError:
        # The reader of our output left; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        advice = "check that the place exists, may be written and has room"
        return _fail(
            InputError(error.strerror or str(error), where=str(error.filename or ""), next_move=advice), words, 2
        )


def parser_of(name: str) -> Parser:
    """The parser of one command.

    Raises:
        NotFound: there is no such command.
    """
    command = COMMANDS.load(name)
    about, _, example = (command.__doc__ or "").partition("\n\n")
    parser = Parser(
        prog=f"volvelle {name}",
        description=about,
        epilog=example.strip(),
        formatter_class=_Layout,
    )
    command.arguments(parser)
    parser.set_defaults(run=command.run)
    return parser


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        names = [n for n in ORDER if n in COMMANDS] + [n for n in COMMANDS.names() if n not in ORDER]
        print(_START.format(commands="\n".join(f"  {name:<12}{COMMANDS.summary(name)}" for name in names)))
        return 0
    if words[0] in ("-V", "--version"):
        print(f"volvelle {__version__}")
        return 0
    if words[0] not in COMMANDS:
        raise InputError(
            f"there is no command {words[0]!r}", where="volvelle", next_move=near(words[0], COMMANDS.names())
        )
    options = parser_of(words[0]).parse_args(words[1:])
    return int(options.run(options))


def _fail(error: InputError, words: list[str], code: int) -> int:
    if "--json" in words:
        document = {"problem": error.problem, "where": error.where, "next": error.next_move, "code": code}
        options: Any = import_late("volvelle.cli.options", "JSON")
        options.print_json({"error": document})
    else:
        print(f"error: {error}", file=sys.stderr)
    return code
