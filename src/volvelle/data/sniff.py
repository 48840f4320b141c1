"""What a delimited text does not say about itself: delimiter, header and decimal mark.

Each guess is conservative, goes into the notes, and can be overruled in the spec.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from volvelle.data.grid import measure, stray_quote

_SAMPLE = 256 * 2**10
_DELIMITERS = "\t;|,"
"""In order of preference: a comma is also a decimal mark."""
_VALUE = r"^[+-]?[.,]?\d"
_COMMA = r"^[+-]?\d+,\d+([eE][+-]?\d+)?$"
_POINT = r"^[+-]?\d+\.\d+([eE][+-]?\d+)?$"
_GROUPED = r"^[+-]?\d{1,3}([.,]\d{3})+$"
_EMPTY = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL")


def delimiter_of(content: bytes) -> str | None:
    """The delimiter that most rows share the same number of; None for a single column.

    >>> delimiter_of(b"a;b\\n1,5;2\\n"), delimiter_of(b"word\\nyes, no\\nno\\n")
    (';', None)
    """
    cut = len(content) > _SAMPLE
    sample = content[:_SAMPLE].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    best: tuple[float, str] | None = None
    for delimiter in _DELIMITERS:
        stray = stray_quote(sample, delimiter)
        grid = measure(sample, delimiter, quoted=stray < 0 or (cut and sample.rfind(b'"') == stray))
        if cut and len(grid.cells) > 1:
            grid = grid.keep(np.arange(len(grid.cells)) < len(grid.cells) - 1)
        rows = np.array([a < b and sample[a] != ord("#") for a, b in zip(grid.starts, grid.ends, strict=True)], bool)
        cells = grid.cells[rows] if rows.any() else grid.cells
        if not len(cells):
            continue
        values, counts = np.unique(cells, return_counts=True)
        usual, share = int(values[counts.argmax()]), float(counts.max() / len(cells))
        fits = usual > 1 and (cells[0] > 1 or share >= 0.9)
        if fits and (best is None or share > best[0] + 1e-9):
            best = (share, delimiter)
    return best[1] if best else None


def has_header(frame: pl.DataFrame) -> bool:
    """Whether the first row names the columns: its cells differ in nature from the cells below.

    Every column votes: a word above values speaks for a header, a value above values against it,
    and so does a word that appears again below. A tie is a header.

    >>> has_header(pl.DataFrame({"0": ["x", "1", "2"], "1": ["city", "Oslo", "Bern"]}))
    True
    >>> has_header(pl.DataFrame({"0": ["ham", "spam", "ham"]}))
    False
    """
    if frame.height < 2:
        return True
    votes = 0
    for column in frame.head(1000).iter_columns():
        cells = column.str.strip_chars()
        first, rest = cells[0], cells[1:]
        rest = rest.filter(~rest.is_in(list(_EMPTY)))
        if not len(rest) or first in _EMPTY:
            continue
        like_values = rest.str.contains(_VALUE).mean()
        if isinstance(like_values, float) and like_values >= 0.9:
            votes += -1 if pl.Series([first]).str.contains(_VALUE)[0] else 1
        elif (rest == first).any():
            votes -= 1
    return votes >= 0


def decimal_of(frame: pl.DataFrame) -> Literal[".", ","]:
    """The decimal mark: a comma when a column is written with it and none with a point.

    Cells such as ``1.234`` or ``1,234`` may be grouped thousands and prove nothing.

    >>> decimal_of(pl.DataFrame({"a": ["1,5", "2"], "b": ["1.000", "2.000"]}))
    ','
    """
    comma = point = False
    for column in frame.head(1000).iter_columns():
        cells = column.str.strip_chars()
        cells = cells.filter(~cells.is_in(list(_EMPTY)))
        if not len(cells):
            continue
        proof = ~cells.str.contains(_GROUPED)
        for mark in (_COMMA, _POINT):
            written = cells.str.contains(mark)
            fits = (written | cells.str.contains(r"^[+-]?\d+$")).all()
            if fits and bool((written & proof).any()):
                comma, point = comma or mark == _COMMA, point or mark == _POINT
    return "," if comma and not point else "."
