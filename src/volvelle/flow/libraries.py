"""Builds the compiled C of a release for the machine that serves it, and holds its answers against onnxruntime."""

from __future__ import annotations

import hashlib
from pathlib import Path

from volvelle.compiler.host import KINDS, ROWS, shared
from volvelle.compiler.parity import Rows
from volvelle.compiler.prove import Compiled, agreement, compiled
from volvelle.data.versions import from_bytes
from volvelle.deploy import release as releasing
from volvelle.errors import InputError, MissingExtra, ModelError, NotFound, VolvelleError
from volvelle.flow.result import find
from volvelle.flow.store import write_atomic
from volvelle.flow.turn import Project
from volvelle.model.encode import encode
from volvelle.serve import library as serving
from volvelle.serve.library import End, Library

FOLDER = "compiled"
_WAY = "--backend c"
_BACK = "--backend onnxruntime serves it as it is"


def build(project: Project | None, folder: Path, live: Path) -> Library:
    """Compile the model of a release, and compare its answers.

    Every class must be the same, every number within a millionth. Rows are those of the test side, where the project
    has them still, and made-up ones.

    Args:
        project: that made the release; None where only the release is at hand.
        folder: of the release.
        live: where the library is put.

    Raises:
        InputError: the C does not answer as onnxruntime does, or cannot be made of this model.
        MissingExtra: there is no C compiler.
    """
    content = (folder / "model.onnx").read_bytes()
    try:
        made = compiled(content, "model", "speed", "as written")
    except ModelError as error:
        raise InputError(f"{folder.name} cannot be compiled: {error.problem}", where=_WAY, next_move=_BACK) from error
    try:
        library = shared(made.sources)
    except MissingExtra as error:
        advice = f"install gcc, or {error.next_move}; {_BACK}"
        raise MissingExtra(error.problem, where=_WAY, next_move=advice) from error
    path = live / FOLDER / f"{made.onnx}.so"
    write_atomic(path, library)
    told = Library(
        path=str(path),
        digest=hashlib.sha256(library).hexdigest(),
        entry=ROWS,
        inputs=_ends(made.graph.inputs, made.sources.inputs),
        outputs=_ends(made.graph.outputs, made.sources.outputs),
    )
    compare(content, made, told, _rows(project, folder))
    return told


def compare(content: bytes, made: Compiled, told: Library, rows: Rows | None) -> None:
    """Hold a library against onnxruntime.

    Raises:
        InputError: they do not agree.
    """
    found = agreement(content, made, serving.Compiled(told).rows, rows)
    if found.label_differences or found.largest > 1e-6:
        raise InputError(
            f"the compiled C does not answer as onnxruntime does: of {found.rows} rows {found.label_differences} get "
            f"another class, numbers differ by up to {found.largest:.2g}, and 1e-6 is allowed",
            where=_WAY,
            next_move=_BACK,
        )


def _ends(names: tuple[str, ...], ends: tuple[tuple[str, str, int], ...]) -> tuple[End, ...]:
    return tuple(End(name, KINDS[kind].str, size) for name, (_, kind, size) in zip(names, ends, strict=True))


def _rows(project: Project | None, folder: Path) -> Rows | None:
    """Rows of the test side; None where they are gone."""
    if project is None:
        return None
    try:
        result = find(project, releasing.read(folder).run)
        return encode(from_bytes(project.store.get(result.scored.rows)), result.model.signature)
    except (NotFound, VolvelleError):
        return None
