"""Pack a compiled model: a CMake project, an Arduino library, a page that runs it, wheels and more.

Example:
  volvelle package                                 the kinds of package
  volvelle package wasm                            the model of the newest run
  volvelle package arduino model.onnx              a file from anywhere
  volvelle package wheel out -o dist               what volvelle compile wrote to out
  volvelle package container                       the champion with all that serves it
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace
from pathlib import Path

from volvelle.catalog import PACKAGES, TOOLCHAINS
from volvelle.cli.models import Given, differing, goal_of, goal_option, of_file, of_folder, of_run
from volvelle.cli.options import json_option, print_json, print_next, print_rows, shown, spec_option
from volvelle.compiler.device import device
from volvelle.compiler.prove import FIRST_TIME, Compiled, compiled, vectors
from volvelle.deploy.folder import put
from volvelle.deploy.packing import Packing
from volvelle.deploy.shipping import Shipping, ship
from volvelle.errors import InputError, visible
from volvelle.flow.registry import champion
from volvelle.flow.turn import Project
from volvelle.spec.read import FILE, parse

_VERSION, _URL = r"\d{1,9}\.\d{1,9}\.\d{1,9}", r"https?://[!-;=?-~]{1,200}"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("package", nargs="?", metavar="NAME", help="what to make (default: list what can be made)")
    parser.add_argument(
        "model",
        nargs="?",
        type=Path,
        metavar="MODEL",
        help="an ONNX file, or a folder that volvelle compile wrote (default: the newest run's); "
        "for a server a release folder (default: the champion's)",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="where to write it (default: by its name)")
    parser.add_argument("--name", metavar="NAME", help="prefix of the C names (default: the problem's or the file's)")
    goal_option(parser)
    parser.add_argument("--version", metavar="X.Y.Z", help="version of the package (default: 0.<run>.0 or 0.1.0)")
    parser.add_argument("--author", default="", metavar="WHO", help="who answers for it")
    parser.add_argument("--licence", default="", metavar="TERMS", help="terms of the model, such as an SPDX name")
    parser.add_argument("--url", default="", metavar="URL", help="where it is described")
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Compile, pack, write the folder whole."""
    if options.package is None:
        return _list(options)
    for asked, pattern, flag in ((options.version, _VERSION, "--version"), (options.url, _URL, "--url")):
        if asked and not re.fullmatch(pattern, asked):
            example = "1.0.0" if flag == "--version" else "https://example.com"
            raise InputError(f"{visible(asked)!r} cannot be used", where=flag, next_move=f"write it like {example}")
    module = PACKAGES.load(options.package)
    targets = getattr(module, "TARGETS", ())
    if any(TOOLCHAINS.load("zig").cold(target) for target in targets):
        print(f"compiling for {len(targets)} platform{'s' * (len(targets) > 1)}; {FIRST_TIME}", file=sys.stderr)
    packing: Packing | Shipping
    packing = _release(options) if getattr(module, "OF", "model") == "release" else _compiled(options)
    place: Path = options.output or Path(f"{packing.name}-{options.package}")
    files = module.write(packing)
    put(place, files)
    move = packing.next(module.NEXT, shown(place))
    if options.json:
        print_json({"package": options.package, "folder": str(place), "files": sorted(files), "next": move})
        return 0
    print(f"Wrote {len(files)} files to {shown(place)}:")
    for name in sorted(files):
        print(f"  {name:<44}{len(files[name]):>10,} bytes")
    print_next(argparse.Namespace(), move)
    return 0


def _compiled(options: argparse.Namespace) -> Packing:
    """A model in C.

    Raises:
        InputError: what was measured of it differs from the ONNX file.
    """
    given, made = _model(options)
    if given.footprint is not None and not given.footprint.agrees():
        raise InputError(
            f"the C answers otherwise than the ONNX file: {given.footprint.differs()}",
            where=given.footprint.device,
            next_move="do not ship it; volvelle prove shows the comparison",
        )
    return Packing(
        sources=made.sources,
        onnx=given.content,
        golden=vectors(given.content, made, given.rows),
        digest=made.onnx,
        footprint=given.footprint,
        title=given.name,
        statement=given.statement,
        version=options.version or given.version,
        author=options.author,
        licence=options.licence,
        url=options.url,
    )


def _release(options: argparse.Namespace) -> Shipping:
    """A release with what serves it."""
    place = options.model or champion(Project(options.spec.parent, existing=True))[1]
    told = {"author": options.author, "licence": options.licence, "url": options.url}
    made = ship(place, **told)
    problem = parse(made.files[FILE].decode("utf-8-sig"), str(place / FILE)).problem
    title = options.name or problem.name or problem.target
    version = options.version or f"0.{made.release.run}.0"
    return replace(made, title=title, statement=problem.statement, version=version)


def _model(options: argparse.Namespace) -> tuple[Given, Compiled]:
    """The model to pack, compiled."""
    place: Path | None = options.model
    if place is not None and place.is_dir():
        given, made = of_folder(place)
        if changed := differing(place, made):
            raise InputError(
                f"{changed[0]} is not what the compiler writes", where=str(place), next_move="volvelle compile again"
            )
        if options.name is None:
            return given, made
        return given, compiled(given.content, options.name, made.goal, made.precision, ram=made.ram, narrow=made.narrow)
    given = of_file(place) if place is not None else of_run(options.spec)
    name, known, goal = options.name or given.name, given.footprint, goal_of(options.goal, given)
    room, narrow = (known.room, device(known.device).narrow) if known else (None, False)
    return given, compiled(given.content, name, goal, rows=given.rows, ram=room, narrow=narrow)


def _list(options: argparse.Namespace) -> int:
    """The kinds of package."""
    about = {name: PACKAGES.summary(name) for name in PACKAGES.names()}
    if options.json:
        print_json({"packages": [{"name": name, "about": text} for name, text in about.items()]})
        return 0
    print_rows([("package", "what it is"), *about.items()])
    print_next(options, "volvelle package NAME")
    return 0
