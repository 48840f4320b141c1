"""One cell of JSON as `encode` reads it, in plain Python: a server answers single rows and holds no tables.

Each row is read by itself, as `encode` reads a frame of that row alone, so that no answer depends on the rows beside
it: ``13/01/2024`` is a day, ``03/01/2024`` is refused, for nothing in the row tells the day from the month. What is
not a cell, such as a list, is refused. Tests hold the two readers against each other.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from typing import Any

from volvelle.data.markers import MISSING
from volvelle.model.signature import MISSING_CODE, MISSING_TIME, UNSEEN_CODE, Feature
from volvelle.model.word_codes import NO_WORD, word_code, words_of

TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")
_BLANK = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""White space of the Unicode standard; Python's own strip takes four control characters more."""
_CLOCK = r"(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?"
_ISO = re.compile(rf"(\d{{4}})-(\d{{2}})-(\d{{2}})(?:[T ]{_CLOCK}(Z|[+-]\d{{2}}:?\d{{2}})?)?", re.ASCII)
_CLOCK_OF_PARTS = r"(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[/.](\d{{1,2}})[/.](\d{{1,2}}){_CLOCK_OF_PARTS}", re.ASCII)
_PARTS = re.compile(rf"(\d{{1,2}})([-./])(\d{{1,2}})[-./](\d{{4}}){_CLOCK_OF_PARTS}", re.ASCII)
_INT64 = 2**63
REFUSED = "a missing value, which this field refuses"


class Unfit(Exception):
    """A cell that its feature does not take; says why without echoing the cell.

    Args:
        problem: why.
        reason: the same in a word: ``type``, ``missing`` or ``unseen``.
    """

    def __init__(self, problem: str, reason: str = "type") -> None:
        super().__init__(problem)
        self.reason = reason


def reader(feature: Feature) -> Callable[[Any], Any]:
    """The function that reads cells of a feature: a float, a code, seconds since 1970, or hashes of words.

    >>> read = reader(Feature(name="site", kind="category", categories=("n", "s")))
    >>> read(" s "), read(None), read("w")
    (1, -1, -2)

    It raises `Unfit` where the cell is not of the feature's kind, or is missing or unseen where that is refused. A
    number that is missing, infinite or outside of declared bounds is NaN; whether that is refused, is asked of the
    whole matrix (see `volvelle.serve.answering`).
    """
    markers = frozenset(MISSING) - frozenset(feature.categories)
    if feature.kind in ("number", "integer"):
        return lambda cell: number(cell, markers)
    codes = {name: code for code, name in enumerate(feature.categories)}
    allowed, known = feature.missing == "allow", feature.unseen == "allow"

    def category(cell: Any) -> int:
        text = text_of(cell, markers)
        if text is not None and feature.kind == "boolean":
            text = flag(text)
        code = MISSING_CODE if text is None else codes.get(text, UNSEEN_CODE)
        if code == MISSING_CODE and not allowed:
            raise Unfit(REFUSED, "missing")
        if code == UNSEEN_CODE and not known:
            raise Unfit("a category that training never saw, which this field refuses", "unseen")
        return code

    def time(cell: Any) -> int:
        found = seconds(cell, markers)
        if found is None and not allowed:
            raise Unfit(REFUSED, "missing")
        return MISSING_TIME if found is None else found

    def words(cell: Any) -> list[int]:
        text = text_of(cell, markers)
        if text is None and not allowed:
            raise Unfit(REFUSED, "missing")
        found = [word_code(word) for word in words_of(text or "")[: feature.length]]
        return found + [NO_WORD] * (feature.length - len(found))

    return {"time": time, "text": words}.get(feature.kind, category)


def number(cell: Any, markers: frozenset[str]) -> float:
    """A cell as a number; NaN where it is missing.

    >>> number("2.5", frozenset()), number(True, frozenset())
    (2.5, 1.0)

    Raises:
        Unfit: it is none.
    """
    if isinstance(cell, (int, float)):
        try:
            return float(cell)
        except OverflowError:
            return float("inf")
    text = text_of(cell, markers)
    if text is None:
        return float("nan")
    if text.isascii() and "_" not in text and text.isprintable():
        try:
            return float(text)
        except ValueError:
            pass
    raise Unfit("not a number")


def text_of(cell: Any, markers: frozenset[str]) -> str | None:
    """A cell as text without blanks around it; None where it is missing. Whole numbers have no point.

    >>> text_of(3.0, frozenset()), text_of(True, frozenset()), text_of(" ? ", frozenset("?"))
    ('3', 'true', None)

    Raises:
        Unfit: it is a list or a record.
    """
    if cell is None:
        return None
    if isinstance(cell, str):
        text = cell.strip(_BLANK)
        return None if text in markers else text
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        if cell - cell != 0:
            return None
        return str(int(cell)) if cell == int(cell) and abs(cell) < 2**53 else _shortest(cell)
    raise Unfit("a list or a record, where one value is taken")


def _shortest(value: float) -> str:
    """As `encode` writes fractions: an exponent has no leading zero, and begins at 1e-7."""
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        return digits
    power = int(exponent)
    if -7 < power < 0:
        sign, digits = ("-", digits[1:]) if digits[0] == "-" else ("", digits)
        return f"{sign}0.{'0' * (-power - 1)}{digits.replace('.', '')}"
    return f"{digits}e{power:+d}" if power > 0 else f"{digits}e{power}"


def flag(text: str) -> str:
    """``true`` or ``false``.

    Raises:
        Unfit: it is neither.
    """
    word = text.lower()
    if word in TRUE:
        return "true"
    if word in FALSE:
        return "false"
    raise Unfit("neither true nor false")


def seconds(cell: Any, markers: frozenset[str]) -> int | None:
    """Whole seconds since 1970 UTC; None where it is missing. An integer is such seconds already.

    >>> seconds("2024-03-31T14:30:00+02:00", frozenset()), seconds("31.3.2024", frozenset())
    (1711888200, 1711843200)

    Raises:
        Unfit: it is no time.
    """
    if isinstance(cell, int) and not isinstance(cell, bool):
        if not -_INT64 <= cell < _INT64:
            raise Unfit("no time: beyond 64 bits")
        return cell
    text = text_of(cell, markers)
    if text is None:
        return None
    if found := _ISO.fullmatch(text):
        year, month, day, hour, minute, second, zone = found.groups()
        return _moment((year, month, day), (hour, minute, second)) - _offset(zone)
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day, *clock = found.groups()
        return _moment((year, month, day), clock)
    if found := _PARTS.fullmatch(text):
        first, mark, second, year, *clock = found.groups()
        if int(first) > 12 or (mark == "." and int(second) <= 12):
            return _moment((year, second, first), clock)
        if int(second) > 12:
            return _moment((year, first, second), clock)
        raise Unfit("no clear time: day and month cannot be told apart; write ISO 8601")
    raise Unfit("not a time; write ISO 8601, such as 2024-03-31T14:30:00Z")


def _moment(date: tuple[str, str, str], clock: list[str | None] | tuple[str | None, ...]) -> int:
    year, month, day = map(int, date)
    hour, minute, second = (int(part or 0) for part in clock)
    # The calendar of Python begins with the year 1; 400 years are a whole turn of it.
    turn = year + 400
    if not (1 <= month <= 12 and 1 <= day <= monthrange(turn, month)[1] and hour < 24 and minute < 60 and second <= 60):
        raise Unfit("not a time: there is no such day or hour")
    past = turn - (month <= 2)
    days = past * 365 + past // 4 - past // 100 + past // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return (days - _EPOCH) * 86_400 + hour * 3_600 + minute * 60 + second


_EPOCH = 719_468 + 146_097
"""Days from 1 March of the year -400 to 1 January 1970 (Howard Hinnant, chrono-compatible date algorithms, 2014)."""


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:
        raise Unfit("not a time: there is no such offset from UTC")
    return (hours * 3_600 + minutes * 60) * (-1 if zone[0] == "-" else 1)
