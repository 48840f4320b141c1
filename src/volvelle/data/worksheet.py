"""What readers of a workbook do not tell: cells that hold an error, and what it would take to read it.

Errors, such as ``#DIV/0!``, are given as missing cells. A workbook is a zip archive, which may unpack to far more than
its size; and a sheet is read as the whole rectangle up to its last cell, even where hardly any cell is filled.

Source: ECMA-376, SpreadsheetML: a cell of type ``e`` holds the name of its error.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from html import unescape

from volvelle.data.raw import bounded
from volvelle.errors import DataError

_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_CELL = re.compile(rb'<(?:\w+:)?c\s(?=[^>]*\bt="e")[^>]*>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]{1,40})</', re.DOTALL)
_LINK = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_FILLED = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br=["\']([A-Z]{1,3})(\d{1,7})["\'][^>]*(?<!/)>')
_LETTERS, _ROWS = (re.compile(rb'r=["\']' + place) for place in (rb"([A-Z]{1,3})\d", rb"[A-Z]{1,3}(\d{1,7})"))
_LARGEST = 2**30
_CHUNK = 2**20
_ROOM, _EMPTY = 20_000_000, 10
"""A rectangle of so many cells is read however empty it is; a larger one where one in so many cells is filled."""
_BROKEN = (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, EOFError, OSError, ValueError, RuntimeError)
"""Whether it is a workbook at all is for its reader to say."""


def refuse_bomb(workbook: bytes, where: str) -> None:
    """Unpack everything once, piece by piece.

    Raises:
        DataError: it is more than `bounded` allows.
    """
    for _ in bounded(_unpacked(workbook), len(workbook), where, "save the sheet as CSV and name that"):
        pass


def refuse_hollow(workbook: bytes, sheet: str, where: str) -> None:
    """Look how far the filled cells of a sheet reach; .xlsb and .ods pass.

    Raises:
        DataError: hardly a cell of so large a rectangle is filled.
    """
    if _within(workbook, sheet):
        return
    width = height = count = 0
    lowest = widest = ""
    for letters, row in _filled(workbook, sheet):
        column = column_number(letters)
        count += 1
        if row > height:
            height, lowest = row, f"{letters}{row}"
        if column > width:
            width, widest = column, f"{letters}{row}"
    if width * height > max(_ROOM, _EMPTY * count):
        cells = " and ".join(dict.fromkeys((lowest, widest)))
        raise DataError(
            f"the sheet reaches over {height:,} rows and {width:,} columns, of which {count:,} cells are filled",
            where=where,
            next_move=f"clear cells far from the table (look at {cells}), save it as CSV, or name another sheet",
        )


def column_number(letters: str) -> int:
    """Of a column by its letters, counted from 1.

    >>> column_number("A"), column_number("XFD")
    (1, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def cell_errors(workbook: bytes, sheet: str) -> dict[str, int]:
    """Name of each error to its number of cells on the sheet, the most frequent first; empty for other formats.

    Args:
        workbook: an .xlsx or .xlsm file.
        sheet: its name.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(workbook)) as book:
            part = _part(book, sheet)
            text = b"" if part is None or book.getinfo(part).file_size > _LARGEST else book.read(part)
    except _BROKEN:
        return {}
    found = Counter(unescape(name.decode("utf-8", "replace")) for name in _CELL.findall(text))
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _unpacked(workbook: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(workbook)) as book:
            for member in book.infolist():
                yield from _pieces(book, member)
    except _BROKEN:
        return


def _pieces(book: zipfile.ZipFile, member: zipfile.ZipInfo | str) -> Iterator[bytes]:
    """Of one member, as far as it can be unpacked."""
    try:
        with book.open(member) as stream:
            while piece := stream.read(_CHUNK):
                yield piece
    except _BROKEN:
        return


def _filled(workbook: bytes, sheet: str) -> Iterator[tuple[str, int]]:
    """Letters and row of each cell that is not blank."""
    for text in _elements(workbook, sheet):
        for cell in _FILLED.finditer(text):
            yield cell[1].decode(), int(cell[2])


def _within(workbook: bytes, sheet: str) -> bool:
    """Whether all cells, blank ones too, lie in a rectangle that is read however empty it is."""
    width = height = 0
    for text in _elements(workbook, sheet):
        width = max(width, *(column_number(letters.decode()) for letters in set(_LETTERS.findall(text))), 0)
        height = max(height, *map(int, set(_ROWS.findall(text))), 0)
        if width * height > _ROOM:
            return False
    return True


def _elements(workbook: bytes, sheet: str) -> Iterator[bytes]:
    """A sheet in pieces, with no element cut in two; nothing of other formats."""
    try:
        with zipfile.ZipFile(io.BytesIO(workbook)) as book:
            part, rest = _part(book, sheet), b""
            for piece in _pieces(book, part) if part else ():
                text = rest + piece
                end = max(text.rfind(b"<"), 0)
                yield text[:end]
                rest = text[end:]
    except _BROKEN:
        return


def _part(book: zipfile.ZipFile, sheet: str) -> str | None:
    """The member of the archive that holds a sheet."""
    links = {_attribute(link, b"Id"): _attribute(link, b"Target") for link in _LINK.findall(_text(book, "_rels/"))}
    for entry in _SHEET.findall(_text(book, "")):
        if _attribute(entry, b"name") == sheet:
            target = links.get(_attribute(entry, rb"\w+:id"), "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return None


def _text(book: zipfile.ZipFile, folder: str) -> bytes:
    return book.read(f"xl/{folder}workbook.xml{'.rels' if folder else ''}")


def _attribute(element: bytes, name: bytes) -> str:
    """The value of an attribute; empty where it is absent.

    >>> _attribute(b'<sheet name="A &amp; B" r:id="r1"/>', b"name")
    'A & B'
    """
    found = re.search(rb"\s" + name + rb"""=(?:"([^"]*)"|'([^']*)')""", element)
    return unescape((found[1] if found[1] is not None else found[2]).decode("utf-8", "replace")) if found else ""
