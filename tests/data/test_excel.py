"""Excel: which sheet, where the table begins, and that no digit is lost."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from volvelle.data.collect import collect
from volvelle.data.records import Layout
from volvelle.data.sources.excel import read
from volvelle.errors import DataError
from volvelle.spec.requirements import Data
from workbook import Cell, write_workbook  # type: ignore[import-not-found]


def test_a_table_in_the_middle_of_a_sheet_is_found_and_reported(tmp_path: Path) -> None:
    """A title, empty rows and empty columns before the table are left out, and a note names the cell."""
    cells = {"C5": "title", "C7": "a", "D7": "b", "C8": 1.5, "D8": "x", "C9": 2.5, "D9": "y"}
    write_workbook(tmp_path / "t.xlsx", {"S": cells})
    got = read("t.xlsx", tmp_path, Layout())
    assert got.frame.rows() == [(1.5, "x"), (2.5, "y")]
    assert got.frame.columns == ["a", "b"]
    assert got.layout.header is True
    assert any("found at cell C7" in note for note in got.notes)


def test_the_place_can_be_stated(tmp_path: Path) -> None:
    """A cell behind the sheet's name overrules what is found."""
    cells = {"A1": "a", "B1": "b", "A2": "p", "B2": "q", "A3": 1, "B3": 2, "A4": 3, "B4": 4}
    write_workbook(tmp_path / "t.xlsx", {"S": cells})
    assert read("t.xlsx#S!B2", tmp_path, Layout()).frame.to_dicts() == [{"q": 2.0}, {"q": 4.0}]
    with pytest.raises(DataError, match="nothing stands at or below B9"):
        read("t.xlsx#S!B9", tmp_path, Layout())


def test_numbers_keep_every_digit(tmp_path: Path) -> None:
    """Numbers arrive as the doubles that the file holds, alone in a column or beside text."""
    cells = {"A1": "n", "B1": "m", "A2": 0.1 + 0.2, "B2": 0.1 + 0.2, "A3": 1e-9, "B3": "x", "A4": 1e300, "B4": "007"}
    write_workbook(tmp_path / "t.xlsx", {"S": cells})
    frame = read("t.xlsx", tmp_path, Layout()).frame
    assert frame["n"].to_list() == [0.1 + 0.2, 1e-9, 1e300]
    assert frame["m"].to_list() == ["0.30000000000000004", "x", "007"]


def test_booleans_and_errors(tmp_path: Path) -> None:
    """Booleans stay booleans; a cell that holds an error is missing."""
    cells = {"A1": "flag", "B1": "n", "A2": True, "B2": "#DIV/0!", "A3": False, "B3": 2.0, "A4": True, "B4": 3.0}
    write_workbook(tmp_path / "t.xlsx", {"S": cells})
    frame, _ = collect(Data(source="t.xlsx"), {}, tmp_path)
    assert frame["flag"].to_list() == [True, False, True]
    assert frame["n"].to_list() == [None, 2, 3]


def test_several_sheets_must_be_told_apart(tmp_path: Path) -> None:
    """Two tables are an error that names them; a wrong name is answered with near names."""
    table = {"A1": "a", "A2": 1, "A3": 2}
    write_workbook(tmp_path / "t.xlsx", {"May": table, "June": table, "empty": {}})
    with pytest.raises(DataError, match="2 sheets hold data: 'May', 'June'"):
        read("t.xlsx", tmp_path, Layout())
    assert read("t.xlsx#June", tmp_path, Layout()).frame["a"].to_list() == [1, 2]
    with pytest.raises(DataError, match="no sheet 'Mai'") as caught:
        read("t.xlsx#Mai", tmp_path, Layout())
    assert "'May'" in caught.value.next_move
    with pytest.raises(DataError, match="the sheet is empty"):
        read("t.xlsx#empty", tmp_path, Layout())


def test_repeated_names_are_refused(tmp_path: Path) -> None:
    """Two columns of one name are an error that says which."""
    write_workbook(tmp_path / "t.xlsx", {"S": {"A1": "x", "B1": "x", "A2": 1, "B2": 2, "A3": 1, "B3": 2}})
    with pytest.raises(DataError, match="'x' in columns 1, 2"):
        read("t.xlsx", tmp_path, Layout())


def test_cells_that_hold_an_error_are_counted(tmp_path: Path) -> None:
    """They are missing, and a note counts them by name; text that looks like one is text."""
    cells = {"A1": "a", "B1": "b", "A2": 1.5, "B2": "x", "A3": "#DIV/0!", "B3": "#N/A", "A4": "#DIV/0!", "B4": "y"}
    write_workbook(tmp_path / "t.xlsx", {"R&D <1>": cells, "Plain": {"A1": "a", "A2": 1}})
    frame, dataset = collect(Data(source="t.xlsx#R&D <1>"), {}, tmp_path)
    assert frame.rows() == [(1.5, "x"), (None, None), (None, "y")]
    told = "cells of sheet 'R&D <1>' that hold an error count as missing: 2 x #DIV/0!, 1 x #N/A"
    assert told in dataset.notes
    assert not any("hold an error" in note for note in collect(Data(source="t.xlsx#Plain"), {}, tmp_path)[1].notes)


@pytest.mark.parametrize("stray", ["D3", "H2", "AZ4", "A40000"])
def test_a_stray_cell_beside_the_table_moves_no_header(stray: str, tmp_path: Path) -> None:
    """A cell far from the table is a column or a row more; header and rows stay what they are."""
    cells = {"A1": "a", "B1": "b", "A2": 1, "B2": 2, "A3": 3, "B3": 4, "A4": 5, "B4": 6}
    write_workbook(tmp_path / "t.xlsx", {"S": cells | {stray: 7}})
    frame = read("t.xlsx", tmp_path, Layout()).frame
    assert frame.columns[:2] == ["a", "b"]
    assert frame.select("a", "b").head(3).rows() == [(1, 2), (3, 4), (5, 6)]
    assert frame.width <= 3


def test_the_header_of_a_table_with_gaps_is_found(tmp_path: Path) -> None:
    """Where rows have few of the columns, the header is the full row, not a line of notes as full as those."""
    cells: dict[str, Cell] = {"A1": "by", "B1": "Ana", "C1": "on", "D1": "Monday"}
    cells |= {f"{letter}3": f"name {letter}" for letter in "ABCDEFGHIJ"}
    for row in range(4, 24):
        cells |= {f"{letter}{row}": row for letter in ("A", "BCDEFGHIJ"[row % 9], "BCDEFGHIJ"[row * 2 % 9])}
    write_workbook(tmp_path / "t.xlsx", {"S": cells})
    frame = read("t.xlsx", tmp_path, Layout()).frame
    assert frame.columns == [f"name {letter}" for letter in "ABCDEFGHIJ"]
    assert frame.height == 20


@pytest.mark.parametrize("far", ["XFD1048576", "XFD2000"])
def test_a_sheet_with_a_huge_empty_middle_is_refused(far: str, tmp_path: Path) -> None:
    """The reader would take memory for the whole rectangle: the message names the cell that spans it."""
    write_workbook(tmp_path / "t.xlsx", {"S": {"A1": "a", "A2": 1, "A3": 2, far: 3}})
    with pytest.raises(DataError, match=r"16,384 columns, of which 4 cells are filled") as caught:
        read("t.xlsx", tmp_path, Layout())
    assert far in caught.value.next_move


def test_blank_cells_do_not_spread_a_sheet(tmp_path: Path) -> None:
    """A style that reaches to the last cell of a sheet is no value."""
    write_workbook(tmp_path / "t.xlsx", {"S": {"A1": "a", "B1": "b", "A2": 1, "B2": 2, "A3": 3, "B3": 4}})
    styled = '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    with zipfile.ZipFile(tmp_path / "t.xlsx") as made:
        members = {name: made.read(name).decode() for name in made.namelist()}
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as made:
        for name, text in members.items():
            made.writestr(name, text.replace("</sheetData>", styled))
    assert read("t.xlsx", tmp_path, Layout()).frame.rows() == [(1, 2), (3, 4)]


def test_a_workbook_that_explodes_is_stopped(tmp_path: Path) -> None:
    """What unpacks to a thousand times its size is refused before a reader takes it."""
    write_workbook(tmp_path / "t.xlsx", {"S": {"A1": "a", "A2": 1}})
    with zipfile.ZipFile(tmp_path / "t.xlsx", "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/sharedStrings.xml", b" " * 60_000_000)
    with pytest.raises(DataError, match="unpack to more than") as caught:
        read("t.xlsx", tmp_path, Layout())
    assert "CSV" in caught.value.next_move
