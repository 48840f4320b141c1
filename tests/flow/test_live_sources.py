"""Sources that are no single file: a new file is a change, a database is asked again, and nothing else is repeated."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from volvelle.flow.turn import Finished, Project, explain, turn
from volvelle.spec.requirements import Data, Problem, Search, Spec

ROWS = "a,b,y\n" + "".join(f"{i},{i % 7},{'no' if i % 3 else 'yes'}\n" for i in range(60))
TABLE = (
    "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 60) "
    "SELECT i AS a, i % 7 AS b, CASE WHEN i % 3 THEN 'no' ELSE 'yes' END AS y FROM s"
)


def spec_of(data: Data) -> Spec:
    return Spec(problem=Problem(target="y"), data=data, search=Search(trials=1, folds=2, estimators=("constant",)))


def computed(finished: Finished) -> list[str]:
    return [row.name for row in finished.stages if not row.reused]


def turned(folder: Path, data: Data) -> list[str]:
    return computed(turn(Project(folder), spec_of(data), lambda event, facts: None))


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database in write-ahead mode, whose file does not tell what it holds, held open."""
    connection = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    connection.executescript(f"PRAGMA journal_mode = WAL; CREATE TABLE t AS {TABLE}")
    yield connection
    connection.close()


def test_a_database_is_asked_on_every_turn_and_nothing_follows(writer: sqlite3.Connection, tmp_path: Path) -> None:
    """Collect runs again, its result is the same, and no later stage is computed; new rows are seen."""
    data = Data(source="t.db")
    assert "judge" in turned(tmp_path, data)
    assert turned(tmp_path, data) == ["collect"]
    assert explain(Project(tmp_path), spec_of(data))[0] == ("collect", "t.db may have changed")
    writer.execute("INSERT INTO t SELECT a + 60, b, y FROM t LIMIT 20")
    assert {"collect", "split", "judge"} <= set(turned(tmp_path, data))


def test_told_otherwise_it_is_asked_once(writer: sqlite3.Connection, tmp_path: Path) -> None:
    """With refresh = "never" the pinned version stands whatever happens in the database."""
    data = Data(source="t.db", refresh="never")
    turned(tmp_path, data)
    writer.execute("DELETE FROM t WHERE a > 40")
    assert turned(tmp_path, data) == []


def test_a_database_that_is_one_file_is_read_when_it_changes(tmp_path: Path) -> None:
    """In SQLite's ordinary mode the file's hash decides, and so do query and table."""
    connection = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    connection.execute(f"CREATE TABLE t AS {TABLE}")
    data = Data(source="sqlite:t.db", query="SELECT * FROM t ORDER BY a")
    turned(tmp_path, data)
    assert turned(tmp_path, data) == []
    connection.execute("INSERT INTO t VALUES (61, 1, 'no')")
    assert "collect" in turned(tmp_path, data)
    assert "collect" in turned(tmp_path, Data(source="sqlite:t.db", query="SELECT * FROM t ORDER BY a DESC"))
    connection.close()


def test_a_file_that_joins_or_leaves_a_folder_is_a_change(tmp_path: Path) -> None:
    """The names that a pattern finds count as much as the bytes of the files."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "1.csv").write_text(ROWS)
    data = Data(source="parts/*.csv")
    turned(tmp_path, data)
    assert turned(tmp_path, data) == []
    (tmp_path / "parts" / "2.csv").write_text(ROWS)
    assert "collect" in turned(tmp_path, data)
    assert turned(tmp_path, data) == []
    (tmp_path / "parts" / "1.csv").unlink()
    assert "collect" in turned(tmp_path, data)


def test_no_password_reaches_the_state(
    postgres: tuple[str, Callable[[str], None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a whole turn on PostgreSQL no file of the project holds the password."""
    address, execute = postgres
    execute(f"CREATE TABLE t AS {TABLE.replace('WHEN i % 3', 'WHEN i % 3 <> 0')}")
    assert "judge" in turned(tmp_path, Data(source=address))
    assert turned(tmp_path, Data(source=address)) == ["collect"]
    secret = b"p@ss:w/rd"
    quoted = b"p%40ss%3Aw%2Frd"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path for path in files if secret in path.read_bytes() or quoted in path.read_bytes()]
