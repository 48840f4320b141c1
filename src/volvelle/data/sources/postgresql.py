"""PostgreSQL: the rows of ``[data] query``, or of one table (``postgresql://host/db#schema.table``), read only.

Every transaction is read-only, so that the server itself refuses whatever writes. A password stands in an environment
variable: ``postgresql://ana:${PLANT_DB}@host/plant``; the server's own ways (``~/.pgpass``, ``PGPASSWORD``) work too.
Intervals become seconds, money and numeric become numbers, other types that Arrow lacks become text.

Read through ADBC (Arrow Database Connectivity 1.1), which asks for COPY in binary form.

>>> SCHEMES, _plain(Field("a", "l", {})), _plain(Field("b", "tin", {"POSTGRESQL:type": "interval"}))
(('postgresql', 'postgres'), True, False)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import adbc_driver_postgresql.dbapi as driver
import polars as pl

from volvelle.data.address import Address
from volvelle.data.contract import Read
from volvelle.data.fields import Field, fields_of
from volvelle.data.names import refuse_repeated
from volvelle.data.query import column, is_ordered, one_select, table_query
from volvelle.data.records import Layout
from volvelle.data.values import alike
from volvelle.errors import DataError

SUFFIXES: tuple[str, ...] = ()
SCHEMES: tuple[str, ...] = ("postgresql", "postgres")
_TABLES = """
SELECT CASE WHEN n.nspname = ANY (current_schemas(false)) THEN c.relname ELSE n.nspname || '.' || c.relname END AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg_toast%' AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1
"""

_KEPT_AS_THEY_ARE = frozenset(("", "numeric", "json", "jsonb"))
_EXACT = float(2**53)
_YEARS = (-62_135_596_800_000_000, 253_402_300_799_999_999)
"""Microseconds since 1970 of the first and the last moment of the years 1 to 9999."""


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows of the query or table. `where` is the address without its scheme.

    Raises:
        DataError: no connection, no such table, a query that is no SELECT or fails, or no rows.
    """
    with _asked(where, layout) as (cursor, query, fields, address):
        return _read(_ask(cursor, _readable(query, fields)), query, fields, layout, address)


def blocks(where: str, folder: Path, layout: Layout, size: int) -> Iterator[Read]:
    """The same rows from a cursor of the server, `size` at a time; types are those of the first.

    Raises:
        DataError: as `read`, or a column turns into another type.
    """
    kinds: dict[str, pl.DataType] = {}
    with _asked(where, layout) as (cursor, query, fields, address):
        # What is fetched from a cursor cannot be copied out.
        cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
        cursor.execute(f"DECLARE volvelle_rows NO SCROLL CURSOR FOR {_readable(query, fields)}")
        fetch = f"FETCH FORWARD {size} FROM volvelle_rows"
        frame = _ask(cursor, fetch)
        while True:
            got = _read(frame, query, fields, layout, address)
            yield Read(alike(got.frame, kinds), got.layout, got.origins, got.notes)
            if not (frame := _ask(cursor, fetch)).height:
                return


@contextmanager
def _asked(where: str, layout: Layout) -> Iterator[tuple[Any, str, list[Field], Address]]:
    """A cursor, the query that is to be put to it, its columns, and where it goes."""
    text, _, table = where.partition("#")
    address = Address(text if text.startswith("${") else f"postgresql:{text}")
    try:
        with driver.connect(_careful(address.full)) as connection, connection.cursor() as cursor:
            if layout.query is None:
                names = [str(name) for name in _ask(cursor, _TABLES)["name"]]
                query = table_query(table.removeprefix("public."), names, address.shown)
            else:
                query = one_select(layout.query)
            fields = _fields(cursor, query)
            refuse_repeated([field.name for field in fields], "[data] query")
            yield cursor, query, fields, address
    except (driver.Error, pl.exceptions.PolarsError, OSError) as error:
        problem = f"PostgreSQL says: {address.masked(error)}"
        advice = "check address, rights and query, e.g. with psql"
        raise DataError(problem, where=address.shown, next_move=advice) from None


def _read(frame: pl.DataFrame, query: str, fields: list[Field], layout: Layout, address: Address) -> Read:
    """Rows in types of our own."""
    if not frame.height:
        raise DataError("there are no rows", where=address.shown, next_move="check the query, or fill the table")
    made = [_made(frame[field.name], field) for field in fields]
    notes = tuple(note for _, note in made if note)
    if layout.query is not None and not is_ordered(query):
        notes += ("the query states no order; with ORDER BY the same rows always make the same version",)
    frame = pl.DataFrame([series for series, _ in made])
    return Read(frame, Layout(missing=layout.missing, query=query), (address.origin(),), notes)


def _careful(address: str) -> str:
    """The address with sessions that only read, give rows in the order in which they lie, and do not wait for ever."""
    head, _, tail = address.partition("?")
    parts = [part for part in tail.split("&") if part]
    given = [part.removeprefix("options=") for part in parts if part.startswith("options=")]
    parts = [part for part in parts if not part.startswith("options=")]
    settings = ("default_transaction_read_only=on", "synchronize_seqscans=off", "max_parallel_workers_per_gather=0")
    options = "%20".join([*given, *(f"-c%20{quote(setting, safe='')}" for setting in settings)])
    if not any(part.startswith("connect_timeout=") for part in parts):
        parts.append("connect_timeout=10")
    return f"{head}?{'&'.join([*parts, f'options={options}'])}"


def _ask(cursor: Any, query: str) -> pl.DataFrame:
    cursor.execute(query)
    return pl.DataFrame(cursor.fetch_arrow())


def _fields(cursor: Any, query: str) -> list[Field]:
    """The columns of the query, before it is executed."""
    statement = cursor.adbc_statement
    statement.set_sql_query(query)
    return fields_of(statement.execute_schema())


def _type(field: Field) -> str:
    """The name of the server's type where the driver tells it."""
    return field.about.get("POSTGRESQL:type") or field.about.get("ADBC:postgresql:typname", "")


def _plain(field: Field) -> bool:
    """Whether the column arrives as it should without being asked for in another form."""
    if _type(field) in ("money", "interval") or field.format.startswith(("ti", "w:", "+s")):
        return False
    return field.about.get("ARROW:extension:name", "") == "" or _type(field) in _KEPT_AS_THEY_ARE


def _readable(query: str, fields: list[Field]) -> str:
    """The query with the columns that Arrow has no type for in another form."""
    if all(map(_plain, fields)):
        return query
    cells = ", ".join(_cell(field) for field in fields)
    return f"SELECT {cells} FROM ({query}\n) AS volvelle_rows"


def _cell(field: Field) -> str:
    name = column(field.name)
    if _plain(field):
        return name
    forms = {"interval": f"extract(epoch FROM {name})::float8", "money": f"{name}::numeric"}
    return f"{forms.get(_type(field), f'{name}::text')} AS {name}"


def _made(cells: pl.Series, field: Field) -> tuple[pl.Series, str]:
    """The column in a type of our own, and a note."""
    if isinstance(cells.dtype, pl.BaseExtension):
        cells = cells.ext.storage()
    if _type(field) in ("numeric", "money"):
        return _numbers(cells), ""
    if _type(field) == "interval":
        return cells, f"column {field.name!r} holds intervals; they are given in seconds, a month as 30 days"
    if cells.dtype in (pl.Date, pl.Datetime):
        return _within_years(cells)
    return cells, ""


def _numbers(cells: pl.Series) -> pl.Series:
    """Decimals as doubles; whole ones as integers, and those that a double rounds stay text and are judged later."""
    numbers = cells.cast(pl.Float64, strict=False)
    if (numbers.abs() >= _EXACT).any():
        return cells
    return cells.cast(pl.Int64) if not cells.str.contains(r"[^0-9-]").any() else numbers


def _within_years(cells: pl.Series) -> tuple[pl.Series, str]:
    """Moments beyond the years 1 to 9999, such as 'infinity', become missing."""
    unit = 86_400_000_000 if cells.dtype == pl.Date else 1
    low, high = _YEARS[0] // unit, _YEARS[1] // unit
    inside = cells.to_physical().is_between(low, high)
    count = int((~inside).sum() or 0)
    if not count:
        return cells, ""
    kept = cells.to_frame("x").select(pl.when(pl.lit(inside)).then(pl.col("x"))).to_series()
    return kept.alias(cells.name), f"column {cells.name!r} has {count} moments beyond the years 1 to 9999; now missing"
