"""List the cores and boards that a model can be compiled for.

Example:
  volvelle devices                 cores, and boards with their memory and clock
"""

from __future__ import annotations

import argparse

import msgspec

from volvelle.catalog import DEVICES
from volvelle.cli.options import json_option, print_json, print_next, print_rows
from volvelle.compiler.device import device, missing
from volvelle.spec.units import show


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Cores first, then boards, and what must be installed for them."""
    found = sorted((device(name) for name in DEVICES.names()), key=lambda d: (d.name != d.core, d.name))
    lacking = {d.way: missing(d) for d in found}
    if options.json:
        print_json({"devices": [{**msgspec.to_builtins(d), "missing": lacking[d.way]} for d in found]})
        return 0
    rows: list[tuple[str, ...]] = [("device", "core", "flash", "RAM", "clock", "what it is")]
    for one in found:
        sizes = [show(float(s), "bytes") if s else "" for s in (one.flash, one.ram)]
        clock = f"{one.clock / 1e6:g} MHz" if one.clock else ""
        summary = DEVICES.summary(one.name.replace("-", "_"))
        if lacking[one.way]:
            summary += f" Missing here: apt-get install {lacking[one.way]}."
        rows.append((one.name, "" if one.core == one.name else one.core, *sizes, clock, summary))
    print_rows(rows)
    print_next(options, "volvelle compile FILE --device NAME -o FOLDER")
    return 0
