"""The conformance kit of data sources: our sources pass it, broken ones do not."""

from __future__ import annotations

import gzip
import importlib.util
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
import zstandard

from volvelle.catalog import SOURCES
from volvelle.data.fitting import Record
from volvelle.testing.check_source import check_source
from workbook import Cell, write_workbook  # type: ignore[import-not-found]


def write_csv(folder: Path, frame: pl.DataFrame) -> str:
    frame.write_csv(folder / "t.csv")
    return "t.csv"


def write_parquet(folder: Path, frame: pl.DataFrame) -> str:
    frame.write_parquet(folder / "t.parquet")
    return "t.parquet"


def write_ipc(folder: Path, frame: pl.DataFrame) -> str:
    frame.write_ipc(folder / "t.arrow")
    return "t.arrow"


def write_json(folder: Path, frame: pl.DataFrame) -> str:
    frame.write_json(folder / "t.json")
    return "t.json"


def write_excel(folder: Path, frame: pl.DataFrame) -> str:
    # A spreadsheet has no integers beyond 2^53: this one stands there as text.
    cells: dict[str, Cell] = {}
    for letter, column in zip("ABCD", frame.iter_columns(), strict=True):
        cells[f"{letter}1"] = column.name
        for row, value in enumerate(column, start=2):
            cells[f"{letter}{row}"] = str(value) if column.name == "integer" and value else value
    write_workbook(folder / "t.xlsx", {"Sheet1": cells})
    return "t.xlsx"


def write_folder(folder: Path, frame: pl.DataFrame) -> str:
    (folder / "parts").mkdir()
    frame.head(3).write_parquet(folder / "parts" / "1.parquet")
    frame.tail(1).write_parquet(folder / "parts" / "2.parquet")
    return "parts/*.parquet"


def write_zip(folder: Path, frame: pl.DataFrame) -> str:
    with zipfile.ZipFile(folder / "t.zip", "w") as archive:
        archive.writestr("t.csv", frame.write_csv())
    return "t.zip"


def write_zst(folder: Path, frame: pl.DataFrame) -> str:
    (folder / "t.csv.zst").write_bytes(zstandard.compress(frame.write_csv().encode()))
    return "t.csv.zst"


def write_gz(folder: Path, frame: pl.DataFrame) -> str:
    frame.write_parquet(folder / "t.parquet")
    (folder / "t.parquet.gz").write_bytes(gzip.compress((folder / "t.parquet").read_bytes()))
    return "t.parquet.gz"


def write_sqlite(folder: Path, frame: pl.DataFrame) -> str:
    made = sqlite3.connect(folder / "t.db")
    made.execute("CREATE TABLE t (number REAL, integer INTEGER, text TEXT, flag BOOLEAN)")
    made.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", frame.rows())
    made.commit()
    made.close()
    return "t.db"


def write_sql(folder: Path, frame: pl.DataFrame) -> str:
    return f"sqlite:///{folder / write_sqlite(folder, frame)}"


def received(name: str, where: str) -> Callable[[Path, pl.DataFrame], str]:
    """Writes the rows as if they had been received."""

    def write(folder: Path, frame: pl.DataFrame) -> str:
        table = SOURCES.load(name).table(where, folder)
        assert table.append([Record(row) for row in frame.rows(named=True)]).rows == frame.height
        return where

    return write


WRITERS: dict[str, Callable[[Path, pl.DataFrame], str]] = {
    "arrow": write_ipc,
    "delimited": write_csv,
    "excel": write_excel,
    "folder": write_folder,
    "gz": write_gz,
    "ingest": received("ingest", "sensors?port=8085"),
    "json": write_json,
    "mqtt": received("mqtt", "//broker:1883/plant/+/readings?id=seq"),
    "parquet": write_parquet,
    "serial": received("serial", "/dev/ttyACM0?baud=9600"),
    "sql": write_sql,
    "sqlite": write_sqlite,
    "zip": write_zip,
    "zst": write_zst,
}

SOUND = '''"""Arrow files, as a third party would add them.

>>> len(SCHEMES)
0
"""
import io

import polars as pl

from volvelle.data.contract import Read
from volvelle.data.raw import read_file
from volvelle.data.records import Layout
from volvelle.errors import DataError

SUFFIXES = (".arrow",)
SCHEMES = ()


def read(where, folder, layout):
    content, origin = read_file(where, folder)
    try:
        frame = pl.read_ipc(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError("no Arrow file", where=where, next_move="write it again") from error
    return Read(frame, Layout(), (origin,))
'''

FAULTS = {
    "upper-case suffix": ('(".arrow",)\nS', '(".Arrow",)\nS', "lower case"),
    "computed suffix": ('(".arrow",)\nS', 'tuple([".arrow"])\nS', "literal"),
    "no suffix and no scheme": ('(".arrow",)\nS', "()\nS", "at least one"),
    "rows lost": ("Read(frame,", "Read(frame.head(2),", "4 rows were written and 2 read"),
    "values changed": ("Read(frame,", "Read(frame.with_columns(pl.col('number') + 1),", "values changed"),
    "columns reordered": ("Read(frame,", "Read(frame.select(reversed(frame.columns)),", "order changed"),
    "no origin": ("(origin,))", "())", "named in origins"),
    "no next move": ('next_move="write it again"', 'next_move=""', "no next move"),
    "library error leaks": ("(pl.exceptions.PolarsError, OSError)", "ZeroDivisionError", "."),
    "wrong hand-on": ("return Read(frame, Layout(), (origin,))", "return frame", "must give a data.contract.Read"),
}


def module(folder: Path, text: str) -> ModuleType:
    path = folder / "stranger.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("stranger", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_every_source_of_the_catalog_is_tried() -> None:
    """A new source needs a writer here."""
    assert {*WRITERS, "postgresql"} == set(SOURCES.names())


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_our_sources_keep_the_contract(name: str) -> None:
    """Our own sources keep every promise."""
    check_source(SOURCES.load(name), WRITERS[name])


def test_postgresql_keeps_the_contract(postgres: tuple[str, Callable[[str], None]]) -> None:
    """The source of a real server keeps every promise."""
    address, execute = postgres

    def write(folder: Path, frame: pl.DataFrame) -> str:
        execute("CREATE TABLE t (number float8, integer int8, text text, flag boolean)")
        for row in frame.rows():
            cells = ["NULL" if cell is None else "'" + str(cell).replace("'", "''") + "'" for cell in row]
            execute(f"INSERT INTO t VALUES ({', '.join(cells)})")
        return address.partition(":")[2]

    check_source(SOURCES.load("postgresql"), write)


def test_sound_source_of_a_stranger_passes(tmp_path: Path) -> None:
    """A third party's source in twenty lines passes."""
    check_source(module(tmp_path, SOUND), write_ipc)


DEAF = {
    "facts computed": ("LISTENS = True", "LISTENS = bool(1)", "LISTENS .* must be a literal"),
    "no table": ("def table(", "def tables(", "LISTENS needs"),
    "another table": ('return Stream("ingest", where, OPTIONS).table(folder)', "return folder", "data.growing.Growing"),
    "any option": (
        'return Stream("ingest", where, OPTIONS)',
        'return Stream("ingest", "x", OPTIONS)',
        "must be refused",
    ),
}


@pytest.mark.parametrize("fault", sorted(DEAF))
def test_broken_listener_is_refused(fault: str, tmp_path: Path) -> None:
    """A source that says that it listens, and breaks what that promises, is found."""
    old, new, message = DEAF[fault]
    text = Path(str(SOURCES.load("ingest").__file__)).read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(AssertionError, match=message):
        check_source(module(tmp_path, text.replace(old, new)), received("ingest", "sensors"))


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_broken_source_is_refused(fault: str, tmp_path: Path) -> None:
    """Each broken promise is found."""
    old, new, message = FAULTS[fault]
    assert old in SOUND
    broken = module(tmp_path, SOUND.replace(old, new))
    with pytest.raises((AssertionError, pl.exceptions.PolarsError, OSError), match=message):
        check_source(broken, write_ipc)
