"""Newline-delimited JSON: one object a line.

>>> import pathlib, tempfile
>>> from volvelle.data.records import Layout
>>> folder = pathlib.Path(tempfile.mkdtemp())
>>> _ = (folder / "t.ndjson").write_text('{"a": 1}\\n{"a": 2}\\n')
>>> read("t.ndjson", folder, Layout()).frame.rows()
[(1,), (2,)]
"""

import io

import polars as pl

from volvelle.data.contract import Read
from volvelle.data.raw import read_file
from volvelle.errors import DataError

SUFFIXES = (".ndjson",)
SCHEMES = ()


def read(where, folder, layout):
    """All rows; the types are those of JSON."""
    content, origin = read_file(where, folder)
    try:
        frame = pl.read_ndjson(io.BytesIO(content), infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise DataError("not one JSON object a line", where=where, next_move="export the file again") from error
    return Read(frame, layout, (origin,))
