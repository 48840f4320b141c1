"""Samples in the data acquisition format that Edge Impulse has published: JSON or CBOR, signed with HMAC-SHA256.

A message holds ``protected`` (``ver``, ``alg``, perhaps ``iat``), ``signature`` and ``payload`` (``device_name``,
``device_type``, ``interval_ms``, ``sensors`` with ``name`` and ``units``, ``values``). The signature is computed over
the encoded message with 64 zeros in its place. Source: "Data acquisition format", documentation of Edge Impulse.

>>> message = {"protected": {"ver": "v1", "alg": "none"}, "signature": "0" * 64, "payload": {"device_type": "PUMP",
...     "interval_ms": 10, "sensors": [{"name": "accX", "units": "m/s2"}], "values": [-9.8, -9.7]}}
>>> sample = opened(sign(message, b"key"), b"key")
>>> sample.signed, sample.rows[1]["accX"], sample.rows[1]["elapsed_ms"], sample.rows[1]["units"]
(True, -9.7, 10, 'accX m/s2')
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeGuard

from volvelle.data.payload import Unreadable, decoded

ZEROS = "0" * 64
SENSORS, VALUES = 100, 1_000_000
"""Sensors, and single values, that a sample may have."""
OWN = ("sample", "device_name", "device_type", "units", "at", "elapsed_ms", "label", "file_name")
"""Columns that are no sensor."""
_FIELDS = {"protected", "signature", "payload"}
_LATEST = 253_402_300_799


class Sample(NamedTuple):
    """One message, checked.

    Attributes:
        rows: one for each moment: sensors by name, and the columns of `OWN` that are known.
        digest: SHA-256 of the message in hexadecimal.
        signed: whether its signature was checked.
    """

    rows: list[dict[str, Any]]
    digest: str
    signed: bool


class BadSignature(Exception):
    """The message is not signed with the key."""


def opened(content: bytes, key: bytes | None) -> Sample:
    """Check and read a message; without a key no signature is checked.

    Raises:
        Unreadable: it is no message of this format.
        BadSignature: there is a key, and the signature is not made with it.
    """
    message = decoded(content)
    if not isinstance(message, dict) or set(message) != _FIELDS:
        raise Unreadable(f"a message has the fields {', '.join(sorted(_FIELDS))} and no others")
    protected, signature, payload = message["protected"], message["signature"], message["payload"]
    if not isinstance(protected, dict) or protected.get("ver") != "v1" or protected.get("alg") not in ("HS256", "none"):
        raise Unreadable("protected says ver = v1 and alg = HS256 or none")
    if not isinstance(signature, str):
        raise Unreadable("the signature is a text")
    if key is not None:
        _verify(content, protected["alg"], signature, key)
    digest = hashlib.sha256(content).hexdigest()
    return Sample(_rows(payload, protected.get("iat"), digest[:16]), digest, key is not None)


def sign(message: dict[str, Any], key: bytes, encode: Callable[[Any], bytes] | None = None) -> bytes:
    """The message, signed and encoded: as JSON, or by `encode`, e.g. ``cbor2.dumps``."""
    encode = encode or (lambda value: json.dumps(value).encode())
    empty = {**message, "protected": {**message["protected"], "alg": "HS256"}, "signature": ZEROS}
    content = encode(empty)
    return encode({**empty, "signature": hmac.new(key, content, hashlib.sha256).hexdigest()})


def _verify(content: bytes, algorithm: str, signature: str, key: bytes) -> None:
    """Compare in constant time with the signature of the message that has zeros there."""
    text = signature.encode("utf-8", "replace")
    if algorithm != "HS256" or len(text) != len(ZEROS) or content.count(text) != 1:
        raise BadSignature("the message is not signed with HS256: 64 hexadecimal digits, in one place")
    wanted = hmac.new(key, content.replace(text, ZEROS.encode()), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), text.lower()):
        raise BadSignature("the signature does not belong to this message and key")


def _rows(payload: Any, issued: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(payload, dict):
        raise Unreadable("the payload is an object")
    interval = payload.get("interval_ms")
    if not _is_number(interval) or not 0 <= interval < 1e12:
        raise Unreadable("interval_ms is a number from 0 on")
    about = {"sample": name}
    for field in ("device_name", "device_type"):
        if field in payload or field == "device_type":
            text = payload.get(field)
            if not isinstance(text, str) or not 0 < len(text) <= 200:
                raise Unreadable(f"{field} is a text of 1 to 200 characters")
            about[field] = text
    sensors, about["units"] = _sensors(payload.get("sensors"))
    start = _start(issued)
    rows = []
    for position, values in enumerate(_values(payload.get("values"), len(sensors))):
        elapsed = position * interval
        at = {} if start is None else {"at": datetime.fromtimestamp(start + elapsed / 1000, UTC)}
        rows.append({**about, **at, "elapsed_ms": elapsed, **dict(zip(sensors, values, strict=True))})
    return rows


def _start(issued: Any) -> float | None:
    if issued is None:
        return None
    if not _is_number(issued) or not 0 <= issued < _LATEST / 2:
        raise Unreadable("iat is a number of seconds since 1970")
    return float(issued)


def _sensors(given: Any) -> tuple[list[str], str]:
    """Names of the sensors, and their units as one text: a unit that changes shows as a second value of a column."""
    if not isinstance(given, list) or not 0 < len(given) <= SENSORS:
        raise Unreadable(f"sensors is a list of 1 to {SENSORS}")
    names, units = [], []
    for sensor in given:
        if not isinstance(sensor, dict) or not all(isinstance(sensor.get(f), str) for f in ("name", "units")):
            raise Unreadable("a sensor has a name and units, both texts")
        if sensor["name"] in names or sensor["name"] in OWN or not sensor["name"]:
            raise Unreadable(f"{sensor['name'][:60]!r} cannot be the name of a sensor, or stands there twice")
        names.append(sensor["name"])
        units.append(f"{sensor['name']} {sensor['units']}")
    return names, ", ".join(units)


def _values(given: object, sensors: int) -> list[list[float]]:
    if not isinstance(given, list) or not 0 < len(given) * sensors <= VALUES:
        raise Unreadable(
            f"values is a list of at most {VALUES:,} numbers in all; files beside the message are not taken"
        )
    rows = [row if isinstance(row, list) else [row] for row in given]
    for position, row in enumerate(rows):
        if len(row) != sensors or not all(_is_number(value) for value in row):
            raise Unreadable(f"values[{position}] is not {sensors} finite numbers, one for each sensor")
    return [[float(value) for value in row] for row in rows]


def _is_number(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < 1e300
