"""From the text of ``[data] source`` to rows, or to a listener: finds the source that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volvelle.catalog import SOURCES
from volvelle.data.contract import Listener, Read
from volvelle.data.records import Layout
from volvelle.errors import DataError
from volvelle.spec.sources import holds_password, refusal, source_of

PLAINLY = "write ${NAME} in its place and set that environment variable: the spec is kept with every run"


def read_source(source: str, folder: Path, layout: Layout) -> Read:
    """All rows that `source` names. Relative paths start at `folder`.

    Raises:
        DataError: no source reads this, it cannot be read, or a password is written out in it.
    """
    name, where = _found(source)
    return _handed(SOURCES.load(name).read(where, folder, layout), name, where)


def read_source_blocks(source: str, folder: Path, layout: Layout, size: int) -> Iterator[Read]:
    """The same rows, about `size` at a time where the source can read in blocks (it has `blocks`), else all at once.

    Raises:
        DataError: as `read_source`.
    """
    name, where = _found(source)
    module = SOURCES.load(name)
    if not hasattr(module, "blocks"):
        yield _handed(module.read(where, folder, layout), name, where)
        return
    for got in module.blocks(where, folder, layout, size):
        yield _handed(got, name, where)


def _found(source: str) -> tuple[str, str]:
    if holds_password(source):
        raise DataError("a password is written out in the source", where="[data] source", next_move=PLAINLY)
    found = source_of(source)
    if found is None:
        problem, advice = refusal(source)
        raise DataError(problem, where="[data] source", next_move=advice)
    return found


def _handed(got: object, name: str, where: str) -> Read:
    if not isinstance(got, Read):
        raise DataError(f"the data source {name!r} did not hand on rows", where=where)
    return got


def listener_of(source: str) -> tuple[Listener, str]:
    """What receives from `source`, and the text that it takes.

    Raises:
        DataError: nothing does, or a password is written out in it.
    """
    if holds_password(source):
        raise DataError("a password is written out in the source", where="[data] source", next_move=PLAINLY)
    found = source_of(source)
    listening = [name for name in SOURCES.names() if SOURCES.fact(name, "LISTENS")]
    if found is None or found[0] not in listening:
        schemes = ", ".join(f"{scheme}:" for name in listening for scheme in SOURCES.fact(name, "SCHEMES"))
        problem = "this is read when a run asks for it; nobody sends it" if found else "nothing receives from this"
        raise DataError(problem, where=source, next_move=f"name an address that begins with one of {schemes}")
    module: Any = SOURCES.load(found[0])
    return module, found[1]
