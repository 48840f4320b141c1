"""Validate the spec without running anything.

Example:
  volvelle check
  volvelle check --spec other.toml --json
"""

from __future__ import annotations

import argparse

from volvelle.cli.options import json_option, print_json, print_next, spec_option
from volvelle.errors import NotFound
from volvelle.spec.check import gates
from volvelle.spec.read import read


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Read the spec strictly; look whether a file source is there."""
    spec = read(options.spec)
    parsed = gates(spec)
    source = options.spec.parent / spec.data.source
    local = ":" not in spec.data.source.partition("/")[0]
    if local and not source.is_file():
        raise NotFound(
            f"the spec is sound, but its source {spec.data.source!r} is not there",
            where=str(source),
            next_move="put the file there or correct [data] source",
        )
    if options.json:
        print_json({"spec": str(options.spec), "gates": [{"gate": g.text, "bound": g.bound} for g in parsed]})
        return 0
    print(f"{options.spec} is sound: target {spec.problem.target!r}, source {spec.data.source!r}, {len(parsed)} gates")
    for gate in parsed:
        print(f"  {gate.text}")
    if not parsed:
        print("  no gate: any model may be released; add some under [require]")
    print_next("volvelle run")
    return 0
