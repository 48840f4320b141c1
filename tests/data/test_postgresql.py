"""PostgreSQL, from a server started for the tests: types, read-only, and passwords that are never shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from postgres_server import PASSWORD  # type: ignore[import-not-found]
from volvelle.data.collect import collect
from volvelle.errors import DataError
from volvelle.spec.requirements import Data

Postgres = tuple[str, Callable[[str], None]]
TYPES = {
    "1::int2": 1,
    "9007199254740993": 2**53 + 1,
    "1.5::numeric": 1.5,
    "10::numeric(20, 0)": 10,
    "'NaN'::numeric": None,
    "2.50::money": 2.5,
    "interval '1 day 1 second'": 86401.0,
    "inet '10.0.0.1'": "10.0.0.1/32",
    "'c0ffee00-0000-4000-8000-000000000000'::uuid": "c0ffee00-0000-4000-8000-000000000000",
    "'{\"a\": 1}'::jsonb": '{"a": 1}',
    "(1, 'x')": "(1,x)",
    "true": True,
    "'infinity'::timestamp": None,
    "'007'::text": "007",
    "null::text": None,
}


@pytest.mark.parametrize("expression", TYPES)
def test_types(expression: str, postgres: Postgres, tmp_path: Path) -> None:
    """Each type of the server arrives as the value that it means."""
    query = f"SELECT {expression} AS x, 1 AS one ORDER BY 2"
    frame, _ = collect(Data(source=postgres[0], query=query), {}, tmp_path)
    assert frame["x"].to_list() == [TYPES[expression]]


def test_times_and_dates(postgres: Postgres, tmp_path: Path) -> None:
    """Times with a zone become UTC; dates begin at midnight."""
    query = "SELECT timestamptz '2024-03-01 12:00+02' AS t, date '2024-03-01' AS d ORDER BY 1"
    frame, _ = collect(Data(source=postgres[0], query=query), {}, tmp_path)
    assert frame["t"].dt.to_string("%FT%T").to_list() == ["2024-03-01T10:00:00"]
    assert frame["d"].dt.to_string("%FT%T").to_list() == ["2024-03-01T00:00:00"]


def test_tables(postgres: Postgres, tmp_path: Path) -> None:
    """The only table is read; among several one is named, with its schema where that is another one."""
    address, execute = postgres
    execute("CREATE TABLE runs AS SELECT generate_series(1, 3) AS n")
    assert collect(Data(source=address), {}, tmp_path)[0]["n"].to_list() == [1, 2, 3]
    execute('CREATE SCHEMA plant; CREATE TABLE plant."Odd ""name" AS SELECT 7 AS n')
    with pytest.raises(DataError, match="holds 2 tables"):
        collect(Data(source=address), {}, tmp_path)
    assert collect(Data(source=f'{address}#plant.Odd "name'), {}, tmp_path)[0]["n"].to_list() == [7]
    assert collect(Data(source=f"{address}#public.runs"), {}, tmp_path)[0].height == 3
    with pytest.raises(DataError, match="no table 'run'") as caught:
        collect(Data(source=f"{address}#run"), {}, tmp_path)
    assert "'runs'" in caught.value.next_move


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE runs",
        "SELECT 1; DROP TABLE runs",
        "WITH gone AS (DELETE FROM runs RETURNING n) SELECT * FROM gone",
        "SELECT n INTO copied FROM runs",
        "SELECT set_config('transaction_read_only', 'off', false), lo_create(0)",
        "SELECT * FROM runs FOR UPDATE",
    ],
)
def test_nothing_is_written(query: str, postgres: Postgres, tmp_path: Path) -> None:
    """The server itself refuses what writes, and the rows are still there."""
    address, execute = postgres
    execute("CREATE TABLE runs AS SELECT 1 AS n")
    with pytest.raises(DataError) as caught:
        collect(Data(source=address, query=query), {}, tmp_path)
    assert caught.value.next_move
    assert collect(Data(source=f"{address}#runs"), {}, tmp_path)[0].height == 1


def test_passwords_are_never_shown(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the record nor a message holds the password, whether it is right, wrong, or part of a whole address."""
    address, execute = postgres
    execute("CREATE TABLE runs AS SELECT 1 AS n")
    _, dataset = collect(Data(source=address), {}, tmp_path)
    assert PASSWORD not in msgspec.json.encode(dataset).decode()
    assert dataset.origins[0].kind == "live"
    monkeypatch.setenv("VOLVELLE_PG", "wrong/secret")
    with pytest.raises(DataError, match="password authentication failed") as caught:
        collect(Data(source=address), {}, tmp_path)
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("PLANT", address.replace("${VOLVELLE_PG}", "s3cret").replace("/postgres", "/nowhere"))
    with pytest.raises(DataError) as caught:
        collect(Data(source="postgresql:${PLANT}"), {}, tmp_path)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(DataError, match="a password is written out") as caught:
        collect(Data(source=address.replace("${VOLVELLE_PG}", "s3cret")), {}, tmp_path)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(DataError, match="ABSENT_VARIABLE is not set"):
        collect(Data(source="postgresql:${ABSENT_VARIABLE}"), {}, tmp_path)


def test_a_dead_server_is_told_at_once(tmp_path: Path) -> None:
    """No server, no rows: one error with a next move."""
    with pytest.raises(DataError, match="PostgreSQL says") as caught:
        collect(Data(source="postgresql://nobody@127.0.0.1:1/x"), {}, tmp_path)
    assert caught.value.next_move
