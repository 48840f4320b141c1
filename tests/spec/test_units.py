"""Units of bounds."""

from __future__ import annotations

import pytest

from volvelle.errors import InputError
from volvelle.spec.units import UNITS, convert, quantity, show


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [("2 min", "seconds", 120), ("30s", "seconds", 30), ("1.5 h", "seconds", 5400), ("80 MHz", "1/seconds", 8e7)],
)
def test_quantities_are_converted(text: str, dimension: str, expected: float) -> None:
    """A number with its unit comes out in the dimension's own unit."""
    assert quantity(text, dimension) == expected


@pytest.mark.parametrize("text", ["", "min", "2", "2 parsecs", "0 s", "-3 s", "2 KiB", "1e400 s", "nan s"])
def test_a_bad_quantity_is_refused(text: str) -> None:
    """No number, no unit, a wrong unit and nothing above zero are each an InputError."""
    with pytest.raises(InputError):
        quantity(text, "seconds")


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_converts_to_its_own_dimension_alone(unit: str) -> None:
    """A unit is accepted for its dimension and refused for every other one."""
    dimension, factor = UNITS[unit]
    assert convert(2, unit, dimension) == 2 * factor
    for other in {d for d, _ in UNITS.values()} - {dimension}:
        with pytest.raises(InputError):
            convert(2, unit, other)


def test_values_are_shown_for_people() -> None:
    """Sizes read KiB, short times ms, small numbers keep their digits."""
    assert [show(2048, "bytes"), show(2.5, "seconds"), show(1e-7, "1"), show(47990.3, "1")] == [
        "2.0 KiB",
        "2.50 s",
        "1.0e-07",
        "47,990",
    ]
