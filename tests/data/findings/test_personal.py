"""Which cells are called personal data."""

from __future__ import annotations

import pytest

from volvelle.data.findings.personal import find
from volvelle.data.table import Table


@pytest.mark.parametrize(
    ("what", "cells"),
    [
        ("telephone numbers", ["+49 30 1234567", "(555) 123-4567", "555-123-4567", "0171 123 45 67"]),
        ("telephone numbers", ["0171 1234567", "030/1234567", "(030) 1234567", "555.123.4567"]),
        ("account numbers (IBAN)", ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "NO9386011117947"]),
        ("card numbers", ["4111 1111 1111 1111", "4111-1111-1111-1111", "3782 822463 10005"]),
        ("social security numbers", ["123-45-6789", "078-05-1120"]),
        ("network addresses", ["192.168.0.1", "10.0.0.255"]),
        ("e-mail addresses", ["ana@example.com", "li.wu+x@mail.example.org"]),
    ],
)
def test_forms_that_are_personal(what: str, cells: list[str]) -> None:
    """Each usual way of writing is known and called what it is."""
    for cell in cells:
        [found] = find(Table.of({"x": [cell] * 3}))
        assert (found.severity, f"holds {what} in 3 of 3" in found.sentence) == ("high", True), cell


@pytest.mark.parametrize(
    "cell",
    [
        *("2024-01-31", "31.01.2024", "01/31/2024", "2024-01-31 12:30:00", "2024/001-23", "2023-2024"),
        *("1.2.3", "10.0.19041.388", "v1.2.3.4", "100-200-300", "AB12CDEF3456", "978-3-16-148410-0"),
        *("12.5", "1,234.50", "12 345 678", "12 345 678 901", "1.234.567.890", "52.5200 13.4050"),
    ],
)
def test_forms_that_are_not(cell: str) -> None:
    """Dates, versions, part numbers and decimals raise no alarm."""
    assert find(Table.of({"x": [cell] * 3})) == []
