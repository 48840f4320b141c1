"""SQLAlchemy, queries and addresses: one SELECT, nothing written, nothing shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from postgres_server import PASSWORD  # type: ignore[import-not-found]
from volvelle.data.address import Address
from volvelle.data.collect import collect
from volvelle.data.query import is_ordered, one_select, refuse_writing
from volvelle.errors import DataError, MissingExtra, SpecError
from volvelle.spec.read import from_document
from volvelle.spec.requirements import Data
from volvelle.spec.sources import holds_password

Execute = Callable[[str], None]


@pytest.fixture
def address(tmp_path: Path) -> str:
    """A database that SQLAlchemy reads."""
    made = sqlite3.connect(tmp_path / "t.db")
    made.executescript(
        "CREATE TABLE 'odd name' (day DATE, n NUMERIC(10, 2), ok BOOLEAN, mixed); "
        "INSERT INTO 'odd name' VALUES ('2024-03-01', 1.25, 1, 'x'), ('2024-03-02', NULL, 0, 7); "
        "CREATE TABLE other (x); INSERT INTO other VALUES (1)"
    )
    made.close()
    return f"sql:sqlite:///{tmp_path / 't.db'}"


def test_declared_types_and_mixtures(address: str, tmp_path: Path) -> None:
    """A table's types are those that it declares; a column of several types is text, and the note counts them."""
    frame, dataset = collect(Data(source=f"{address}#odd name"), {}, tmp_path)
    assert [column.kind for column in dataset.columns] == ["time", "number", "boolean", "category"]
    assert frame["n"].to_list() == [1.25, None]
    assert frame["mixed"].to_list() == ["x", "7"]
    assert "column 'mixed' holds 1 texts and 1 integers; read as text" in dataset.notes
    assert dataset.origins[0].kind == "live"


def test_queries(address: str, tmp_path: Path) -> None:
    """A query gives its rows; two columns of one name, an absent table and several tables are refused."""
    frame, dataset = collect(Data(source=address, query="SELECT x, x % 2 AS odd FROM other ORDER BY x"), {}, tmp_path)
    assert frame.to_dicts() == [{"x": 1, "odd": 1}]
    assert dataset.notes == ()
    for data, message in (
        (Data(source=address, query="SELECT x, x FROM other"), "column names are repeated"),
        (Data(source=address, query="SELECT x FROM absent"), "no such table"),
        (Data(source=address, query="SELECT x FROM other WHERE x > 5"), "there are no rows"),
        (Data(source=address), "holds 2 tables"),
        (Data(source=f"{address}#othr"), "no table 'othr'"),
    ):
        with pytest.raises(DataError, match=message) as caught:
            collect(data, {}, tmp_path)
        assert caught.value.next_move


def test_nothing_is_written(address: str, tmp_path: Path) -> None:
    """What could write is refused before it is sent, and a session that only reads refuses the rest."""
    before = (tmp_path / "t.db").read_bytes()
    for query in ("DELETE FROM other", "WITH y AS (SELECT 1) INSERT INTO other SELECT 2", "SELECT 1; SELECT 2"):
        with pytest.raises(DataError):
            collect(Data(source=address, query=query), {}, tmp_path)
    assert (tmp_path / "t.db").read_bytes() == before


@pytest.fixture
def other(postgres: tuple[str, Execute]) -> tuple[str, Execute]:
    """A PostgreSQL server by way of SQLAlchemy's dialect and the driver psycopg."""
    address, execute = postgres
    return address.replace("postgresql://", "sql:postgresql+psycopg://"), execute


def test_another_dialect(other: tuple[str, Execute], tmp_path: Path) -> None:
    """A server's own types become ours, quoted and foreign-schema tables are found, and the password stays unseen."""
    address, execute = other
    execute(
        'CREATE SCHEMA plant; CREATE TABLE plant."Odd name" (at timestamptz, day date, n numeric(10, 2), ok boolean, '
        "big bigint, who uuid, note text, raw jsonb, took interval); "
        "INSERT INTO plant.\"Odd name\" VALUES ('2024-03-01 12:00+02', '2024-03-01', 1.25, true, 9007199254740993, "
        "'c0ffee00-0000-4000-8000-000000000000', '007', '{\"a\": 1}', '1 day 1 second'), "
        "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    frame, dataset = collect(Data(source=f"{address}#plant.Odd name"), {}, tmp_path)
    row = frame.to_dicts()[0]
    assert (row["at"].isoformat(), row["day"].isoformat()) == ("2024-03-01T10:00:00+00:00", "2024-03-01T00:00:00+00:00")
    assert (row["n"], row["ok"], row["big"], row["note"], row["took"]) == (1.25, True, 2**53 + 1, "007", 86401.0)
    assert row["who"] == "c0ffee00-0000-4000-8000-000000000000"
    assert frame.null_count().row(0) == (1,) * frame.width
    assert dataset.origins[0].kind == "live"
    assert PASSWORD not in msgspec.json.encode(dataset).decode()


def test_another_dialect_writes_nothing(other: tuple[str, Execute], tmp_path: Path) -> None:
    """The session is read-only: what no word betrays is refused by the server, and its message hides the password."""
    address, execute = other
    execute("CREATE TABLE runs AS SELECT 1 AS n")
    execute("CREATE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'INSERT INTO runs VALUES (2) RETURNING n'")
    with pytest.raises(DataError, match="read-only transaction") as caught:
        collect(Data(source=address, query="SELECT sneak() AS n"), {}, tmp_path)
    assert PASSWORD not in str(caught.value)
    assert collect(Data(source=f"{address}#runs"), {}, tmp_path)[0].height == 1
    with pytest.raises(DataError, match="the database says"):
        collect(Data(source=address, query="SELECT * FROM absent"), {}, tmp_path)


def test_an_absent_driver_is_named(tmp_path: Path) -> None:
    """What to install is said, and a dialect that does not exist is an error."""
    with pytest.raises(MissingExtra) as caught:
        collect(Data(source="sql:mysql+aiomysql://ana@127.0.0.1/x", query="SELECT 1"), {}, tmp_path)
    assert caught.value.next_move == "pip install aiomysql"
    with pytest.raises(DataError, match="the database says"):
        collect(Data(source="sql:nonsense://x", query="SELECT 1"), {}, tmp_path)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("", "empty"),
        (";", "empty"),
        ("-- x", "empty"),
        ("DROP TABLE x", "drop"),
        ("SELECT 1;;SELECT 2", "more than one"),
    ],
)
def test_what_is_no_select(query: str, word: str) -> None:
    """Each kind of wrong query is told."""
    with pytest.raises(DataError, match=word):
        one_select(query)


def test_words_in_quotes_do_not_count() -> None:
    """Literals, quoted names, comments and functions that share a name with a statement are no statement."""
    query = "SELECT 'drop; it', \"delete\", replace(x, 'a', 'b') -- insert;\nFROM t /* ; order by */"
    refuse_writing(one_select(query))
    assert one_select(query) == query
    assert not is_ordered(query)
    with pytest.raises(DataError, match="'INTO'"):
        refuse_writing("SELECT * INTO u FROM t")


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("postgresql://ana:pw@h/db", True),
        ("postgresql://ana:p@w/x@h/db", True),
        ("postgresql://ana:${PW}@h/db", False),
        ("postgresql://ana:x${PW}@h/db", True),
        ("postgresql://ana@h/db", False),
        ("postgresql://h/db?password=pw", True),
        ("postgresql://h/db?password=${PW}&sslmode=require", False),
        ("sql:mysql+pymysql://ana:pw@h/db", True),
        ("postgresql:${URL}", False),
        ("a:b.csv", False),
        ("parts/*.csv", False),
    ],
)
def test_written_passwords_are_found(source: str, written: bool) -> None:
    """A password in the address is found wherever it stands, and refused by the spec without being repeated."""
    assert holds_password(source) is written
    if written:
        with pytest.raises(SpecError, match="a password is written out") as caught:
            from_document({"problem": {"target": "y"}, "data": {"source": source}})
        assert "pw" not in str(caught.value).lower()


def test_values_are_put_in_and_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value inside an address is percent-encoded; a message never holds it, in either form."""
    monkeypatch.setenv("PW", "p@ss/w:d")
    inside = Address("//ana:${PW}@h/db")
    assert inside.full == "//ana:p%40ss%2Fw%3Ad@h/db"
    assert inside.shown == inside.origin().name == "//ana:${PW}@h/db"
    assert inside.masked("no p@ss/w:d\nat p%40ss%2Fw%3Ad") == "no *** at ***"
    monkeypatch.setenv("URL", "postgresql://ana:s3cret@h/db")
    assert Address("${URL}").full == "postgresql://ana:s3cret@h/db"
    assert Address("${URL}").masked("failed for s3cret") == "failed for ***"
