"""Parquet: .parquet and .pq, with the types that the file states.

Lists, records and bytes are set aside with a note when the kinds are settled; text columns are settled
as those of a delimited text are.

The limit: most writers store no page checksums, so damage inside a page can decode to wrong values
without an error in every common reader. What the file says about itself is checked against the values
read: the row count and the smallest and largest value that its footer states for a column (Parquet
format, ColumnMetaData.statistics). Damage that stays inside that range is found by no reader; pin the SHA-256 of the
file, which every data set record holds, if that matters.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     pl.DataFrame({"a": [1, 2]}).write_parquet(Path(folder, "t.parquet"))
...     read("t.parquet", Path(folder), Layout()).frame.rows()
[(1,), (2,)]
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from volvelle.data.contract import Read
from volvelle.data.raw import find_file, known_format, read_file
from volvelle.data.records import Layout
from volvelle.errors import DataError

SUFFIXES: tuple[str, ...] = (".parquet", ".pq")
SCHEMES: tuple[str, ...] = ()
_MAGIC = b"PAR1"


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows. Of `layout` only `missing` has a meaning here.

    Raises:
        DataError: no such file, not Parquet, cut off, damaged, encrypted, or without rows.
    """
    content, origin = read_file(where, folder)
    notes = _check_magic(content, where)
    try:
        frame = pl.read_parquet(io.BytesIO(content), use_statistics=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, OverflowError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(
            f"the Parquet file is damaged: {reason}", where=where, next_move="copy or write the file again"
        ) from error
    if not frame.height or not frame.width:
        raise DataError(
            f"the Parquet file holds {frame.width} columns and no rows", where=where, next_move="write it again"
        )
    _check_footer(content, frame, where)
    return Read(frame.rechunk(), Layout(missing=layout.missing), (origin,), notes)


def blocks(where: str, folder: Path, layout: Layout, size: int) -> Iterator[Read]:
    """The same rows, `size` at a time. What the footer says of values is not compared with them.

    Raises:
        DataError: as `read`.
    """
    path = find_file(where, folder)
    with path.open("rb") as file:
        head = file.read(4096)
        file.seek(-min(path.stat().st_size, 8), 2)
        notes = _check_magic(head + file.read(), where)
    scan = pl.scan_parquet(path, use_statistics=False, glob=False)
    try:
        rows = int(scan.select(pl.len()).collect().item())
        for start in range(0, max(rows, 1), size):
            frame = scan.slice(start, size).collect()
            if not frame.height or not frame.width:
                raise DataError("the Parquet file holds no rows", where=where, next_move="write it again")
            yield Read(frame.rechunk(), Layout(missing=layout.missing), (), notes)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, OverflowError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(
            f"the Parquet file is damaged: {reason}", where=where, next_move="copy or write the file again"
        ) from error


def _check_magic(content: bytes, where: str) -> tuple[str, ...]:
    tail = content[-4:]
    if tail == b"PARE" or content.startswith(b"PARE"):
        raise DataError("the Parquet file is encrypted", where=where, next_move="write it without encryption")
    if content.startswith(_MAGIC) and tail != _MAGIC:
        raise DataError(
            "the Parquet file is cut off: its footer is missing", where=where, next_move="copy or write it again"
        )
    if tail != _MAGIC:
        other = known_format(content)
        text = b"\0" not in content[:4096]
        found = f"it is {other.partition('; ')[0]}" if other else "it looks like text" if text else "unknown bytes"
        advice = "name it .csv" if text and not other else other.partition("; ")[2] or "write it as Parquet"
        raise DataError(f"this is not a Parquet file: {found}", where=where, next_move=advice)
    if not content.startswith(_MAGIC):
        return (f"{where} does not begin with the Parquet mark; its footer is intact and was read",)
    return ()


def _check_footer(content: bytes, frame: pl.DataFrame, where: str) -> None:
    """Refuse values that lie outside the range which the footer states.

    A search that trusts the footer skips row groups whose stated range excludes a value. Looking that way for
    the smallest and largest value that were read finds them, unless footer and values disagree.
    """
    checked, wanted = [], []
    for column in frame.iter_columns():
        if column.dtype.is_numeric() and not column.dtype.is_decimal() and column.null_count() < column.len():
            for value in (column.min(), column.max()):
                scan = pl.scan_parquet(io.BytesIO(content), use_statistics=True, glob=False)
                wanted.append(scan.filter(pl.col(column.name) == pl.lit(value, dtype=column.dtype)).select(pl.len()))
                checked.append((column, value))
    for (column, value), found in zip(checked, pl.collect_all(wanted), strict=True):
        if found.item() != int((column == value).sum()):
            raise DataError(
                f"the Parquet file is damaged: {value!r} was read, and its footer states a range without it",
                where=f"{where}, column {column.name!r}",
                next_move="copy or write the file again",
            )
