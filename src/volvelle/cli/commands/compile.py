"""Compile any ONNX file to C for a device, and prove it on an emulated core.

Example:
  volvelle compile model.onnx --device cortex-m4f -o out       a file from anywhere
  volvelle compile --device stm32f411 -o out                   the model of the newest run
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec
from msgspec import structs

from volvelle.cli.options import json_option, print_json, print_next, shown, spec_option
from volvelle.compiler.device import asked, device
from volvelle.compiler.package import MODEL, files
from volvelle.compiler.prove import Rows, compiled, prove, vectors
from volvelle.compiler.records import Device
from volvelle.data.versions import from_bytes
from volvelle.errors import InputError, NotFound
from volvelle.flow.result import find
from volvelle.flow.store import write_atomic
from volvelle.flow.turn import Project
from volvelle.model.encode import encode
from volvelle.spec.read import read
from volvelle.ui.footprint import board


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="an ONNX file (default: the newest run's)")
    parser.add_argument("--device", metavar="NAME", help="a core or a board (default: the spec's [device])")
    parser.add_argument("--clock", metavar="RATE", help="clock for the latency estimate, such as '80 MHz'")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where to write the C")
    parser.add_argument("--name", metavar="NAME", help="prefix of the C names (default: the problem's or the file's)")
    parser.add_argument("--no-proof", action="store_true", help="write the C alone; nothing is measured")
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Read, compile, prove, write; exit 1 if the proof finds a difference or the board is too small."""
    content, name, rows = _given(options)
    wanted = _named(options)
    place: Path = options.output
    if place.exists() and not place.is_dir():
        raise InputError(f"{place} is a file", where="--output", next_move="name a folder")
    made = compiled(content, options.name or name, rows=rows)
    if options.no_proof:
        written = {f"{made.sources.name}.h": made.sources.header, f"{made.sources.name}.c": made.sources.source}
        _write(place, written, content)
        if options.json:
            print_json({"folder": str(place), "files": sorted(written)})
        else:
            print_next(argparse.Namespace(), f"without --no-proof, what is in {shown(place)} is measured too")
        return 0
    print(f"compiling for {wanted.name}; the first time on a machine takes some seconds more", file=sys.stderr)
    found = prove(content, made, wanted, rows)
    _write(place, files(made, found, vectors(content, made, rows)), content)
    fits = all(limit is None or took <= limit for took, limit in ((found.flash, wanted.flash), (found.ram, wanted.ram)))
    if options.json:
        print_json({"folder": str(place), "fits": fits, "agrees": found.agrees(), **msgspec.to_builtins(found)})
    else:
        print(board(found, wanted))
        print_next(argparse.Namespace(), f"volvelle prove {shown(place)}")
    return 0 if fits and found.agrees() else 1


def _given(options: argparse.Namespace) -> tuple[bytes, str, Rows | None]:
    """The ONNX file, a name for it, and real rows where a run has them."""
    if options.file is not None:
        if not options.file.is_file():
            raise NotFound(f"there is no file {options.file}", where="FILE", next_move="name an ONNX file")
        return options.file.read_bytes(), options.file.stem, None
    spec = read(options.spec)
    result = find(Project(options.spec.resolve().parent), None)
    rows = encode(from_bytes(result.project.store.get(result.scored.rows)), result.model.signature)
    return result.onnx, spec.problem.name or spec.problem.target, rows


def _named(options: argparse.Namespace) -> Device:
    """The device, from the options or the spec."""
    if options.device:
        return device(options.device, options.clock)
    spec = read(options.spec) if options.spec.is_file() else None
    if spec is None or spec.device is None:
        raise InputError("no device is named", where="--device", next_move="volvelle devices lists them")
    return asked(structs.replace(spec.device, clock=options.clock or spec.device.clock))


def _write(place: Path, written: dict[str, str], content: bytes) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        write_atomic(place / name, text.encode("utf-8"))
    write_atomic(place / MODEL, content)
