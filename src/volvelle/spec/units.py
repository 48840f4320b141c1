"""Units of bounds: what may stand behind a number, and what it is worth.

Sizes follow IEC 80000-13 (1 KiB = 1024 bytes, 1 kB = 1000 bytes).
"""

from __future__ import annotations

from volvelle.errors import InputError, near

UNITS: dict[str, tuple[str, float]] = {
    "%": ("1", 0.01),
    "B": ("bytes", 1),
    "bytes": ("bytes", 1),
    "byte": ("bytes", 1),
    "kB": ("bytes", 1e3),
    "KB": ("bytes", 1e3),
    "MB": ("bytes", 1e6),
    "GB": ("bytes", 1e9),
    "KiB": ("bytes", 2**10),
    "MiB": ("bytes", 2**20),
    "GiB": ("bytes", 2**30),
    "ns": ("seconds", 1e-9),
    "us": ("seconds", 1e-6),
    "µs": ("seconds", 1e-6),
    "ms": ("seconds", 1e-3),
    "s": ("seconds", 1),
    "sec": ("seconds", 1),
    "min": ("seconds", 60),
    "h": ("seconds", 3600),
    "d": ("seconds", 86400),
    "Hz": ("1/seconds", 1),
    "kHz": ("1/seconds", 1e3),
    "MHz": ("1/seconds", 1e6),
    "GHz": ("1/seconds", 1e9),
    "/s": ("1/seconds", 1),
    "/min": ("1/seconds", 1 / 60),
}
"""Symbol: (dimension, factor to the dimension's own unit)."""


_EXAMPLES = {"seconds": "2 min", "bytes": "64 KiB", "1/seconds": "80 MHz"}


def convert(amount: float, unit: str, dimension: str) -> float:
    """`amount` of `unit` in the own unit of `dimension`.

    >>> convert(64, "KiB", "bytes")
    65536.0
    >>> convert(5, "ms", "seconds")
    0.005

    Raises:
        InputError: the unit is unknown, absent where one is needed, or of another dimension.
    """
    if not unit:
        if dimension in ("1", "count"):
            return float(amount)
        raise InputError(f"{amount:g} needs a unit", next_move=f"write one of {', '.join(of(dimension))}")
    if unit not in UNITS:
        raise InputError(f"unit {unit!r} is not known", next_move=near(unit, UNITS))
    found, factor = UNITS[unit]
    if found != dimension:
        fits = ", ".join(of(dimension)) or "no unit"
        raise InputError(f"unit {unit!r} measures {found}, and {dimension} is wanted", next_move=f"use {fits}")
    return float(amount * factor)


def of(dimension: str) -> tuple[str, ...]:
    """The symbols that measure one dimension."""
    return tuple(symbol for symbol, (found, _) in UNITS.items() if found == dimension)


def quantity(text: str, dimension: str) -> float:
    """A text such as ``"2 min"`` in the own unit of `dimension`.

    >>> quantity("2 min", "seconds")
    120.0

    Raises:
        InputError: no positive number with a fitting unit.
    """
    body = text.strip()
    end = len(body)
    while end and not (body[end - 1].isdigit() or body[end - 1] == "."):
        end -= 1
    try:
        amount = float(body[:end])
    except ValueError as error:
        example = f"e.g. '{_EXAMPLES.get(dimension, '5')}'"
        raise InputError(f"{text!r} is not a number with a unit", next_move=example) from error
    value = convert(amount, body[end:].strip(), dimension)
    if not 0 < value < float("inf"):
        raise InputError(f"{text!r} is not above zero")
    return value


def show(value: float, dimension: str) -> str:
    """A value for people: sizes in KiB, times in µs, ms or s, the rest with three decimals.

    >>> show(65536, "bytes"), show(84, "bytes"), show(0.005, "seconds"), show(5e-6, "seconds")
    ('64.0 KiB', '84 B', '5.00 ms', '5.00 µs')
    """
    if dimension == "bytes":
        return f"{value / 1024:.1f} KiB" if value >= 1024 else f"{value:.0f} B"
    if dimension == "seconds":
        unit, factor = ("s", 1.0) if value >= 1 else ("ms", 1e3) if value >= 1e-3 or not value else ("µs", 1e6)
        return f"{value * factor:.2f} {unit}"
    if dimension == "1/seconds":
        return f"{value:g} /s"
    if dimension == "count":
        return f"{value:,.0f}"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size and size < 1e-3:
        return f"{value:.1e}"
    return f"{value:.3f}"
