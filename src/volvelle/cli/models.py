"""The model that a command works on: an ONNX file, a folder that `volvelle compile` wrote, or the newest run's."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec

from volvelle.compiler.device import device
from volvelle.compiler.parity import Rows
from volvelle.compiler.prove import Compiled, compiled
from volvelle.compiler.records import Footprint, Goal, Precision
from volvelle.data.versions import from_bytes
from volvelle.deploy.packing import FOOTPRINT, MODEL
from volvelle.errors import InputError, NotFound
from volvelle.flow.result import find
from volvelle.flow.turn import Project
from volvelle.model.encode import encode
from volvelle.spec.read import read


@dataclass(frozen=True, slots=True)
class Given:
    """What is to be compiled.

    Attributes:
        content: the ONNX file.
        name, statement: for people.
        rows: real rows, where a run has them.
        version: three numbers; the middle one is that of the run.
        footprint: what was measured, where it was.
        precision: as a folder has it.
    """

    content: bytes
    name: str
    statement: str = ""
    rows: Rows | None = None
    version: str = "0.1.0"
    footprint: Footprint | None = None
    precision: Precision | None = None


def goal_option(parser: argparse.ArgumentParser) -> None:
    """``--goal``: what the C is written for where there is a choice; that of the run unless it is said."""
    parser.add_argument(
        "--goal",
        choices=get_args(Goal),
        help="little flash, the least, or few instructions (default: of the run, or size, and tight if it must)",
    )


def of_file(path: Path) -> Given:
    """An ONNX file from anywhere.

    Raises:
        NotFound: there is none.
    """
    if not path.is_file():
        raise NotFound(f"there is no file {path}", where="FILE", next_move="name an ONNX file")
    return Given(path.read_bytes(), path.stem)


def of_run(spec_file: Path) -> Given:
    """The model of the newest run, its rows, and its footprint if it was proved on a device."""
    spec = read(spec_file)
    result = find(Project(spec_file.resolve().parent), None)
    rows = encode(from_bytes(result.project.store.get(result.scored.rows)), result.model.signature)
    known = result.footprint if result.footprint is not None and result.footprint.device else None
    name = spec.problem.name or spec.problem.target
    return Given(result.onnx, name, spec.problem.statement, rows, f"0.{result.run.id}.0", known)


def goal_of(asked: Goal | None, given: Given) -> Goal:
    """What was asked for, or what the model was proved with."""
    return asked or (given.footprint.goal if given.footprint else "size")


def of_folder(place: Path) -> tuple[Given, Compiled]:
    """What `volvelle compile` wrote, and the same compiled again.

    Raises:
        NotFound: it wrote nothing there.
        InputError: its footprint is damaged.
    """
    content = _read(place, MODEL)
    known = footprint(place) if (place / FOOTPRINT).is_file() else None
    headers = [p.stem for p in sorted(place.glob("*.h"))]
    name = headers[0] if headers else "model"
    given = Given(content, name, footprint=known, precision=known.precision if known else None)
    goal, room, narrow = (known.goal, known.room, device(known.device).narrow) if known else ("size", None, False)
    return given, compiled(content, name, goal, given.precision, ram=room, narrow=narrow)


def differing(place: Path, made: Compiled) -> list[str]:
    """The C files of a folder that are not what the compiler writes."""
    texts = {f"{made.sources.name}.h": made.sources.header, f"{made.sources.name}.c": made.sources.source}
    return [
        n for n, text in texts.items() if not (place / n).is_file() or (place / n).read_bytes() != text.encode("utf-8")
    ]


def footprint(place: Path) -> Footprint:
    """What was measured.

    Raises:
        NotFound: nothing was.
        InputError: it is damaged.
    """
    try:
        return msgspec.json.decode(_read(place, FOOTPRINT), type=Footprint)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{FOOTPRINT} is damaged: {error}", where=str(place), next_move="volvelle compile writes it again"
        ) from error


def _read(place: Path, name: str) -> bytes:
    path = place / name
    if not path.is_file():
        raise NotFound(f"there is no {name} in {place}", where="FOLDER", next_move="volvelle compile FILE -o FOLDER")
    return path.read_bytes()
