"""A file inside a packed file: written into a folder of its own and read by the source of its name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from volvelle.data.contract import Read
from volvelle.data.dispatch import read_source
from volvelle.data.raw import GZIP
from volvelle.data.records import Layout, Origin
from volvelle.errors import DataError

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_PACKED = (".zip", ".zst", ".zstd", ".gz")


def read_inside(pieces: Iterable[bytes], name: str, part: str, where: str, origin: Origin, layout: Layout) -> Read:
    """The rows of a file inside a file.

    Args:
        pieces: its bytes, bounded.
        name: its name without folders; decides which source reads it.
        part: what stands behind a further ``#``, e.g. a sheet.
        where: the place that a message names.
        origin: of the packed file.
        layout: as the spec states it.

    Raises:
        DataError: it cannot be read; the message names the packed file.
    """
    name = _UNSAFE.sub("_", name)[-100:]
    twice = name.lower().endswith(_PACKED)
    with TemporaryDirectory(prefix="volvelle-") as folder:
        with Path(folder, name).open("wb") as file:
            for number, piece in enumerate(pieces):
                # Twice the ratio that is allowed would be a quarter of a million: gzip is told by its bytes too.
                if twice or (number == 0 and piece.startswith(GZIP)):
                    raise DataError("it is packed twice", where=where, next_move="unpack it and name the file inside")
                file.write(piece)
        try:
            got = read_source(f"{name}#{part}" if part else name, Path(folder), layout)
        except DataError as error:
            inside = error.where.removeprefix(name) if error.where.startswith(name) else f", {error.where}"
            raise DataError(error.problem, where=f"{where}{inside}", next_move=error.next_move) from error
    return Read(got.frame, got.layout, (origin,), got.notes)
