"""Scales of a chart: round ticks, positions, short numbers."""

from __future__ import annotations

import math
import unicodedata
from typing import NamedTuple


class Scale(NamedTuple):
    """A straight line from values to positions in a drawing."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Position of a value; values outside stay at the ends.

        >>> Scale(0, 10, 100, 200).at(2.5)
        125.0
        """
        if self.high == self.low:
            return (self.start + self.end) / 2
        # Halves keep the difference of two very large ends finite.
        share = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values inside ``[low, high]``, about as many as wanted, in steps of 1, 2 or 5.

    >>> ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> ticks(3, 3)
    [3]
    """
    span = high / 2 - low / 2
    if not span > 0 or not math.isfinite(span):
        return [low]
    rough = 2 * (span / wanted)
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 1e-300 else 0.0
    if not power or not math.isfinite(power * 10):
        return [low, high]
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round(k * step, digits) for k in range(first, last + 1)] if last - first <= 50 else [low, high]


def widened(low: float, high: float, share: float = 0.08) -> tuple[float, float]:
    """A little room at both ends; one unit where there is no width.

    >>> widened(0, 10, 0.1)
    (-1.0, 11.0)
    """
    room = (high - low) * share
    if room > 0 and math.isfinite(room):
        return low - room, high + room
    return (low - 1, high + 1) if low == high and abs(low) < 1e15 else (low, high)


def short(value: float) -> str:
    """A number in few characters.

    >>> short(0.25), short(1500), short(2500000), short(-0.0), short(1e-7)
    ('0.25', '1.5k', '2.5M', '0', '1e-07')
    """
    size = abs(value)
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if limit <= size < 1e12 and not (letter == "k" and size < 1e4 and size % 1 == 0 and size % 100):
            return f"{value / limit:.4g}{letter}"
    return f"{value + 0.0:.4g}"


def number(position: float) -> str:
    """A position in SVG: one decimal, no trailing zero.

    >>> number(12.0), number(3.14159), number(-0.01)
    ('12', '3.1', '0')
    """
    shown = f"{position:.1f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def span(text: str) -> float:
    """About the width of a text in letters of 12 units, rather too wide than too narrow.

    >>> span("ill") < span("abc") < span("WWW")
    True
    """
    return sum(_letter(c) for c in text)


def fit(text: str, room: float) -> str:
    """The text, or its two ends with an ellipsis, so that it fits into so many units.

    >>> fit("short", 100), fit("a rather long name", 70)
    ('short', 'a rath…me')
    """
    if span(text) <= room:
        return text
    for kept in range(len(text) - 1, 0, -1):
        tail = kept // 3
        shown = f"{text[: kept - tail]}…{text[len(text) - tail :]}"
        if span(shown) <= room:
            return shown
    return "…"


def _letter(character: str) -> float:
    if character in "iljtfr.,:;!|'()[] ":
        return 4.8
    if unicodedata.east_asian_width(character) in "WF":
        return 13.0
    if character in "mwMW@%…&":
        return 12.0
    return 9.2 if character.isupper() else 7.3
