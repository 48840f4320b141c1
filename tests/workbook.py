"""Writes small .xlsx workbooks by hand, so that every cell is known (ECMA-376, SpreadsheetML)."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
Cell = str | float | bool | None


def write_workbook(path: Path, sheets: Mapping[str, Mapping[str, Cell]]) -> None:
    """Write sheets whose cells are given by their place, e.g. ``{"B3": 1.5}``."""
    names = list(sheets)
    listed = "".join(f'<sheet name="{escape(n)}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(names, 1))
    linked = "".join(_relation(f"r{i}", "worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(names) + 1))
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}"/></Types>',
        )
        book.writestr("_rels/.rels", _relations(_relation("r1", "officeDocument", "xl/workbook.xml")))
        book.writestr("xl/_rels/workbook.xml.rels", _relations(linked))
        head = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        book.writestr("xl/workbook.xml", f"{head}<sheets>{listed}</sheets></workbook>")
        for number, name in enumerate(names, 1):
            book.writestr(f"xl/worksheets/sheet{number}.xml", _sheet(sheets[name]))


def _relation(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _relations(inside: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'


def _sheet(cells: Mapping[str, Cell]) -> str:
    rows: dict[int, list[str]] = {}
    for place, value in cells.items():
        if value is not None:
            rows.setdefault(int(place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")), []).append(_cell(place, value))
    inside = "".join(f'<row r="{row}">{"".join(written)}</row>' for row, written in sorted(rows.items()))
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{inside}</sheetData></worksheet>'


def _cell(place: str, value: str | float | bool) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    if value.startswith("#"):
        return f'<c r="{place}" t="e"><v>{escape(value)}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
