"""Lines of a serial port as records: CSV or JSON, cut out of chunks of bytes.

A port is opened in the middle of a line, so what comes before the first end of a line is dropped. Lines that are no
record are handed on as garbage, and reading goes on with the next line.

>>> lines = Lines("csv", ("heat", "hall"))
>>> lines.feed(b"9;x\\n21.5,no")
[]
>>> [line.cells for line in lines.feed(b"rth\\r\\n22,south\\n")]
[{'heat': '21.5', 'hall': 'north'}, {'heat': '22', 'hall': 'south'}]
"""

from __future__ import annotations

import csv
from typing import Any, Literal, NamedTuple

from volvelle.data.names import refuse_repeated
from volvelle.data.payload import Unreadable, records_of
from volvelle.errors import DataError

Format = Literal["auto", "csv", "json"]
LONGEST = 2**16
"""Bytes that a line may have."""
_DELIMITERS = "\t;,"
_SHOWN = 60


class Line(NamedTuple):
    """One record, or the reason why a line is none, with its text."""

    cells: dict[str, Any]
    text: str
    fault: str = ""
    loose: bool = False


class Lines:
    """What was read of a port so far.

    Args:
        form: ``auto`` takes a line that begins with a brace as JSON, any other as CSV.
        names: of the cells of CSV; when absent the port must send a line of names.
        delimiter: of CSV; found in the names when absent.
    """

    def __init__(self, form: Format, names: tuple[str, ...] = (), delimiter: str = "") -> None:
        self._form, self._names, self._delimiter = form, names, delimiter
        self._rest, self._whole = b"", False

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that end in this chunk; blank ones, comments (``#``) and repeated names are left out."""
        *ended, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST:
            # No end of a line for so long: what follows is cut as well.
            ended.append(self._rest)
            self._rest = b""
            made = self._made(ended)
            self._whole = False
            return made
        return self._made(ended)

    def cut(self) -> None:
        """The port was closed: the line that was begun will not be finished."""
        self._rest, self._whole = b"", False

    def _made(self, ended: list[bytes]) -> list[Line]:
        made = []
        for raw in ended:
            if not self._whole:
                self._whole = True
                continue
            line = self._line(raw)
            if line is not None:
                made.append(line)
        return made

    def _line(self, raw: bytes) -> Line | None:
        text = raw.decode("utf-8", "backslashreplace").strip("\r \0")
        if not text or text.startswith("#"):
            return None
        try:
            if len(raw) > LONGEST:
                raise Unreadable(f"a line has more than {LONGEST:,} bytes")
            raw.decode("utf-8")
            if not text.replace("\t", "").isprintable():
                raise Unreadable("a line holds characters that do not print")
            if self._form == "json" or (self._form == "auto" and text.startswith("{")):
                found = records_of(text.encode())
                if len(found) != 1:
                    raise Unreadable("a line holds a list of records")
                return Line(found[0], text)
            return self._cells(text)
        except UnicodeDecodeError:
            return Line({}, text, f"a line is no UTF-8: {text[:_SHOWN]!r}")
        except Unreadable as error:
            return Line({}, text, f"{error}: {text[:_SHOWN]!r}")

    def _cells(self, text: str) -> Line | None:
        if not self._delimiter:
            self._delimiter = next((d for d in _DELIMITERS if d in text), ",")
        try:
            cells = [cell.strip() for cell in next(csv.reader([text], delimiter=self._delimiter, strict=True))]
        except csv.Error as error:
            raise Unreadable(f"a line is no CSV ({error})") from error
        if not self._names:
            self._names = _header(cells)
            return None
        if tuple(cells) == self._names:
            return None
        if len(cells) != len(self._names):
            raise Unreadable(f"a line has {len(cells)} cells and not {len(self._names)}")
        return Line(dict(zip(self._names, cells, strict=True)), text, loose=True)


def _header(cells: list[str]) -> tuple[str, ...]:
    """The cells as names of columns.

    Raises:
        Unreadable: they look like values.
    """
    if any(not cell or not any(c.isalpha() for c in cell) or cell[0] in "+-.0123456789" for cell in cells):
        raise Unreadable("no line of names has come yet; state them as ?columns=a,b,c")
    try:
        refuse_repeated(cells, "the line of names")
    except DataError as error:
        raise Unreadable(error.problem) from error
    return tuple(cells)
