"""One version of the data: canonical Parquet bytes, named by their hash.

The same rows in the same order give the same bytes in any process and with any number of threads:
columns in order, one chunk, fixed row groups, zstd at a fixed level.

>>> frame = pl.DataFrame({"a": [1, None]})
>>> from_bytes(to_bytes(frame)).equals(frame), digest(to_bytes(frame)) == digest(to_bytes(frame.clone()))
(True, True)
"""

from __future__ import annotations

import hashlib
import io

import polars as pl

from volvelle.errors import DataError

ROW_GROUP = 2**18
LEVEL = 3


def to_bytes(frame: pl.DataFrame) -> bytes:
    """Canonical bytes of a canonical frame."""
    # A fresh copy of every column drops flags such as 'sorted', which would be written into the file.
    plain = pl.concat([frame.clear(), frame]).rechunk()
    plain = pl.DataFrame([column.alias(column.name).rechunk() for column in plain.iter_columns()])
    buffer = io.BytesIO()
    plain.write_parquet(buffer, compression="zstd", compression_level=LEVEL, row_group_size=ROW_GROUP, statistics=True)
    return buffer.getvalue()


def from_bytes(content: bytes) -> pl.DataFrame:
    """The frame of canonical bytes.

    Raises:
        DataError: they are damaged.
    """
    try:
        return pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            f"a stored version of the data is damaged: {error}", next_move="collect the data again"
        ) from error


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal: the name of a version."""
    return hashlib.sha256(content).hexdigest()
