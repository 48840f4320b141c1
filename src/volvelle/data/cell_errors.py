"""Counts the cells of a worksheet that hold an error, such as ``#DIV/0!``: readers give them as missing cells.

Source: ECMA-376, SpreadsheetML: a cell of type ``e`` holds the name of its error.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from html import unescape

_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_CELL = re.compile(rb'<(?:\w+:)?c\s(?=[^>]*\bt="e")[^>]*>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]{1,40})</', re.DOTALL)
_LINK = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_LARGEST = 2**30


def cell_errors(workbook: bytes, sheet: str) -> dict[str, int]:
    """Name of each error to its number of cells on the sheet, the most frequent first; empty for other formats.

    Args:
        workbook: an .xlsx or .xlsm file.
        sheet: its name.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(workbook)) as book:
            part = _part(book, sheet)
            if part is None or book.getinfo(part).file_size > _LARGEST:
                return {}
            found = Counter(unescape(name.decode("utf-8", "replace")) for name in _CELL.findall(book.read(part)))
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, EOFError):
        # Whether it is a workbook at all is for its reader to say.
        return {}
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


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
