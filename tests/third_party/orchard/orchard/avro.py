"""Avro: rows with their schema.

>>> import pathlib, tempfile
>>> from volvelle.data.records import Layout
>>> folder = pathlib.Path(tempfile.mkdtemp())
>>> pl.DataFrame({"a": [1, 2]}).write_avro(folder / "t.avro")
>>> read("t.avro", folder, Layout()).frame.rows()
[(1,), (2,)]
"""

import io

import polars as pl

from volvelle.data.contract import Read
from volvelle.data.raw import read_file
from volvelle.errors import DataError

SUFFIXES = (".avro",)
SCHEMES = ()


def read(where, folder, layout):
    """All rows; the types are those of the file."""
    content, origin = read_file(where, folder)
    try:
        frame = pl.read_avro(io.BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise DataError("this is no sound Avro file", where=where, next_move="export the file again") from error
    return Read(frame, layout, (origin,))
