"""Arrow: IPC files (.arrow, .feather, .ipc) and streams (.arrows), with the types that the file states.

Both forms are told by their first bytes. Lists, records and bytes are set aside with a note when the kinds are
settled. Arrow stores no checksums: damage inside a value is found by no reader; pin the SHA-256 of the file,
which every data set record holds, if that matters.

Source: Apache Arrow columnar format, "IPC File Format" and "IPC Streaming Format".

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     pl.DataFrame({"a": [1, 2]}).write_ipc(Path(folder, "t.arrow"))
...     read("t.arrow", Path(folder), Layout()).frame.rows()
[(1,), (2,)]
"""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from volvelle.data.contract import Read
from volvelle.data.raw import known_format, read_file
from volvelle.data.records import Layout
from volvelle.errors import DataError

SUFFIXES: tuple[str, ...] = (".arrow", ".feather", ".ipc", ".arrows")
SCHEMES: tuple[str, ...] = ()
_FILE, _STREAM, _OLD = b"ARROW1", b"\xff\xff\xff\xff", b"FEA1"


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows. Of `layout` only `missing` has a meaning here.

    Raises:
        DataError: no such file, not Arrow, cut off, damaged, or without rows.
    """
    content, origin = read_file(where, folder)
    _check_magic(content, where)
    try:
        if content.startswith(_FILE):
            frame = pl.read_ipc(io.BytesIO(content))
        else:
            frame = pl.read_ipc_stream(io.BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, OverflowError, MemoryError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(
            f"the Arrow file is damaged: {reason}", where=where, next_move="copy or write the file again"
        ) from error
    if not frame.height or not frame.width:
        raise DataError(
            f"the Arrow file holds {frame.width} columns and no rows", where=where, next_move="write it again"
        )
    return Read(frame.rechunk(), Layout(missing=layout.missing), (origin,))


def _check_magic(content: bytes, where: str) -> None:
    if content.startswith(_FILE):
        if not content.endswith(_FILE):
            raise DataError(
                "the Arrow file is cut off: its footer is missing", where=where, next_move="copy or write it again"
            )
        return
    if content.startswith(_OLD):
        raise DataError("this is Feather version 1", where=where, next_move="write it as Feather version 2 or Parquet")
    if not content.startswith(_STREAM):
        other = known_format(content).partition("; ")[0]
        found = f"it is {other}" if other else "unknown bytes"
        raise DataError(f"this is not an Arrow file: {found}", where=where, next_move="write it as Arrow or Parquet")
