"""The grid of a delimited text: where its rows end and how many cells each has.

The whole text is measured with NumPy before anything parses it, so that a row with a cell too many
or too few, a quote that never closes, or a stray quote is found with its line and never repaired in
silence. Quoting follows RFC 4180: a quote opens a cell only at its beginning, is doubled inside,
and closes it only at its end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.data.records import Quoting
from volvelle.errors import DataError

_QUOTE, _LF, _CR = 34, 10, 13
_SWAPPED = bytes.maketrans(b"\"'", b"'\"")
_CHUNK = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of a text.

    Attributes:
        content: UTF-8 bytes; rows end in LF or CRLF.
        starts: first byte of each row, ``[n]``.
        ends: one past its last byte, the line end left out, ``[n]``.
        cells: cells of each row, ``[n]``; a blank line has one.
        numbers: which row of the text it is, counted from 0, ``[n]``.
    """

    content: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    cells: NDArray[np.int64]
    numbers: NDArray[np.int64]

    def line(self, row: int) -> int:
        """The number of the line that a row begins on, counted from 1."""
        return self.content.count(b"\n", 0, int(self.starts[row])) + 1

    def text(self, row: int) -> str:
        """The text of one row."""
        return self.content[int(self.starts[row]) : int(self.ends[row])].decode("utf-8", errors="replace")

    def keep(self, rows: NDArray[np.bool_]) -> Grid:
        """Only these rows; the content, and so the line numbers, stay."""
        return Grid(self.content, self.starts[rows], self.ends[rows], self.cells[rows], self.numbers[rows])

    def packed(self) -> bytes:
        """The bytes of the rows, one after the other."""
        if not len(self.starts):
            return b""
        breaks = np.flatnonzero(np.diff(self.numbers) > 1) + 1
        firsts = self.starts[np.concatenate(([0], breaks))]
        lasts = self.ends[np.concatenate((breaks - 1, [len(self.ends) - 1]))]
        pieces = [self.content[a:b] for a, b in zip(firsts.tolist(), lasts.tolist(), strict=True)]
        return b"\n".join(pieces) + b"\n"


def measure(content: bytes, delimiter: str, *, quoted: bool = True) -> Grid:
    """Find the rows and count their cells.

    >>> measure(b'a,"b,c"\\r\\nd\\n', ",").cells.tolist()
    [2, 1]
    """
    data = np.frombuffer(content, dtype=np.uint8)
    quotes = np.flatnonzero(data == _QUOTE) if quoted else np.empty(0, dtype=np.int64)
    ends, separators, total = [], [], 0
    for begin in range(0, len(data), _CHUNK):
        chunk = data[begin : begin + _CHUNK]
        line_ends = _outside(np.flatnonzero(chunk == _LF) + begin, quotes)
        marks = _outside(np.flatnonzero(chunk == ord(delimiter)) + begin, quotes)
        ends.append(line_ends)
        separators.append(np.searchsorted(marks, line_ends) + total)
        total += len(marks)
    stops, counts = np.concatenate([*ends, []]).astype(np.int64), np.concatenate([*separators, []]).astype(np.int64)
    if len(data) and (not len(stops) or stops[-1] != len(data) - 1):
        stops, counts = np.append(stops, len(data)), np.append(counts, total)
    starts = np.concatenate(([0], stops[:-1] + 1)).astype(np.int64) if len(stops) else stops
    with_cr = (stops > starts) & (data[np.maximum(stops - 1, 0)] == _CR) if len(stops) else np.empty(0, dtype=bool)
    return Grid(content, starts, stops - with_cr, np.diff(counts, prepend=0) + 1, np.arange(len(stops)))


def plain_line_ends(content: bytes, *, quoted: bool = True) -> tuple[bytes, int]:
    """Lone carriage returns outside quotes become line feeds; gives the text and how many."""
    if b"\r" not in content:
        return content, 0
    data = np.frombuffer(content, dtype=np.uint8)
    returns = np.flatnonzero(data == _CR)
    following = data[np.minimum(returns + 1, len(data) - 1)]
    lone = returns[(following != _LF) | (returns == len(data) - 1)]
    lone = _outside(lone, np.flatnonzero(data == _QUOTE) if quoted else np.empty(0, dtype=np.int64))
    if not len(lone):
        return content, 0
    changed = data.copy()
    changed[lone] = _LF
    return changed.tobytes(), len(lone)


def _outside(positions: NDArray[np.intp], quotes: NDArray[np.intp]) -> NDArray[np.intp]:
    return positions[np.searchsorted(quotes, positions) % 2 == 0] if len(quotes) else positions


def stray_quote(content: bytes, delimiter: str) -> int:
    """Where the first quote that breaks RFC 4180 stands, -1 if there is none.

    >>> good, bad = b"a,'b ''c'''".replace(b"'", b'"'), b"a,5' pipe".replace(b"'", b'"')
    >>> stray_quote(good, ","), stray_quote(bad, ",")
    (-1, 3)
    """
    data = np.frombuffer(content, dtype=np.uint8)
    quotes = np.flatnonzero(data == _QUOTE)
    if not len(quotes):
        return -1
    edges = np.array([ord(delimiter), _LF, _CR], dtype=np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    before = data[np.maximum(opening - 1, 0)]
    good = np.isin(before, edges) | (opening == 0)
    good[1:] |= opening[1:] == closing[: len(opening) - 1] + 1
    after = data[np.minimum(closing + 1, len(data) - 1)]
    shut = np.isin(after, edges) | (after == _QUOTE) | (closing == len(data) - 1)
    bad = np.concatenate((opening[~good], opening[: len(closing)][~shut]))
    if len(opening) > len(closing):
        bad = np.append(bad, opening[-1])
    return int(bad.min()) if len(bad) else -1


def settle_quotes(
    content: bytes, delimiter: str, where: str, asked: Quoting | None = None
) -> tuple[bytes, Quoting, tuple[str, ...]]:
    """The text in the quoting of RFC 4180, if quotes have a meaning at all, how it was quoted, and notes.

    Where nothing is asked for, quotes escaped by a backslash are found; in a tab separated text (IANA
    text/tab-separated-values has no quoting) stray quotes make all quotes ordinary characters. Of a text between single
    quotes both kinds of quotes are exchanged, which `with_quotes_back` undoes in the cells.

    Raises:
        DataError: a quote never closes, or stands inside a cell, with its line.
    """
    if asked == "none":
        return content, "none", ()
    if asked == "single":
        content = content.translate(_SWAPPED)
    if asked == "backslash":
        content = _doubled(content)
    stray = stray_quote(content, delimiter)
    if stray < 0:
        return content, asked or "double", ()
    line = content.count(b"\n", 0, stray) + 1
    if asked is None:
        if b'\\"' in content and stray_quote(doubled := _doubled(content), delimiter) < 0:
            return doubled, "backslash", ("quotes escaped by a backslash were read as quotes",)
        if delimiter == "\t":
            return content, "none", (f"quotes are ordinary characters here (line {line} has one that quotes nothing)",)
    last = content.rfind(b'"') == stray
    problem = "a quote is opened and never closed" if last else "a quote opens or closes in the middle of a cell"
    others = [f'"{way}"' for way in get_args(Quoting) if way != asked]
    raise DataError(
        problem + (f' (read with [data] quoting = "{asked}")' if asked else ""),
        where=f"{where}, line {line}",
        next_move=f"close it, or double every quote inside a quoted cell, or say how cells are quoted: "
        f"[data] quoting = {', '.join(others[:-1])} or {others[-1]}",
    )


def _doubled(content: bytes) -> bytes:
    return re.sub(rb'\\([\\"])', lambda m: b'""' if m[1] == b'"' else b"\\", content)


def with_quotes_back(frame: pl.DataFrame) -> pl.DataFrame:
    """Text cells in which single and double quotes are exchanged."""
    return frame.with_columns(pl.all().str.replace_many(["'", '"'], ['"', "'"]))
