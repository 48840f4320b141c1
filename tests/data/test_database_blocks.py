"""Rows of databases, block by block: those that are read at once, in the same types, and few of them in memory."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from volvelle.data.dispatch import read_source, read_source_blocks
from volvelle.data.records import Layout
from volvelle.errors import DataError

Postgres = tuple[str, Callable[[str], None]]
MADE = """
CREATE TABLE t (n INTEGER, x REAL, name TEXT, any, late, on_ BOOLEAN, big, none TEXT, bytes BLOB);
"""
ROWS: list[tuple[Any, ...]] = [
    (
        k,
        k / 4,
        f"{k}" if k % 5 else None,
        k if k % 2 else k + 0.5,
        None if k < 150 else f"late {k}",
        k % 2,
        2**60 if k == 299 else k / 2,
        None,
        bytes([k % 256]),
    )
    for k in range(300)
]
PLANT = """
CREATE TABLE t AS SELECT k AS n, k / 4.0::float8 AS x, 'n' || k AS name, k::numeric(9, 2) AS cost,
  interval '1 second' * k AS span, timestamp '2024-03-01' + k * interval '1 hour' AS at,
  CASE WHEN k > 200 THEN 'late' END AS late
FROM generate_series(1, 300) AS k
"""


def whole(source: str, folder: Path, layout: Layout, size: int) -> pl.DataFrame:
    """The blocks of a source, joined; none is larger than asked for."""
    blocks = [got.frame for got in read_source_blocks(source, folder, layout, size)]
    assert max(map(len, blocks)) <= size
    assert len(blocks) == -(-300 // size)
    return pl.concat(blocks)


@pytest.mark.parametrize("size", [7, 150, 1000])
@pytest.mark.parametrize("source", ["t.db", "t.db#t", "sql:sqlite:///t.db#typed"])
def test_blocks_of_a_file_make_the_whole(
    source: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mixed columns, what comes late, flags, large integers and columns of nothing have the types of the whole."""
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect(tmp_path / "t.db") as made:
        made.executescript(MADE)
        made.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ROWS)
        if "typed" in source:
            made.execute("CREATE VIEW typed AS SELECT n, x, name, late FROM t")
    made.close()
    asked = Layout()
    at_once = read_source(source, tmp_path, asked).frame
    assert whole(source, tmp_path, asked, size).equals(at_once)
    query = Layout(query="SELECT n, late FROM t WHERE n < 300 ORDER BY n DESC")
    where = source.partition("#")[0]
    assert whole(where, tmp_path, query, size).equals(read_source(where, tmp_path, query).frame)


def test_no_rows_and_wrong_queries_are_told(tmp_path: Path) -> None:
    """Block by block a query gets the same refusals as at once."""
    with sqlite3.connect(tmp_path / "t.db") as made:
        made.executescript(MADE)
        made.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ROWS)
    made.close()
    for source in ("t.db", f"sql:sqlite:///{tmp_path / 't.db'}"):
        for query, problem in (("SELECT n FROM t WHERE n < 0", "there are no rows"), ("SELECT m FROM t", "says:")):
            with pytest.raises(DataError, match=problem):
                list(read_source_blocks(source, tmp_path, Layout(query=query), 10))
    # The driver cannot tell what a column of no type will hold: what begins as a whole number must stay one.
    mixed = Layout(query="SELECT any FROM t WHERE n % 2 = 1 UNION ALL SELECT 'text'")
    with pytest.raises(DataError, match="begins as Int64 and goes on as String"):
        list(read_source_blocks(f"sql:sqlite:///{tmp_path / 't.db'}", tmp_path, mixed, 150))


@pytest.mark.parametrize("size", [7, 1000])
def test_blocks_of_a_server_make_the_whole(size: int, postgres: Postgres, tmp_path: Path) -> None:
    """A cursor of PostgreSQL gives the rows and types of the whole, of a table and of a query."""
    address, execute = postgres
    execute(PLANT)
    for layout in (Layout(), Layout(query="SELECT * FROM t ORDER BY n DESC")):
        at_once = read_source(address, tmp_path, layout).frame
        assert whole(address, tmp_path, layout, size).equals(at_once)
    with pytest.raises(DataError, match="there are no rows"):
        list(read_source_blocks(address, tmp_path, Layout(query="SELECT * FROM t WHERE n < 0"), 7))


@pytest.mark.parametrize("source", ["t.db", "sql:sqlite:///t.db"])
def test_memory_does_not_grow_with_the_table(source: str, tmp_path: Path) -> None:
    """Of 400,000 rows with 200 letters each, 80 MB, no more than a part is in memory at a time."""
    with sqlite3.connect(tmp_path / "t.db") as made:
        made.execute("CREATE TABLE t (n INTEGER, text TEXT)")
        made.executemany("INSERT INTO t VALUES (?, ?)", ((k, f"{k:0200}") for k in range(400_000)))
    made.close()
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from volvelle.data.dispatch import read_source_blocks\n"
        "from volvelle.data.records import Layout\n"
        "blocks = read_source_blocks(sys.argv[1], Path(), Layout(), 5_000)\n"
        "first = len(next(blocks).frame)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rows = first + sum(len(got.frame) for got in blocks)\n"
        "print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    command = [sys.executable, "-c", code, source]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows, grown = map(int, done.stdout.split())
    assert rows == 400_000
    assert grown * 1024 < 40e6
