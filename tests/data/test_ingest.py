"""HTTP ingestion: real requests in the published format, sound, tampered and hostile."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listening import Heard, heard  # type: ignore[import-not-found]

from volvelle.data.acquisition import BadSignature, opened, sign
from volvelle.data.collect import collect
from volvelle.data.payload import LONGEST, Unreadable
from volvelle.data.sources import ingest
from volvelle.errors import DataError, ServiceError
from volvelle.spec.requirements import Data

KEY = "fed53116f20684c0"
MESSAGE: dict[str, Any] = {
    "protected": {"ver": "v1", "alg": "HS256", "iat": 1564128599},
    "signature": "",
    "payload": {
        "device_name": "ac:87:a3:0a:2d:1b",
        "device_type": "DISCO-L475VG-IOT01A",
        "interval_ms": 10,
        "sensors": [{"name": "accX", "units": "m/s2"}, {"name": "accY", "units": "m/s2"}],
        "values": [[-9.81, 0.03], [-9.83, 0.04], [-9.12, 0.03]],
    },
}
PATIENT = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def changed(**payload: Any) -> dict[str, Any]:
    """The message with other fields in its payload."""
    return {**MESSAGE, "payload": {**MESSAGE["payload"], **payload}}


def post(listener: Heard, content: bytes, path: str = ingest.PATH, **headers: str) -> tuple[int, str]:
    """Send one request; status and text of the answer."""
    place = urlsplit(listener.address())
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
    named = {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    connection.request("POST", path, content, named)
    answer = connection.getresponse()
    try:
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """A server with a key, on a free port."""
    monkeypatch.setenv("SENSORS_KEY", KEY)
    with heard(ingest, "sensors?port=0&hmac=${SENSORS_KEY}", tmp_path) as made:
        yield made


def test_signed_samples_become_rows(listener: Heard, tmp_path: Path) -> None:
    """A row is one moment of a sample, with its device, label, time and units; JSON and CBOR are the same."""
    signed = sign(MESSAGE, KEY.encode())
    assert post(listener, signed, x_label="idle", x_file_name="idle.01")[0] == 200
    other = changed(device_name="b", interval_ms=0.5, values=[[1, 2]])
    assert post(listener, sign(other, KEY.encode(), cbor2.dumps), content_type="application/cbor")[0] == 200
    frame, _ = collect(Data(source="ingest:sensors?hmac=${SENSORS_KEY}"), {}, tmp_path)
    assert frame["accX"].to_list() == [-9.81, -9.83, -9.12, 1.0]
    assert frame["at"].dt.to_string("%T%.3f").to_list() == [
        "08:09:59.000",
        "08:09:59.010",
        "08:09:59.020",
        "08:09:59.000",
    ]
    assert frame["label"].to_list() == ["idle"] * 3 + [None]
    assert frame["file_name"].to_list() == ["idle.01"] * 3 + [None]
    assert frame["elapsed_ms"].to_list() == [0.0, 10.0, 20.0, 0.0]
    assert frame["units"].unique().to_list() == ["accX m/s2, accY m/s2"]
    assert frame["sample"].n_unique() == 2
    assert KEY not in json.dumps(frame.to_dicts(), default=str)


def test_a_message_is_kept_once(tmp_path: Path) -> None:
    """A signed message that comes again counts once; an unsigned one does where the published header asks for it."""
    unsigned = json.dumps({**MESSAGE, "protected": {"ver": "v1", "alg": "none"}}).encode()
    with heard(ingest, "sensors?port=0", tmp_path) as plain:
        assert "signatures are not checked" in plain.said[0]
        for _ in range(2):
            assert post(plain, unsigned)[0] == 200
        for _ in range(2):
            assert post(plain, unsigned, x_disallow_duplicates="true")[0] == 200
    assert plain.table.count() == 9


def test_signed_messages_are_kept_once(listener: Heard) -> None:
    """Whoever records a signed message and sends it again changes nothing."""
    for _ in range(3):
        assert post(listener, sign(MESSAGE, KEY.encode()))[0] == 200
    assert listener.table.count() == 3


@PATIENT
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), cbor=st.booleans())
def test_no_changed_byte_is_accepted(place: int, byte: int, cbor: bool) -> None:
    """A signed message with any byte changed is refused, whichever the byte."""
    content = bytearray(sign(MESSAGE, KEY.encode(), cbor2.dumps if cbor else None))
    place %= len(content)
    digit = content[place : place + 1].lower() == bytes([byte]).lower()
    content[place] = byte
    if bytes(content) == sign(MESSAGE, KEY.encode(), cbor2.dumps if cbor else None) or digit:
        return
    with pytest.raises((BadSignature, Unreadable)):
        opened(bytes(content), KEY.encode())


def tampered() -> dict[str, tuple[bytes, int]]:
    signed = sign(MESSAGE, KEY.encode())
    given_one = json.loads(signed)
    text = given_one["signature"]
    return {
        "another key": (sign(MESSAGE, b"another"), 401),
        "no signature": (json.dumps({**MESSAGE, "protected": {"ver": "v1", "alg": "none"}}).encode(), 401),
        "empty signature": (json.dumps(MESSAGE).encode(), 401),
        "another value": (signed.replace(b"-9.83", b"-9.84"), 401),
        "another device": (signed.replace(b"ac:87", b"ac:88"), 401),
        "signature twice": (signed.replace(b"DISCO-L475VG-IOT01A", text.encode()), 401),
        "key twice": (signed[:-1] + b', "signature": "x"}', 400),
        "a digit changed": (
            signed.replace(text.encode(), (text[:-1] + ("0" if text[-1] != "0" else "1")).encode()),
            401,
        ),
        "more after it": (signed + b" {}", 400),
        "half of it": (signed[: len(signed) // 2], 400),
        "no JSON": (b"hello", 400),
        "nothing": (b"", 400),
        "a list": (b"[1]", 400),
        "a field more": (json.dumps({**given_one, "x": 1}).encode(), 400),
    }


@pytest.mark.parametrize("name", sorted(tampered()))
def test_tampered_messages_are_refused(name: str, listener: Heard) -> None:
    """Each is refused with a sentence, and nothing of it is kept."""
    content, code = tampered()[name]
    status, text = post(listener, content)
    assert (status, bool(text.strip())) == (code, True)
    assert listener.table.count() == 0


@pytest.mark.parametrize(
    "payload",
    [
        {"values": []},
        {"values": [[1]]},
        {"values": [[1, "2"]]},
        {"values": [[1, None]]},
        {"values": [[1, True]]},
        {"values": [[1, 1e400]]},
        {"values": "Ref-BINARY-i16 (32000)"},
        {"interval_ms": -1},
        {"interval_ms": "10"},
        {"interval_ms": None},
        {"sensors": []},
        {"sensors": [{"name": "accX", "units": "g"}] * 2},
        {"sensors": [{"name": "label", "units": "g"}, {"name": "x", "units": "g"}]},
        {"sensors": [{"name": "x"}, {"name": "y"}]},
        {"device_type": ""},
        {"device_type": 7},
        {"device_name": "x" * 300},
    ],
    ids=str,
)
def test_payloads_out_of_form_are_refused(payload: dict[str, Any], listener: Heard) -> None:
    """Well signed, and yet no sample: 400 with the field that is wrong."""
    status, text = post(listener, sign(changed(**payload), KEY.encode()))
    assert status == 400
    assert any(word in text for word in (*payload, "values", "sensor", "Infinity"))


def test_one_sensor_may_leave_the_inner_list_out(listener: Heard) -> None:
    """Values of a single sensor are a plain list."""
    one = changed(sensors=[{"name": "audio", "units": "wav"}], values=[1, 2, 3])
    assert post(listener, sign(one, KEY.encode()))[0] == 200
    assert listener.table.read()["audio"].to_list() == [1.0, 2.0, 3.0]


def test_clear_answers(listener: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong path, method, type, length and size are each told by their own code."""
    signed = sign(MESSAGE, KEY.encode())
    assert post(listener, signed, "/api/testing/data")[0] == 404
    assert post(listener, signed, content_type="text/csv")[0] == 415
    assert post(listener, b" " * (LONGEST + 1))[0] == 413
    assert post(listener, signed, x_label="x" * 300)[0] == 400
    place = urlsplit(listener.address())
    for request, code in (
        (b"GET /api/training/data HTTP/1.1\r\nhost: x\r\n\r\n", b"405"),
        (b"POST /api/training/data HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\r\n", b"411"),
        (
            b"POST /api/training/data HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
            b"411",
        ),
        (
            b"POST /api/training/data HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"content-length: " + b"9" * 5_000 + b"\r\n\r\n",
            b"413",
        ),
        (b"nonsense\r\n\r\n", b"400"),
    ):
        with socket.create_connection((str(place.hostname), place.port), timeout=10) as sent:
            sent.sendall(request)
            assert code in sent.recv(1000)
    monkeypatch.setenv("SENSORS_API", "k3y")
    with heard(ingest, "other?port=0&api_key=${SENSORS_API}", tmp_path) as guarded:
        assert post(guarded, signed)[0] == 401
        assert post(guarded, signed, x_api_key="k3y2")[0] == 401
        assert post(guarded, signed, x_api_key="k3y")[0] == 200


def test_many_devices_at_once(listener: Heard) -> None:
    """Sixty requests from twelve threads are all kept, each once."""
    codes: list[int] = []

    def send(device: int) -> None:
        for number in range(5):
            message = changed(device_name=f"d{device}", values=[[device, number]])
            codes.append(post(listener, sign(message, KEY.encode()))[0])

    threads = [threading.Thread(target=send, args=(device,)) for device in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 60
    found = listener.table.read()
    assert sorted(found.select("accX", "accY").rows()) == [(float(d), float(n)) for d in range(12) for n in range(5)]


def test_unsafe_or_taken_places_are_refused(listener: Heard, tmp_path: Path) -> None:
    """Listening to a whole network needs a key; a port that is taken, or a key in the address, is told."""
    port = urlsplit(listener.address()).port
    with pytest.raises(ServiceError, match="cannot listen"), heard(ingest, f"x?port={port}", tmp_path):
        pass
    with pytest.raises(DataError, match="anybody who reaches"), heard(ingest, "x?host=0.0.0.0&port=0", tmp_path):
        pass
    with pytest.raises(DataError, match="a password is written out"):
        collect(Data(source=f"ingest:sensors?hmac={KEY}"), {}, tmp_path)
