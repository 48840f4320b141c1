"""Repeat the proof of a compiled model: the same C, the same numbers on the same core.

Example:
  volvelle prove out               exit 1 where anything differs
  volvelle prove out --toolchain gcc_arm --emulator qemu     a second opinion
  volvelle prove out --misra misra.txt              besides, what cppcheck's MISRA addon finds
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.cli.models import differing, footprint, of_folder
from volvelle.cli.options import json_option, print_json, shown
from volvelle.compiler import misra
from volvelle.compiler.device import device
from volvelle.compiler.prove import FIRST_TIME, cold, prove
from volvelle.errors import InputError
from volvelle.flow.store import write_atomic
from volvelle.ui.footprint import board


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="what volvelle compile wrote")
    for noun, known in (("toolchain", TOOLCHAINS), ("emulator", EMULATORS)):
        parser.add_argument(f"--{noun}", choices=known.names(), help=f"another {noun} than the device's own")
    parser.add_argument("--misra", type=Path, metavar="FILE", help="write a report on MISRA C:2012 (needs cppcheck)")
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Compile and run again, and compare with what is written there."""
    place: Path = options.folder
    if options.misra is not None:
        misra.version()
        if options.misra.is_dir() or not options.misra.resolve().parent.is_dir():
            raise InputError(
                f"{options.misra} is no place for a file",
                where="--misra",
                next_move="name a file in a folder that is there",
            )
    given, made = of_folder(place)
    known = given.footprint or footprint(place)
    wanted = device(known.device, f"{known.clock} Hz" if known.clock else None)
    way = options.toolchain or wanted.way[0], options.emulator or wanted.way[1]
    if cold(wanted, way[0]):
        print(f"compiling for {wanted.name}; {FIRST_TIME}", file=sys.stderr)
    found = prove(given.content, made, wanted, seed=known.seed, way=way)
    changed = differing(place, made)
    # Another compiler makes other machine code of the same C.
    same = ("onnx", "source") if way[0] != wanted.way[0] else ("onnx", "source", "flash", "ram")
    changed += [n for n in same if getattr(known, n) != getattr(found, n)]
    if options.misra is not None:
        write_atomic(options.misra, misra.report(made.sources).encode())
        print(f"wrote {shown(options.misra)}", file=sys.stderr)
    if options.json:
        print_json({"differs": changed, "agrees": found.agrees(), **msgspec.to_builtins(found)})
    else:
        print(board(found, wanted))
        told = f"differs from what is written: {', '.join(changed)}" if changed else "equals what is written"
        print(told, file=sys.stderr)
    return 0 if found.agrees() and not changed else 1
