"""Many files as one table: order, agreement, and what is refused."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from volvelle.data.collect import collect
from volvelle.data.listing import found_by
from volvelle.data.records import Layout
from volvelle.data.sources.folder import read
from volvelle.errors import DataError
from volvelle.spec.requirements import Data
from workbook import write_workbook  # type: ignore[import-not-found]


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_files_are_joined_in_the_order_of_their_names(tmp_path: Path) -> None:
    """A folder and a pattern give the same rows in sorted order; hidden files do not count."""
    write(tmp_path, {"p/b.csv": "a,b\n2,y\n", "p/a.csv": "b,a\nx,1\n", "p/.c.csv": "z\n1\n", "p/_d.csv": "z\n1\n"})
    for source in ("p/", "p/*.csv", "folder:p"):
        frame, dataset = collect(Data(source=source), {}, tmp_path)
        assert frame.to_dicts() == [{"b": "x", "a": 1}, {"b": "y", "a": 2}]
        assert [o.name for o in dataset.origins if o.kind == "file"] == ["p/a.csv", "p/b.csv"]
        assert "columns stand in another order in 1 files, e.g. p/b.csv" in dataset.notes


def test_patterns(tmp_path: Path) -> None:
    """One star stays within a folder, two go down; absolute patterns keep their place."""
    write(tmp_path, {"p/1/a.csv": "", "p/2/b.csv": "", "p/c.csv": "", "p/.h/d.csv": ""})
    assert found_by("p/*.csv", tmp_path) == ["p/c.csv"]
    assert found_by("p/*/*.csv", tmp_path) == ["p/1/a.csv", "p/2/b.csv"]
    assert found_by("p/**/*.csv", tmp_path) == ["p/1/a.csv", "p/2/b.csv", "p/c.csv"]
    assert found_by(f"{tmp_path}/p/?.csv", Path("elsewhere")) == [f"{tmp_path}/p/c.csv"]


def test_disagreement_is_named_file_by_file(tmp_path: Path) -> None:
    """Absent, extra and retyped columns are all listed in one error."""
    write(tmp_path, {"1.csv": "a,b\n1,2\n3,4\n", "2.csv": "a,c\n1,2\n3,4\n"})
    with pytest.raises(DataError, match=r"2\.csv lacks column 'b'; 2\.csv adds column 'c'"):
        read("*.csv", tmp_path, Layout())
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"a": ["x"]}).write_parquet(tmp_path / "2.parquet")
    with pytest.raises(DataError, match=r"column 'a' is Int64 in 1\.parquet and String in 2\.parquet"):
        read("*.parquet", tmp_path, Layout())


def test_texts_of_several_kinds_are_noted(tmp_path: Path) -> None:
    """Times in one file and words in the other, or numbers, are told with both files; whole numbers are numbers."""
    write(tmp_path, {"1.csv": "t,n,m\n2024-03-01,1,\n2024-03-02,2,\n", "2.csv": "t,n,m\n01/03/24,1.5,x\nsoon,2.5,y\n"})
    notes = collect(Data(source="*.csv"), {}, tmp_path)[1].notes
    assert "column 't' reads as a time in 1.csv and a category in 2.csv" in notes
    assert not [note for note in notes if "column 'n' reads" in note or "column 'm' reads" in note]


def test_types_that_fit_without_loss_are_joined(tmp_path: Path) -> None:
    """Integers of several widths are one column, and so is a column that one file lacks every value of."""
    pl.DataFrame({"a": [1], "n": [None]}, schema={"a": pl.Int8, "n": pl.Null}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"a": [2**40], "n": ["x"]}).write_parquet(tmp_path / "2.parquet")
    assert read("*.parquet", tmp_path, Layout()).frame.rows() == [(1, None), (2**40, "x")]


def test_texts_that_would_be_understood_differently_are_refused(tmp_path: Path) -> None:
    """Two decimal marks in two files are an error, and the spec settles it."""
    write(tmp_path, {"1.csv": "a;b\n1,5;x\n2,5;y\n", "2.csv": "a;b\n1;x\n2;y\n"})
    with pytest.raises(DataError, match=r"decimal mark is ',' in 1\.csv and '\.' in 2\.csv"):
        read("*.csv", tmp_path, Layout())
    frame, _ = collect(Data(source="*.csv", decimal=","), {}, tmp_path)
    assert frame["a"].to_list() == [1.5, 2.5, 1.0, 2.0]


def test_mixtures_and_empty_folders_are_refused(tmp_path: Path) -> None:
    """Several kinds, a file that nothing reads, no file, no folder: one error each, with a next move."""
    write(tmp_path, {"p/a.csv": "a\n1\n", "p/b.json": "[]", "q/a.csv": "a\n1\n", "q/b.exe": "x"})
    (tmp_path / "empty").mkdir()
    for source, message in (
        ("p/", "several kinds"),
        ("q/", "1 x not readable"),
        ("empty/", "no file is found"),
        ("absent/", "no file is found"),
        ("p/*.tsv", "no file is found"),
    ):
        with pytest.raises(DataError, match=message) as caught:
            read(source, tmp_path, Layout())
        assert caught.value.next_move


def test_a_part_is_asked_of_every_file(tmp_path: Path) -> None:
    """The same sheet of every workbook."""
    for number in (1, 2):
        sheets = {"x": {"A1": "a", "A2": number, "A3": number}, "y": {"A1": "b", "A2": 0, "A3": 0}}
        write_workbook(tmp_path / f"{number}.xlsx", sheets)
    assert read("*.xlsx#x", tmp_path, Layout()).frame["a"].to_list() == [1.0, 1.0, 2.0, 2.0]


def test_a_name_that_looks_like_an_address_is_not_followed(tmp_path: Path) -> None:
    """A file called like a database is no database."""
    write(tmp_path, {"sqlite:x.csv": "a\n1\n"})
    with pytest.raises(DataError, match="not readable"):
        read("*.csv", tmp_path, Layout())
