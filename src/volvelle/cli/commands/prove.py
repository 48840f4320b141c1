"""Repeat the proof of a compiled model: the same C, the same numbers on the same core.

Example:
  volvelle prove out               exit 1 where anything differs
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from volvelle.cli.options import json_option, print_json
from volvelle.compiler.device import device
from volvelle.compiler.package import FOOTPRINT, MODEL
from volvelle.compiler.prove import compiled, prove
from volvelle.compiler.records import Footprint
from volvelle.errors import InputError, NotFound
from volvelle.ui.footprint import board


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="what volvelle compile wrote")
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Compile and run again, and compare with what is written there."""
    place: Path = options.folder
    content, known = _read(place, MODEL), _footprint(place)
    headers = [p.stem for p in sorted(place.glob("*.h"))]
    wanted = device(known.device, f"{known.clock} Hz" if known.clock else None)
    differing: list[str] = []
    made = compiled(content, headers[0] if headers else "model", precision=known.precision)
    for suffix, text in ((".h", made.sources.header), (".c", made.sources.source)):
        path = place / f"{made.sources.name}{suffix}"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            differing.append(path.name)
    found = prove(content, made, wanted, seed=known.seed)
    differing += [n for n in ("onnx", "source", "flash", "ram") if getattr(known, n) != getattr(found, n)]
    if options.json:
        print_json({"differs": differing, "agrees": found.agrees(), **msgspec.to_builtins(found)})
    else:
        print(board(found, wanted))
        told = f"differs from what is written: {', '.join(differing)}" if differing else "equals what is written"
        print(told, file=sys.stderr)
    return 0 if found.agrees() and not differing else 1


def _read(place: Path, name: str) -> bytes:
    path = place / name
    if not path.is_file():
        raise NotFound(f"there is no {name} in {place}", where="FOLDER", next_move="volvelle compile FILE -o FOLDER")
    return path.read_bytes()


def _footprint(place: Path) -> Footprint:
    try:
        return msgspec.json.decode(_read(place, FOOTPRINT), type=Footprint)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{FOOTPRINT} is damaged: {error}", where=str(place), next_move="volvelle compile writes it again"
        ) from error
