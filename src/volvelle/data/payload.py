"""The payload of one message as records: JSON or CBOR, one object or a list of them.

The first byte tells which: no JSON begins as a CBOR map, array or tag does (RFC 8259; RFC 8949, section 3).

>>> records_of(b'{"heat": 21.5, "place": {"hall": 2}}')
[{'heat': 21.5, 'place.hall': 2}]
>>> records_of(cbor2.dumps([{"heat": 21}, {"heat": 22}]))
[{'heat': 21}, {'heat': 22}]
"""

from __future__ import annotations

from typing import Any

import cbor2

from volvelle.data.objects import flat, parse_json

LONGEST = 2**20
"""Bytes that a message may have."""
DEEPEST = 16
_CBOR = range(0x80, 0xE0)


class Unreadable(Exception):
    """A payload, or a record in it, cannot be read; the text says why."""


def records_of(payload: bytes) -> list[dict[str, Any]]:
    """The records, objects inside them unfolded.

    Raises:
        Unreadable: it is neither JSON nor CBOR, no record or a list of them, or too long.
    """
    value = decoded(payload)
    rows = value if isinstance(value, list) else [value]
    if not rows or not all(isinstance(row, dict) and row for row in rows):
        raise Unreadable("this is no record, and no list of records")
    try:
        return [flat(row) for row in rows]
    except ValueError as error:
        raise Unreadable(str(error)) from error


def decoded(payload: bytes) -> Any:
    """The value of a payload; keys of its objects are texts.

    Raises:
        Unreadable: it is neither JSON nor CBOR, has a key twice, or is too long or nested too deeply.
    """
    if len(payload) > LONGEST:
        raise Unreadable(f"{len(payload):,} bytes are more than {LONGEST:,}")
    if not payload:
        raise Unreadable("the message is empty")
    try:
        if payload[0] in _CBOR:
            value = cbor2.loads(payload, max_depth=DEEPEST, allow_duplicate_keys=False)
        else:
            value = parse_json(payload.decode("utf-8"))
    except RecursionError as error:
        raise Unreadable("its values are nested too deeply") from error
    except (ValueError, cbor2.CBORError) as error:
        what = "CBOR" if payload[0] in _CBOR else "JSON"
        raise Unreadable(f"this is no {what}: {str(error)[:120]}") from error
    _check(value)
    return value


def _check(value: Any, depth: int = 0) -> None:
    """Refuse what a row cannot hold, and values that hold themselves (CBOR can share them)."""
    if depth > DEEPEST:
        raise Unreadable("its values are nested too deeply")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise Unreadable("a key is no text")
        for inside in value.values():
            _check(inside, depth + 1)
    elif isinstance(value, list | tuple):
        for inside in value:
            _check(inside, depth + 1)
