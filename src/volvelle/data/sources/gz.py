"""Gzip: one packed file (``rows.parquet.gz``), whose inner name picks the source that reads it.

Delimited text and JSON unpack gzip themselves. A file that unpacks to far more than its size is refused, and so is one
that is packed twice. Source: RFC 1952.

>>> import gzip
>>> from io import BytesIO
>>> from tempfile import TemporaryDirectory
>>> import polars as pl
>>> made = BytesIO()
>>> pl.DataFrame({"a": [1, 2]}).write_parquet(made)
>>> with TemporaryDirectory() as folder:
...     _ = Path(folder, "t.parquet.gz").write_bytes(gzip.compress(made.getvalue()))
...     read("t.parquet.gz", Path(folder), Layout()).frame.rows()
[(1,), (2,)]
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from volvelle.data.contract import Read
from volvelle.data.raw import read_file, unpack
from volvelle.data.records import Layout
from volvelle.data.unpacked import read_inside

SUFFIXES: tuple[str, ...] = (".gz",)
SCHEMES: tuple[str, ...] = ()
PARTS = True


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows of the file inside.

    Raises:
        DataError: no such file, cut off, damaged, too large inside, packed twice, or no table.
    """
    name, _, part = where.partition("#")
    content, origin = read_file(name, folder)
    unpacked, notes = unpack(content, name)
    got = read_inside([unpacked], PurePosixPath(name).stem, part, name, origin, layout)
    return Read(got.frame, got.layout, got.origins, (*notes, *got.notes))
