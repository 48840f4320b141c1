"""The fast lane gives the same status and body as uvicorn's own protocol, for any bytes in any pieces."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from volvelle.serve import inference
from volvelle.serve.answering import Answerer
from volvelle.serve.app import Documents, Shown, app
from volvelle.serve.journal import Journal
from volvelle.serve.keys import Door, new_key
from volvelle.serve.lane import Lane, lane
from volvelle.serve.metrics import SLOT_BYTES, Meters
from volvelle.serve.service import Limits, Service, Serving

MORE = int(os.environ.get("VOLVELLE_EXAMPLES", "150")) * 20
"""100,000 mutated requests are VOLVELLE_EXAMPLES=5000."""
SEED = int(os.environ.get("VOLVELLE_SEED", "7"))
ROWS = [
    b'{"heat": 80, "site": "n", "started": "2024-03-03T10:00:00Z"}',
    b'{"rows": [{"heat": 1.5, "site": null, "started": 0}, {"heat": "7", "site": "s", "started": null}]}',
    b'{"columns": ["heat", "site", "started"], "data": [[1, "n", null], [2, "s", 0]]}',
    b'{"heat": null, "site": "n", "started": null}',
    b'{"heat": 80}',
    b'{"rows": [{}, {}, {}, {}]}',
    b'{"columns": ["heat", "site", "started"], "data": [[1, "n", 0], [1, "n", 0], [1, "n", 0], [1, "n", 0]]}',
    b"[1, 2",
    b"",
]
PARTS = [
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b"\0", b":", b"POST", b"GET", b"HTTP/1.0", b"HTTP/1.1", b"/v1/"),
    *(b"Content-Length: 3\r\n", b"content-length:5\r\n", b"Content-Length: +60\r\n", b"Content-Length: 06\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Upgrade: h2c\r\n"),
    *(b"Expect: 100-continue\r\n", b"X-Request-ID: one two\r\n", b"X-Request-ID: a.b-c\r\n", b"X-A: \x80\r\n"),
    *(b"Content-Type: text/plain\r\n", b"Content-Type: application/json; charset=latin-1\r\n", b"Authorization: \r\n"),
    *(b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n", b"Host: a\r\n", b" folded\r\n"),
    *(b"0\r\n\r\n", b"4\r\nabcd\r\n", b"%2f", b"?a=b", b"//", b"#", b"\xff", b"{", b"}", b'"', b"1e999", b"\\ud800"),
]


class Pipe(asyncio.Transport):
    """Keeps what is written, in place of a socket."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written, self._closing = b"", False

    def write(self, data: Any) -> None:
        if not self._closing:
            self.written += bytes(data)

    def close(self) -> None:
        self._closing = True

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Way(NamedTuple):
    """One of the two ways to an answer."""

    service: Service
    config: uvicorn.Config
    protocol: type[HttpToolsProtocol]


async def _never() -> bytes:
    raise AssertionError("nobody is admin here")


@pytest.fixture(scope="module")
def ways(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Way, Way, str]]:
    """The lane and uvicorn's own protocol in front of equal services that know one key."""
    folder = released / ".volvelle" / "releases" / "pumps-1"
    digest = json.loads((folder / "release.json").read_bytes())["model"]
    live = tmp_path_factory.mktemp("live")
    key, made = new_key(live, "predict"), []
    for _ in range(2):
        journal, meters = Journal(live, "w0"), Meters(bytearray(SLOT_BYTES), 0)
        serving = Serving(Answerer(folder, digest))
        service = Service(serving, Limits(body=3_000, rows=3), Door(live), journal, meters, lambda *_: None)
        service._prefix = "id"
        application = app(service, Shown(Documents(), live), "pumps", _never)
        config = uvicorn.Config(application, http=HttpToolsProtocol, ws="none", lifespan="off", log_config=None)
        made.append(Way(service, config, HttpToolsProtocol))
    service = made[0].service
    routes: dict[str, Any] = {
        "/v1/predict": lambda body, call, _: service.predict(body, call),
        "/v2/models/pumps/infer": lambda body, call, head: inference.infer(service, "pumps", body, head, call),
    }
    yield made[0]._replace(protocol=lane(service, routes)), made[1], key
    for way in made:
        way.service.close()


async def said(way: Way, pieces: list[bytes]) -> list[tuple[int, bytes]]:
    """Status and body of every answer to these pieces of one connection; a last one of -1 where it was closed."""
    way.service._count = 0
    state, pipe = ServerState(), Pipe()
    connection = way.protocol(way.config, state, {}, asyncio.get_running_loop())
    connection.connection_made(pipe)
    for piece in pieces:
        if not pipe.is_closing():
            connection.data_received(piece)
        before, still = -1, 0
        # Idle is: nothing was written for some turns of the loop.
        while still < 12:
            await asyncio.sleep(0)
            still = still + 1 if before == len(pipe.written) else 0
            before = len(pipe.written)
    found = answers(pipe.written) + ([(-1, b"")] if pipe.is_closing() else [])
    connection.connection_lost(None)
    await asyncio.gather(*state.tasks)
    return found


def answers(data: bytes) -> list[tuple[int, bytes]]:
    """The answers that were written, one after the other."""
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        size = int(length[1]) if length and status != 100 else 0
        found.append((status, rest[:size]))
        data = rest[size:]
    return found


def seeds(key: str) -> list[bytes]:
    """Requests of the usual form, and some that are a little different."""
    tensor = {"name": "site", "shape": [1], "datatype": "BYTES", "data": ["n"]}
    started = {"name": "started", "shape": [1], "datatype": "INT64", "data": [0]}
    heat = {"name": "heat", "shape": [1], "datatype": "FP32", "parameters": {"binary_data_size": 4}}
    head = msgspec.json.encode({"inputs": [heat, tensor, started]})
    binary = f"Inference-Header-Content-Length: {len(head)}\r\nContent-Type: application/octet-stream\r\n".encode()
    secret = f"Authorization: Bearer {key}\r\n".encode()
    kind = b"Content-Type: application/json\r\n"
    usual = [
        b"POST /v1/predict HTTP/1.1\r\nHost: a\r\n%s%sContent-Length: %d\r\n\r\n%s" % (kind, secret, len(body), body)
        for body in ROWS
    ]
    infer = b"POST /v2/models/pumps/infer HTTP/1.1\r\n%s%sContent-Length: %d\r\n\r\n%s\0\0\x80?"
    return [
        *usual,
        usual[0].replace(secret, b""),
        usual[0].replace(b"Host", b"X-Request-ID: mine\r\nHost"),
        usual[0].replace(b"/v1/predict", b"/v1/outcomes"),
        infer % (binary, secret, len(head) + 4, head),
        usual[0] + usual[1],
    ]


def mutated(chance: random.Random, data: bytes) -> bytes:
    """The same with a few bytes changed, put in, taken out, doubled or moved."""
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        kind = chance.randrange(6)
        if kind == 0:
            data = data[:at] + chance.choice(PARTS) + data[at:]
        elif kind == 1:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif kind == 2:
            data = data[:at] + data[min(to, at + 9) :]
        elif kind == 3:
            data = data[:to] + data[at : min(to, at + 60)] + data[to:]
        elif kind == 4:
            # Behind the end of a line, where headers stand.
            lines = data.split(b"\r\n")
            lines.insert(chance.randrange(1, len(lines) + 1), chance.choice(PARTS).strip(b"\r\n"))
            data = b"\r\n".join(lines)
        else:
            data = re.sub(rb"(?i)content-length: (\d+)", lambda m: b"Content-Length: %d" % chance.randrange(400), data)
    return data


def cut(chance: random.Random, data: bytes) -> list[bytes]:
    """In up to three pieces."""
    ends = sorted({chance.randrange(1, len(data)) for _ in range(chance.choice([0, 0, 1, 2]))} if len(data) > 1 else ())
    return [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]


def test_mutated_requests_agree_with_uvicorn(ways: tuple[Way, Way, str]) -> None:
    """Thousands of requests, mutated and in pieces, on the loop of a worker: both ways answer alike, and none a 5xx."""
    logging.getLogger("uvicorn.error").disabled = True
    fast, plain, key = ways
    chance, usual, statuses = random.Random(SEED), seeds(key), set[int]()

    async def all_agree() -> int:
        quick = 0
        for _ in range(MORE):
            data = mutated(chance, chance.choice(usual))
            pieces = cut(chance, data) if data else [b"\r\n"]
            by_lane, by_uvicorn = await said(fast, pieces), await said(plain, pieces)
            assert by_lane == by_uvicorn, (SEED, pieces)
            quick += by_lane != []
            statuses.update(status for status, _ in by_lane)
        return quick

    with asyncio.Runner(loop_factory=fast.config.get_loop_factory()) as worker:
        answered = worker.run(all_agree())
    assert answered > MORE / 2
    assert {200, 400, 401, 404, 413, 415, 422} <= statuses
    assert not [status for status in statuses if status >= 500]


def test_the_usual_form_never_reaches_uvicorn(ways: tuple[Way, Way, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A request of the usual form is answered by the lane itself, also in two pieces."""
    fast, _, key = ways

    def handed_over(self: Lane, data: bytes) -> None:
        raise AssertionError("handed over")

    monkeypatch.setattr(Lane, "_hand_over", handed_over)
    usual = seeds(key)
    for request in (*usual[:11], usual[12]):
        for pieces in ([request], [request[:-3], request[-3:]] if not request.endswith(b"\r\n\r\n") else [request]):
            assert asyncio.run(said(fast, pieces)), request
