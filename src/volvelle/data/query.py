"""What is put to a database: one SELECT and nothing else, and names quoted as SQL quotes them."""

from __future__ import annotations

import re

from volvelle.errors import DataError, near

_QUIET = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$", re.DOTALL)
"""Literals, quoted names and comments."""
_FIRST = re.compile(r"[\s(]*(\w+)")
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)
_WRITES = re.compile(
    r"\b(insert|update|delete|merge|replace|into|create|drop|alter|truncate|grant|revoke|call|exec|execute|do|set|copy|"
    r"attach|pragma|lock|commit)\b(?!\s*\()",
    re.IGNORECASE,
)
_WHERE = "[data] query"


def one_select(query: str) -> str:
    """The query without a semicolon at its end.

    >>> one_select("SELECT 'a;b' -- c;\\n;")
    "SELECT 'a;b' -- c;"

    Raises:
        DataError: it is empty, more than one statement, or no SELECT.
    """
    bare = _bare(query)
    text = query.rstrip()
    if bare.rstrip().endswith(";"):
        # Behind the last semicolon there can only be comments.
        text = query[: bare.rstrip().rindex(";")].rstrip()
        bare = bare.rstrip()[:-1]
    if not bare.strip():
        raise DataError("the query is empty", where=_WHERE, next_move="write one SELECT")
    if ";" in bare:
        raise DataError("the query holds more than one statement", where=_WHERE, next_move="write one SELECT")
    first = _FIRST.match(bare)
    word = first[1].lower() if first else bare.split()[0]
    if word not in ("select", "with", "values", "table"):
        advice = "write one SELECT; data are only read"
        raise DataError(f"the query begins with {word!r}", where=_WHERE, next_move=advice)
    return text


def refuse_writing(query: str) -> None:
    """Refuse a query with a word that could write, for databases that cannot be told to only read.

    Raises:
        DataError: such a word stands outside of quotes.
    """
    found = _WRITES.search(_bare(query))
    if found:
        raise DataError(
            f"the query holds the word {found[0]!r}, which could write",
            where=_WHERE,
            next_move="data are only read; quote it if it is a name",
        )


def is_ordered(query: str) -> bool:
    """Whether rows are put into an order somewhere.

    >>> is_ordered("select 1 -- order by x")
    False
    """
    return _ORDER.search(_bare(query)) is not None


def table_query(asked: str, tables: list[str], where: str) -> str:
    """The SELECT that reads one table: the one asked for, or the only one.

    Raises:
        DataError: no such table (near names are offered), none at all, or several.
    """
    if asked:
        if asked not in tables:
            advice = near(asked, tables) if tables else "create it first"
            raise DataError(f"there is no table {asked!r}", where=where, next_move=advice)
        return f"SELECT * FROM {quoted(asked)}"
    if not tables:
        raise DataError("the database holds no table", where=where, next_move="check the address")
    if len(tables) > 1:
        shown = ", ".join(map(repr, tables[:8])) + (" ..." if len(tables) > 8 else "")
        advice = f"name one behind the address, e.g. '#{tables[0]}', or set [data] query"
        raise DataError(f"the database holds {len(tables)} tables: {shown}", where=where, next_move=advice)
    return f"SELECT * FROM {quoted(tables[0])}"


def quoted(name: str) -> str:
    """A name as SQL quotes it; a point parts schema and table.

    >>> quoted("plant.runs")
    '"plant"."runs"'
    """
    return ".".join(column(part) for part in name.split("."))


def column(name: str) -> str:
    """The name of a column as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def _bare(query: str) -> str:
    """The query with blanks in place of literals, quoted names and comments, as long as before."""
    return _QUIET.sub(lambda found: " " * len(found[0]), query)
