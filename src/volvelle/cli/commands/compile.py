"""Compile any ONNX file to C for a device, and prove it on an emulated core.

Example:
  volvelle compile model.onnx --device cortex-m4f -o out       a file from anywhere
  volvelle compile --device stm32f411 -o out                   the model of the newest run
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
from msgspec import structs

from volvelle.cli.models import Given, goal_of, goal_option, of_file, of_run
from volvelle.cli.options import json_option, print_json, print_next, shown, spec_option
from volvelle.compiler.device import asked, device
from volvelle.compiler.prove import FIRST_TIME, Compiled, cold, compiled, prove, vectors
from volvelle.compiler.records import Device, Footprint
from volvelle.compiler.suited import suited
from volvelle.deploy.folder import check, put
from volvelle.deploy.packages import cmake
from volvelle.deploy.packing import FOOTPRINT, MODEL, Packing
from volvelle.errors import InputError
from volvelle.spec.read import read
from volvelle.ui.footprint import board


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="an ONNX file (default: the newest run's)")
    parser.add_argument("--device", metavar="NAME", help="a core or a board (default: the spec's [device])")
    parser.add_argument("--clock", metavar="RATE", help="clock for the latency estimate, such as '80 MHz'")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where to write the C")
    parser.add_argument("--name", metavar="NAME", help="prefix of the C names (default: the problem's or the file's)")
    goal_option(parser)
    parser.add_argument("--no-proof", action="store_true", help="write the C alone; nothing is measured")
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Read, compile, prove, write; exit 1 if the proof finds a difference.

    Raises:
        InputError: the board is too small; then nothing is written.
    """
    given = of_file(options.file) if options.file is not None else of_run(options.spec)
    content, rows = given.content, given.rows
    wanted = _named(options)
    place: Path = options.output
    if place.exists() and not place.is_dir():
        raise InputError(f"{place} is a file", where="--output", next_move="name a folder")
    # The choice of precision builds C for this machine already, so what takes longer is told before it.
    print(f"compiling for {wanted.name}{f'; {FIRST_TIME}' if cold(wanted) else ''}", file=sys.stderr)
    name, goal = options.name or given.name, goal_of(options.goal, given)
    made = compiled(content, name, goal, rows=rows, ram=wanted.ram, narrow=wanted.narrow)
    _planned(made, wanted)
    packing = Packing(made.sources, content, "", made.onnx, title=given.name, statement=given.statement)
    if options.no_proof:
        kept = (f"{made.sources.name}.h", f"{made.sources.name}.c", MODEL)
        written = {n: text for n, text in cmake.write(packing).items() if n in kept}
        put(place, written)
        if options.json:
            print_json({"folder": str(place), "files": sorted(written)})
        else:
            print_next(argparse.Namespace(), f"without --no-proof, what is in {shown(place)} is measured too")
        return 0
    check(place, {FOOTPRINT: b"", **cmake.write(packing)})
    made, found = _proven(given, made, wanted, choose=options.goal is None)
    _fits(found, wanted)
    golden = vectors(content, made, rows)
    put(place, cmake.write(replace(packing, sources=made.sources, golden=golden, footprint=found)))
    if options.json:
        print_json({"folder": str(place), "agrees": found.agrees(), **msgspec.to_builtins(found)})
    else:
        print(board(found, wanted))
        print_next(argparse.Namespace(), f"volvelle prove {shown(place)}", f"volvelle package NAME {shown(place)}")
    if not found.agrees():
        print("the C answers otherwise than onnxruntime: see the lines marked ✗; do not ship it", file=sys.stderr)
    return 0 if found.agrees() else 1


def _proven(given: Given, made: Compiled, wanted: Device, *, choose: bool) -> tuple[Compiled, Footprint]:
    """The C and what it takes; where it is too large, and nobody said what for, with every layer packed that helps."""
    found = prove(given.content, made, wanted, given.rows)
    if not choose or wanted.flash is None or found.flash <= wanted.flash:
        return made, found
    name = made.sources.name
    tight = compiled(given.content, name, "tight", made.precision, ram=wanted.ram, narrow=wanted.narrow)
    if tight.sources.source == made.sources.source:
        return made, found
    print("more flash than there is: packing every layer that it helps", file=sys.stderr)
    return tight, prove(given.content, tight, wanted, given.rows)


def _planned(made: Compiled, wanted: Device) -> None:
    """What is known before there is a program: the memory is told, and what the board lacks is refused."""
    suited(made.sources, wanted)
    took = made.sources.plan.bytes
    print(f"working memory as planned: {took:,} bytes", file=sys.stderr)
    if wanted.ram is not None and took > wanted.ram:
        raise _small("RAM for working memory", took, wanted.ram, wanted)


def _fits(found: Footprint, wanted: Device) -> None:
    deep = found.ram + (found.stack if found.stack_bound is None else found.stack_bound)
    memory = (("RAM", found.ram, wanted.ram), ("RAM and stack", deep, wanted.ram))
    for what, took, limit in (("flash", found.flash, wanted.flash), *memory):
        if limit is not None and took > limit:
            raise _small(what, took, limit, wanted)


def _small(what: str, took: int, limit: int, wanted: Device) -> InputError:
    return InputError(
        f"the model takes {took:,} bytes of {what}; {wanted.name} has {limit:,}",
        where="--device",
        next_move="choose a larger board or a smaller model; volvelle devices lists boards with their memory",
    )


def _named(options: argparse.Namespace) -> Device:
    """The device, from the options or the spec."""
    if options.device:
        return device(options.device, options.clock)
    spec = read(options.spec) if options.spec.is_file() else None
    if spec is None or spec.device is None:
        raise InputError("no device is named", where="--device", next_move="volvelle devices lists them")
    return asked(structs.replace(spec.device, clock=options.clock or spec.device.clock))
