"""Other databases through SQLAlchemy: ``sql:dialect+driver://host/db`` and ``[data] query`` (or ``#table``).

The driver is a package of its own, e.g. ``pip install pymysql`` for ``sql:mysql+pymysql://ana:${PLANT_DB}@host/plant``.
Sessions are read-only where the database knows that (MySQL, MariaDB, PostgreSQL, Oracle, SQLite); everywhere a query
with a word that could write is refused and the transaction is rolled back.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     made = sqlalchemy.create_engine(f"sqlite:///{folder}/t.db")
...     with made.begin() as connection:
...         _ = connection.exec_driver_sql("create table t as select 1 as a, 'x' as b")
...     made.dispose()
...     read(f"sqlite:///{folder}/t.db", Path(folder), Layout()).frame.rows()
[(1, 'x')]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy

from volvelle.data.address import Address
from volvelle.data.contract import Read
from volvelle.data.names import refuse_repeated
from volvelle.data.query import is_ordered, one_select, refuse_writing, table_query
from volvelle.data.records import Layout
from volvelle.data.values import alike, frame_of
from volvelle.errors import DataError, MissingExtra

SUFFIXES: tuple[str, ...] = ()
SCHEMES: tuple[str, ...] = ("sql",)
_READ_ONLY = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "postgresql": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows of the query or table. `where` is SQLAlchemy's URL.

    Raises:
        DataError: no connection, no such table, a query that is no SELECT or fails, or no rows.
        MissingExtra: the driver that the URL names is not installed.
    """
    with _asked(where, layout) as (query, found, address):
        return _read(found, found.fetchall(), query, layout, address)


def blocks(where: str, folder: Path, layout: Layout, size: int) -> Iterator[Read]:
    """The same rows, `size` at a time, of which the driver holds no more where it can; types are those of the first.

    Raises:
        DataError: as `read`, or a column turns into another type.
        MissingExtra: as `read`.
    """
    kinds: dict[str, pl.DataType] = {}
    with _asked(where, layout, size) as (query, found, address):
        rows = found.fetchmany(size)
        while True:
            got = _read(found, rows, query, layout, address)
            yield Read(alike(got.frame, kinds), got.layout, got.origins, got.notes)
            if not (rows := found.fetchmany(size)):
                return


@contextmanager
def _asked(where: str, layout: Layout, size: int = 0) -> Iterator[tuple[str, Any, Address]]:
    """The query, its result, and where it came from; `size` rows at a time where it is not 0."""
    text, _, table = where.partition("#")
    address = Address(text)
    asked = None if layout.query is None else one_select(layout.query)
    if asked is not None:
        refuse_writing(asked)
    try:
        engine = sqlalchemy.create_engine(address.full, poolclass=sqlalchemy.pool.NullPool)
        with engine.connect() as connection:
            prepare = _READ_ONLY.get(engine.dialect.name)
            if prepare:
                connection.exec_driver_sql(prepare)
            if size:
                connection = connection.execution_options(stream_results=True, max_row_buffer=size)
            query, found = _rows(connection, asked, table, address.shown)
            yield query, found, address
            connection.rollback()
    except ModuleNotFoundError as error:
        advice = f"pip install {error.name}"
        raise MissingExtra(f"this address needs {error.name}", where=address.shown, next_move=advice) from None
    except sqlalchemy.exc.SQLAlchemyError as error:
        reason = address.masked(getattr(error, "orig", None) or error)
        advice = "check address, rights and query; the address reads dialect+driver://user:${PASSWORD}@host/database"
        raise DataError(f"the database says: {reason}", where=address.shown, next_move=advice) from None


def _read(found: Any, rows: Sequence[Any], query: str, layout: Layout, address: Address) -> Read:
    """Rows as a table."""
    names = list(map(str, found.keys()))
    refuse_repeated(names, "[data] query")
    if not rows:
        raise DataError("there are no rows", where=address.shown, next_move="check the query, or fill the table")
    frame, notes = frame_of(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    if layout.query is not None and not is_ordered(query):
        notes += ("the query states no order; with ORDER BY the same rows always make the same version",)
    return Read(frame, Layout(missing=layout.missing, query=query), (address.origin(),), notes)


def _rows(connection: Any, asked: str | None, table: str, where: str) -> tuple[str, Any]:
    """The query as text, and its result."""
    if asked is not None:
        return asked, connection.exec_driver_sql(asked)
    looked = sqlalchemy.inspect(connection)
    listed = sorted({*looked.get_table_names(), *looked.get_view_names()})
    if "." in table:
        schema, _, name = table.partition(".")
        table_query(name, looked.get_table_names(schema=schema), where)
    else:
        table_query(table, listed, where)
        schema, name = None, table or listed[0]
    # Reflected, so that the dialect quotes names and turns its own types into Python's.
    reflected = sqlalchemy.Table(name, sqlalchemy.MetaData(), schema=schema, autoload_with=connection)
    statement = sqlalchemy.select(reflected)
    return str(statement), connection.execute(statement)
