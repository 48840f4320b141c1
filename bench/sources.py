"""CPU of reading 1 M rows from SQLite and PostgreSQL, against bare ADBC: ``python bench/sources.py [ROWS]``.

Bare ADBC is the driver's own fetch into Polars. Each reading is a process of its own, and what counts is the CPU time
of its read alone, without imports and the first look into the catalog, user and system, the least of seven, ours and
theirs in turn, since other work on the machine only adds. Ours includes the hash of the SQLite file, the count of
stored types where cells are mixed, and the types settled.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from postgres_server import PASSWORD, programs, server  # type: ignore[import-not-found]

ROWS = 1_000_000
TIMES = 7
TARGET = 1.2
COLUMNS = (
    "(a BIGINT, b BIGINT, c BIGINT, d DOUBLE PRECISION, e DOUBLE PRECISION, f DOUBLE PRECISION, g BOOLEAN, w TEXT)"
)
BARE = """
import time, polars as pl
import adbc_driver_{kind}.dbapi as driver
began = time.process_time()
with driver.connect({address!r}) as connection, connection.cursor(adbc_stmt_kwargs={options}) as cursor:
    cursor.execute("SELECT * FROM t")
    frame = pl.DataFrame(cursor.fetch_arrow())
"""
OURS = """
import time
from pathlib import Path
import adbc_driver_{kind}.dbapi, polars
from volvelle.data.dispatch import read_source
from volvelle.data.kinds import settle
from volvelle.data.records import Layout
from volvelle.catalog import SOURCES
from volvelle.spec.sources import source_of
SOURCES.load({kind!r})
source_of({source!r})
began = time.process_time()
got = read_source({source!r}, Path("."), Layout())
read = time.process_time() - began
frame, _ = settle(got.frame, got.layout, {{}})
"""
END = """
import json
cpu = time.process_time() - began
print(json.dumps([cpu, globals().get("read", cpu), frame.height]))
"""


def fill_sqlite(path: Path, rows: int) -> None:
    """A table of eight columns: three of integers, three of reals, a boolean and words."""
    made = sqlite3.connect(path)
    made.execute(f"CREATE TABLE t {COLUMNS}")
    made.executemany(
        "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((i, i * 7 % 1000, -i, i / 7, i * 0.001, 1e9 / (i + 1), i % 2, f"word {i % 50}") for i in range(rows)),
    )
    made.commit()
    made.close()


def fill_postgresql(address: str, rows: int) -> None:
    """The same rows."""
    import adbc_driver_postgresql.dbapi as driver

    with driver.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE t {COLUMNS}")
        cursor.execute(
            "INSERT INTO t SELECT i, i * 7 % 1000, -i, i / 7.0, i * 0.001, 1e9 / (i + 1), i % 2 = 1, 'word ' || i % 50 "
            f"FROM generate_series(0, {rows - 1}) AS i"
        )


def measured(code: str, rows: int) -> tuple[float, float]:
    """CPU seconds of the whole and of the read."""
    done = subprocess.run([sys.executable, "-c", code + END], capture_output=True, text=True, check=True)
    whole, read, height = json.loads(done.stdout)
    if height != rows:
        raise SystemExit(f"{height} rows of {rows} were read")
    return whole, read


def compare(kind: str, address: str, source: str, options: dict[str, str], rows: int) -> bool:
    """Print one line; whether the target is met."""
    codes = (BARE.format(kind=kind, address=address, options=options), OURS.format(kind=kind, source=source))
    rounds = [[measured(code, rows) for code in codes] for _ in range(TIMES)]
    bare = min(theirs[0] for theirs, _ in rounds)
    whole, read = (min(ours[k] for _, ours in rounds) for k in (0, 1))
    print(
        f"{kind:<11} bare ADBC {bare:6.2f} s   read {read:6.2f} s ({read / bare:.2f})   "
        f"read and settled {whole:6.2f} s ({whole / bare:.2f}, at most {TARGET})",
        flush=True,
    )
    return whole <= TARGET * bare


def main() -> None:
    """Both databases."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    began = time.perf_counter()
    met = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.db"
        fill_sqlite(path, rows)
        batch = {"adbc.sqlite.query.batch_rows": str(2**30)}
        met.append(compare("sqlite", f"file:{path}?mode=ro", str(path), batch, rows))
    if programs() is None:
        print("postgresql  is not installed")
    else:
        os.environ["PGPASSWORD"] = PASSWORD
        with server() as address:
            fill_postgresql(address, rows)
            met.append(compare("postgresql", address, address, {}, rows))
    print(f"{rows} rows, {time.perf_counter() - began:.0f} s in all")
    if not all(met):
        raise SystemExit("the target is missed")


if __name__ == "__main__":
    main()
