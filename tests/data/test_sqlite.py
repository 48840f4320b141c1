"""SQLite: what is stored is what arrives, mixtures are counted, and nothing is written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from volvelle.data.collect import collect
from volvelle.data.records import Layout
from volvelle.data.sources.sqlite import read
from volvelle.errors import DataError
from volvelle.spec.requirements import Data


def make(folder: Path, script: str, name: str = "t.db") -> Path:
    made = sqlite3.connect(folder / name)
    made.executescript(script)
    made.commit()
    made.close()
    return folder / name


def test_a_type_that_comes_late_does_not_fail(tmp_path: Path) -> None:
    """Text and a real after 5,000 integers arrive with every digit; the mixture is counted by stored type."""
    numbers = "WITH RECURSIVE s(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM s WHERE value < 5000)"
    insert = f"{numbers} INSERT INTO t SELECT value, value FROM s"
    late = "INSERT INTO t VALUES ('late', 0.1 + 0.2), (0.1 + 0.2, 9007199254740993), (NULL, NULL), (x'00ff', 1)"
    make(tmp_path, f"CREATE TABLE t (a, b); {insert}; {late}")
    frame, dataset = collect(Data(source="t.db"), {}, tmp_path)
    assert frame["a"][-4:].to_list() == ["late", "0.30000000000000004", None, "00FF"]
    assert "column 'a' is stored as 5000 integers, 1 blobs, 1 reals, 1 texts; read as text" in dataset.notes
    assert frame["b"][5000] == 0.1 + 0.2
    assert any("'b' is stored as 5002 integers, 1 reals" in note for note in dataset.notes)


def test_a_text_column_is_text(tmp_path: Path) -> None:
    """Numbers in a TEXT column are text by SQLite's own rule, and bytes among text are told."""
    script = "CREATE TABLE t (a TEXT, b TEXT); INSERT INTO t VALUES (1, 'x'), ('007', x'00ff'), (2.5, '1')"
    got = read(make(tmp_path, script).name, tmp_path, Layout())
    assert got.frame["a"].to_list() == ["1", "007", "2.5"]
    assert got.frame["b"].to_list() == ["x", "00FF", "1"]
    assert got.notes == ("column 'b' is stored as 2 texts, 1 blobs; read as text",)


def test_a_union_may_mix_what_its_columns_do_not(tmp_path: Path) -> None:
    """The declared type of a query's column binds only its first part, so the cells are counted."""
    make(tmp_path, "CREATE TABLE t (a TEXT, b REAL); INSERT INTO t VALUES ('x', 0.1 + 0.2)")
    got = read("t.db", tmp_path, Layout(query="SELECT a AS v FROM t UNION ALL SELECT b FROM t ORDER BY 1"))
    assert got.frame["v"].to_list() == ["0.30000000000000004", "x"]
    assert got.notes == ("column 'v' is stored as 1 reals, 1 texts; read as text",)


def test_declared_booleans_are_booleans(tmp_path: Path) -> None:
    """BOOLEAN with 0 and 1 is a boolean, with a 2 it is not."""
    make(tmp_path, "CREATE TABLE t (a BOOLEAN, b BOOL); INSERT INTO t VALUES (1, 2), (0, 1), (NULL, 0)")
    assert read("t.db", tmp_path, Layout()).frame.rows() == [(True, 2), (False, 1), (None, 0)]


def test_tables_are_chosen_and_quoted(tmp_path: Path) -> None:
    """Several tables are named; one is chosen behind '#', whatever its name; an empty one is told."""
    make(tmp_path, "CREATE TABLE 'a \"b\"' (x); INSERT INTO 'a \"b\"' VALUES (1); CREATE VIEW v AS SELECT 2 AS y")
    with pytest.raises(DataError, match="holds 2 tables"):
        read("t.db", tmp_path, Layout())
    assert read('t.db#a "b"', tmp_path, Layout()).frame.to_dicts() == [{"x": 1}]
    assert collect(Data(source="sqlite:t.db#v"), {}, tmp_path)[0].to_dicts() == [{"y": 2}]
    with pytest.raises(DataError, match="no table 'w'") as caught:
        read("t.db#w", tmp_path, Layout())
    assert "v" in caught.value.next_move
    make(tmp_path, "CREATE TABLE e (x)", "e.db")
    with pytest.raises(DataError, match="there are no rows"):
        read("e.db#e", tmp_path, Layout())


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM t",
        "SELECT 1; DELETE FROM t",
        "WITH x AS (SELECT 1) DELETE FROM t",
        "/* SELECT */ DROP TABLE t",
        "PRAGMA journal_mode = WAL",
        "ATTACH 'other.db' AS o",
        "SELECT ';' ; ; DROP TABLE t",
        "",
        "-- nothing",
        "SELECT * FROM absent",
    ],
)
def test_only_one_select_is_put_to_it(query: str, tmp_path: Path) -> None:
    """Whatever is no SELECT is refused, and the file stays as it is."""
    path = make(tmp_path, "CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        collect(Data(source="t.db", query=query), {}, tmp_path)
    assert caught.value.next_move
    assert path.read_bytes() == before


def test_a_query_is_kept_and_its_order_asked_for(tmp_path: Path) -> None:
    """The record holds the query; without ORDER BY a note says what that means."""
    make(tmp_path, "CREATE TABLE t (x); INSERT INTO t VALUES (2), (1)")
    frame, dataset = collect(Data(source="t.db", query="SELECT x FROM t ORDER BY x;  -- sorted"), {}, tmp_path)
    assert frame["x"].to_list() == [1, 2]
    assert dataset.layout.query == "SELECT x FROM t ORDER BY x"
    assert not any("ORDER BY" in note for note in dataset.notes)
    assert any("ORDER BY" in n for n in collect(Data(source="t.db", query="SELECT x FROM t"), {}, tmp_path)[1].notes)


def test_a_database_in_write_ahead_mode_is_live(tmp_path: Path) -> None:
    """Its file does not tell what it holds, so it has no hash; rows still in the log are read."""
    writer = sqlite3.connect(tmp_path / "t.db")
    writer.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    got = read("t.db", tmp_path, Layout())
    writer.close()
    assert got.frame.rows() == [(1,)]
    assert [(origin.kind, origin.sha256) for origin in got.origins] == [("live", "")]


def test_damage_is_told(tmp_path: Path) -> None:
    """A cut or overwritten database is an error with a next move."""
    path = make(tmp_path, "CREATE TABLE t (x TEXT);" + "INSERT INTO t VALUES (hex(randomblob(900)));" * 20)
    content = path.read_bytes()
    for damaged in (content[:6000], content[:4096] + bytes(len(content) - 4096), b"x" * 200):
        path.write_bytes(damaged)
        with pytest.raises(DataError) as caught:
            read("t.db", tmp_path, Layout())
        assert caught.value.next_move
