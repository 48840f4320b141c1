"""SQLite: the rows of ``[data] query``, or of one table (``plant.db#runs``), opened for reading only.

SQLite types cells, not columns. A column whose cells are stored in several types becomes text, and a note counts the
cells of each. A column declared BOOLEAN that holds 0 and 1 is one.

Read through ADBC (Arrow Database Connectivity) with all rows in one batch, so that a type that comes late cannot
fail; sources: ADBC 1.1, SQLite's "Datatypes in SQLite".

>>> import sqlite3
>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     made = sqlite3.connect(Path(folder, "t.db"))
...     _ = made.executescript("create table t (a, b real); insert into t values ('x', 1.5), ('y', null)")
...     made.close()
...     read("t.db", Path(folder), Layout()).frame.rows()
[('x', 1.5), ('y', None)]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import adbc_driver_sqlite.dbapi as driver
import polars as pl

from volvelle.data.contract import Read
from volvelle.data.query import column, is_ordered, one_select, table_query
from volvelle.data.raw import find_file, known_format
from volvelle.data.records import Layout, Origin
from volvelle.errors import DataError

SUFFIXES: tuple[str, ...] = (".sqlite", ".sqlite3", ".db")
SCHEMES: tuple[str, ...] = ("sqlite",)
PARTS = True
_VIEW, _PARTS = "temp.volvelle_rows", "temp.volvelle_parts"
_TYPES = {"integer": pl.Int64, "real": pl.Float64, "text": pl.String, "blob": pl.Binary}
_BATCH = {"adbc.sqlite.query.batch_rows": str(2**30)}
_EXACT = float(2**53)
_BEGIN = list("0123456789+-I")
"""What a number begins with when the driver writes it as text."""
_NEXT = "copy the database again, or check the query with the sqlite3 program"


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows of the query or table.

    Raises:
        DataError: no such file or table, not SQLite, damaged, a query that is no SELECT or fails, or no rows.
    """
    with _asked(where, folder, layout) as (cursor, query, origin):
        frame, notes = _rows(cursor, query, _is_table(cursor, query))
        return _read(frame, notes, query, layout, origin)


def blocks(where: str, folder: Path, layout: Layout, size: int) -> Iterator[Read]:
    """The same rows, `size` at a time: SQLite puts them aside on disk, and one look at all of them settles the types.

    Raises:
        DataError: as `read`.
    """
    with _asked(where, folder, layout) as (cursor, query, origin):
        cursor.execute(f"CREATE TEMP VIEW volvelle_rows AS {query}\n")
        cursor.execute(f"CREATE TEMP TABLE volvelle_parts AS SELECT * FROM {_VIEW}")
        kinds, notes = _kinds(cursor)
        cells = ", ".join(cell for _, cell in kinds.values())
        (count,) = _ask(cursor, f"SELECT count(*) AS n FROM {_PARTS}")["n"]
        for start in range(0, max(count, 1), size):
            rows = f"SELECT {cells} FROM {_PARTS} WHERE rowid > {start} AND rowid <= {start + size} ORDER BY rowid"
            frame = _ask(cursor, rows)
            empty = [pl.lit(None, kinds[n][0]).alias(n) for n in frame.columns if frame[n].null_count() == frame.height]
            frame = frame.with_columns(empty).cast({name: kind for name, (kind, _) in kinds.items()})
            yield _read(frame, notes, query, layout, origin)


@contextmanager
def _asked(where: str, folder: Path, layout: Layout) -> Iterator[tuple[Any, str, Origin]]:
    """A cursor, the query that is to be put to it, and the file."""
    name, _, table = where.partition("#")
    path = find_file(name, folder)
    with path.open("rb") as file:
        head = file.read(100)
    if not head.startswith(b"SQLite format 3\0"):
        found = known_format(head).partition("; ")[0] or "not an SQLite database"
        raise DataError(f"this is {found}", where=name, next_move="name the database file")
    try:
        with (
            driver.connect(f"file:{quote(str(path.resolve()))}?mode=ro") as connection,
            connection.cursor(adbc_stmt_kwargs=_BATCH) as cursor,
        ):
            asked = layout.query
            query = table_query(table, _tables(cursor, table), name) if asked is None else one_select(asked)
            # A lock is held from the first read on, so that the bytes and the rows are of one state.
            _ask(cursor, "SELECT count(*) FROM sqlite_schema")
            yield cursor, query, _origin(path, name, head)
    except (driver.Error, pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0].removeprefix("IO: ").removeprefix("INVALID_ARGUMENT: ")
        raise DataError(f"SQLite says: {reason}", where=name, next_move=_NEXT) from error


def _read(frame: pl.DataFrame, notes: tuple[str, ...], query: str, layout: Layout, origin: Origin) -> Read:
    if not frame.height:
        raise DataError("there are no rows", where=origin.name, next_move="check the query, or fill the table")
    if layout.query is not None and not is_ordered(query):
        notes += ("the query states no order; with ORDER BY the same rows always make the same version",)
    return Read(frame, Layout(missing=layout.missing, query=query), (origin,), notes)


def _origin(path: Path, name: str, head: bytes) -> Origin:
    """A file; in write-ahead mode its bytes do not tell what it holds."""
    if 2 in head[18:20]:
        return Origin(name=name, sha256="", size=0, kind="live")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Origin(name=name, sha256=digest, size=path.stat().st_size)


def _ask(cursor: Any, query: str) -> pl.DataFrame:
    cursor.execute(query)
    return pl.DataFrame(cursor.fetch_arrow())


def _tables(cursor: Any, asked: str) -> list[str]:
    """Tables and views that hold a row, or are asked for."""
    listed = _ask(
        cursor,
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    names = [str(name) for name in listed["name"]] if listed.height else []
    return sorted(n for n in names if n == asked or _ask(cursor, f"SELECT 1 FROM {column(n)} LIMIT 1").height)


def _is_table(cursor: Any, query: str) -> bool:
    """Whether the query reads one table, where SQLite itself turns what goes into a TEXT column into text."""
    listed = _ask(cursor, "SELECT name FROM sqlite_schema WHERE type = 'table'")
    return listed.height > 0 and query in {f"SELECT * FROM {column(str(name))}" for name in listed["name"]}


def _rows(cursor: Any, query: str, one_table: bool) -> tuple[pl.DataFrame, tuple[str, ...]]:
    # As a view the query can be nothing but one SELECT, and SQLite tells the declared type of each column.
    cursor.execute(f"CREATE TEMP VIEW volvelle_rows AS {query}\n")
    about = _ask(cursor, "PRAGMA temp.table_info(volvelle_rows)")
    declared = {str(n): str(t or "").upper() for n, t in about.select("name", "type").iter_rows()}
    frame = _ask(cursor, f"SELECT * FROM {_VIEW}")
    sure = {n for n, t in declared.items() if one_table and any(part in t for part in ("CHAR", "CLOB", "TEXT"))}
    asked = [n for n in frame.columns if (n not in sure or frame[n].dtype == pl.Binary) and _suspect(frame[n])]
    stored = {name: _stored(cursor, name) for name in asked}
    mixed = {name: counts for name, counts in stored.items() if len(counts) > 1}
    if mixed:
        frame = _ask(
            cursor, f"SELECT {', '.join(_as_text(n) if n in mixed else column(n) for n in declared)} FROM {_VIEW}"
        )
    flags = [n for n, kind in declared.items() if kind.startswith("BOOL") and frame[n].dtype == pl.Int64]
    flags = [name for name in flags if frame[name].is_in([0, 1]).all()]
    frame = frame.with_columns(pl.col(flags).cast(pl.Boolean))
    return frame, tuple(_told(name, counts) for name, counts in mixed.items())


def _kinds(cursor: Any) -> tuple[dict[str, tuple[Any, str]], tuple[str, ...]]:
    """Of each column that was put aside its type and how it is asked for, as `_rows` would find; and notes."""
    listed = _ask(cursor, "PRAGMA temp.table_info(volvelle_rows)").select("name", "type")
    made: dict[str, tuple[Any, str]] = {}
    notes = []
    for name, declared in listed.iter_rows():
        cell, counts = column(name), _stored(cursor, name, _PARTS)
        low, high = _ends(cursor, cell)
        if set(counts) == {"integer", "real"} and max(-low, high) < _EXACT:
            made[name] = pl.Float64, f"CAST({cell} AS REAL) AS {cell}"
        elif len(counts) > 1:
            made[name] = pl.String, _as_text(name)
            notes.append(_told(name, counts))
        else:
            kind = next(iter(counts), "integer")
            flag = kind == "integer" and 0 <= low <= high <= 1 and str(declared or "").upper().startswith("BOOL")
            made[name] = pl.Boolean if flag else _TYPES[kind], cell
    return made, tuple(notes)


def _ends(cursor: Any, cell: str) -> tuple[float, float]:
    """The least and the largest number in a column; 0 where there is none."""
    ends = f"CAST(coalesce(min({cell}), 0) AS REAL) AS low, CAST(coalesce(max({cell}), 0) AS REAL) AS high"
    found = _ask(cursor, f"SELECT {ends} FROM {_PARTS} WHERE typeof({cell}) IN ('integer', 'real')")
    return found["low"][0], found["high"][0]


def _suspect(cells: pl.Series) -> bool:
    """Whether the driver may have converted some of these cells: only then are the stored types counted."""
    if cells.dtype == pl.String:
        return bool(cells.str.head(1).is_in(_BEGIN).any())
    if cells.dtype == pl.Float64:
        return bool((cells.abs() >= _EXACT).any())
    return cells.dtype == pl.Binary


def _stored(cursor: Any, name: str, rows: str = _VIEW) -> dict[str, int]:
    counts = _ask(
        cursor,
        f"SELECT typeof({column(name)}) AS kind, count(*) AS cells FROM {rows} "
        f"WHERE {column(name)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1",
    )
    return {str(kind): int(cells) for kind, cells in counts.iter_rows()}


def _as_text(name: str) -> str:
    """Every cell as text; a real with all its digits, bytes in hexadecimal."""
    cell = column(name)
    return (
        f"CASE typeof({cell}) WHEN 'real' THEN printf('%!.17g', {cell}) WHEN 'blob' THEN hex({cell}) "
        f"ELSE CAST({cell} AS TEXT) END AS {cell}"
    )


def _told(name: str, counts: dict[str, int]) -> str:
    words = {"integer": "integers", "real": "reals", "text": "texts", "blob": "blobs"}
    listed = ", ".join(f"{count} {words[kind]}" for kind, count in counts.items())
    return f"column {name!r} is stored as {listed}; read as text"
