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
_VIEW = "temp.volvelle_rows"
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
            frame, notes = _rows(cursor, query, _is_table(cursor, query))
            # Hashed while the transaction that read the rows holds its lock, so that both are of one state.
            origin = _origin(path, name, head)
    except (driver.Error, pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0].removeprefix("IO: ").removeprefix("INVALID_ARGUMENT: ")
        raise DataError(f"SQLite says: {reason}", where=name, next_move=_NEXT) from error
    if not frame.height:
        raise DataError("there are no rows", where=name, next_move="check the query, or fill the table")
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


def _suspect(cells: pl.Series) -> bool:
    """Whether the driver may have converted some of these cells: only then are the stored types counted."""
    if cells.dtype == pl.String:
        return bool(cells.str.head(1).is_in(_BEGIN).any())
    if cells.dtype == pl.Float64:
        return bool((cells.abs() >= _EXACT).any())
    return cells.dtype == pl.Binary


def _stored(cursor: Any, name: str) -> dict[str, int]:
    counts = _ask(
        cursor,
        f"SELECT typeof({column(name)}) AS kind, count(*) AS cells FROM {_VIEW} "
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
