"""Payloads of messages: JSON and CBOR are read, anything else is one clear reason."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from volvelle.data.payload import LONGEST, Unreadable, decoded, records_of

PATIENT = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.text())
RECORDS = st.lists(st.dictionaries(st.text(min_size=1), SCALARS, min_size=1, max_size=4), min_size=1, max_size=4)


@PATIENT
@given(RECORDS)
def test_json_and_cbor_give_the_same_records(records: list[dict[str, Any]]) -> None:
    """What is encoded either way comes back, one record or a list."""
    text = json.dumps(records, allow_nan=False) if all(_finite(r) for r in records) else None
    if text is not None:
        assert records_of(text.encode()) == records
    assert records_of(cbor2.dumps(records)) == records
    assert records_of(cbor2.dumps(records[0])) == records[:1]


def _finite(record: dict[str, Any]) -> bool:
    return not any(isinstance(v, float) and v in (float("inf"), float("-inf")) for v in record.values())


@PATIENT
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    """Random bytes are read, or are unreadable; nothing else is raised."""
    with contextlib.suppress(Unreadable):
        assert all(isinstance(record, dict) for record in records_of(content))


@PATIENT
@given(RECORDS, st.data())
def test_damaged_cbor_raises_nothing_else(records: list[dict[str, Any]], data: st.DataObject) -> None:
    """A message with a byte changed or its end cut off is read, or unreadable."""
    content = bytearray(cbor2.dumps(records))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Unreadable):
        records_of(bytes(content[: data.draw(st.integers(0, len(content)))]))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"21.5", "no record"),
        (b"[]", "no record"),
        (b"{}", "no record"),
        (b"[1]", "no record"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": 1', "no JSON"),
        (b'{"a": 1} {"a": 2}', "no JSON"),
        (b'{"a": {"b": 1}, "a.b": 2}', "two values"),
        (b'{"a": "\xff"}', "no JSON"),
        (b"[" * 100_000, "no JSON|nested"),
        (b'{"a": ' * 20 + b"1" + b"}" * 20, "nested"),
        (b"\x81" * 5_000, "no CBOR"),
        (cbor2.dumps({1: 2}), "key is no text"),
        (b"\xa2\x61a\x01\x61a\x02", "no CBOR"),
        (b"\xa1\x61a\xd8\x1c\x81\xd8\x1d\x00", "nested|no CBOR"),
        (b"\xbb" + b"\xff" * 8, "no CBOR"),
        (b" " * (LONGEST + 1), "more than"),
    ],
)
def test_hostile_payloads_are_refused(content: bytes, reason: str) -> None:
    """Each is refused with its reason, at once."""
    with pytest.raises(Unreadable, match=reason):
        records_of(content)


def test_objects_are_unfolded_and_lists_stay() -> None:
    """Objects inside become columns; a list is one value."""
    assert records_of(b'{"a": {"b": {"c": 1}}, "d": [1, 2]}') == [{"a.b.c": 1, "d": [1, 2]}]
    assert decoded(cbor2.dumps({"x": b"\x01"})) == {"x": b"\x01"}
