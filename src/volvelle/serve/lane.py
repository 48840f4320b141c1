"""The fast lane: a uvicorn protocol that answers a request of exactly the usual form before any framework sees it.

A request whose head has one of the known first lines and nothing unusual in it, and behind which nothing else came yet,
is answered from its bytes. The first one that is any different is handed to uvicorn's own protocol with every byte, and
the connection stays there. What the
lane knows of HTTP is `read_head`, which refuses far more than the standard does; a fuzz test holds both ways against
each other.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from volvelle.serve.service import Call, Reply, Service

BODY = 64 * 1024
"""A larger body is no matter for the lane: answering it would keep others waiting."""
_HEAD, _HEADS = 4096, 512
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([!-~](?:[ -~]*[!-~])?)")
_LENGTH = re.compile(rb"0|[1-9][0-9]{0,6}")
_JSON = re.compile(rb"application/json(?:; ?charset=utf-8)?", re.IGNORECASE)
_BEARER = re.compile(rb"Bearer ([A-Za-z0-9._~+/-]{1,200})")
ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
TRACE = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, version 00."""
_STRANGE = frozenset(
    (
        b"transfer-encoding",
        b"expect",
        b"upgrade",
        b"connection",
        b"content-encoding",
        b"te",
        b"trailer",
        b"http2-settings",
    )
)
_HEADERS = {
    b"content-length": _LENGTH,
    b"content-type": None,
    b"authorization": _BEARER,
    b"x-request-id": ID,
    b"traceparent": TRACE,
    b"inference-header-content-length": _LENGTH,
}
Handler = Callable[[bytes, Call, str | None], Reply]
Routes = Mapping[bytes, tuple[Handler, re.Pattern[bytes]]]
"""First line to who answers, and the content types that it takes."""


class Head(NamedTuple):
    """What is taken from a head that the lane knows."""

    handler: Handler
    length: int
    key: str
    id: str
    trace: str
    more: str
    """Lines of the answer's head that are known from the request's."""
    inference: str | None


def read_head(head: bytes, routes: Routes, most: int = BODY) -> Head | None:
    """A head, without the empty line at its end; None where anything about it is unusual, or the body is above `most`.

    >>> routes = {b"POST /p HTTP/1.1": (lambda *_: Reply(200, b"", ""), _JSON)}
    >>> read_head(b"POST /p HTTP/1.1\\r\\nContent-Type: application/json\\r\\nContent-Length: 2", routes).length
    2
    >>> read_head(b"POST /p HTTP/1.1\\r\\nContent-Length: 2\\r\\nContent-Length: 2", routes) is None
    True
    """
    line, *fields = head.split(b"\r\n")
    route = routes.get(line)
    if route is None:
        return None
    handler, media = route
    found: dict[bytes, bytes] = {}
    for field in fields:
        match = _FIELD.fullmatch(field)
        if match is None:
            return None
        name, value = match[1].lower(), match[2]
        if name in _STRANGE and (name, value) != (b"connection", b"keep-alive"):
            return None
        if name in _HEADERS:
            form = media if name == b"content-type" else _HEADERS[name]
            if name in found or form is None or not form.fullmatch(value):
                return None
            found[name] = value
    length = int(found.get(b"content-length", b"-1"))
    if not 0 <= length <= most or b"content-type" not in found:
        return None
    return Head(
        handler,
        length,
        found.get(b"authorization", b"Bearer ").partition(b" ")[2].decode("ascii"),
        found.get(b"x-request-id", b"").decode("ascii"),
        trace := found.get(b"traceparent", b"").decode("ascii"),
        f"traceparent: {trace}\r\n" if trace else "",
        value.decode("ascii") if (value := found.get(b"inference-header-content-length")) is not None else None,
    )


class Lane(HttpToolsProtocol):
    """One connection. `service` and `routes` are given by `lane`."""

    service: Service
    routes: Routes
    heads: dict[bytes, Head]

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._plain = False
        self._kept = b""
        self._asked: tuple[Head | None, Call] = (None, Call())
        self._heard, self._last = True, 0.0

    def data_received(self, data: bytes) -> None:
        """Answer what is of the known form, keep what is not yet whole, hand over the rest for good."""
        if self._plain:
            super().data_received(data)
            return
        self._heard = True
        if self._kept:
            data, self._kept = self._kept + data, b""
        end = data.find(b"\r\n\r\n", 0, _HEAD)
        content = data[:end] if end > 0 else b""
        head = self.heads.get(content) or self._head(content)
        missing = -1 if head is None else end + 4 + head.length - len(data)
        if head is None or missing < 0:
            self._hand_over(data)
        elif missing:
            self._kept = data
        else:
            self._answer(head, data[end + 4 :])

    def eof_received(self) -> None:
        """As uvicorn: the connection is closed."""
        if not self._plain and self._kept:
            self._hand_over(b"")
        super().eof_received()

    def shutdown(self) -> None:
        """End the connection, after a request that is on its way in was answered."""
        if not self._plain and self._kept:
            self._hand_over(b"")
        super().shutdown()

    def sweep(self, idle: float, whole: float) -> None:
        """Close a connection on which nothing came for too long, or a request that does not become whole.

        It is called once a second, and looks at the clock in the place of every request.
        """
        now = time.monotonic()
        if self._heard:
            self._heard, self._last = False, now
        waiting = self.cycle is None or self.cycle.response_complete
        patience = whole if self._kept or (self._plain and self.cycle is None) else idle
        if waiting and not (self._plain and self.cycle is not None) and now - self._last > patience:
            self.transport.close()

    def _head(self, content: bytes) -> Head | None:
        known = read_head(content, self.routes, min(BODY, self.service.limits.body))
        if known is not None:
            if len(self.heads) >= _HEADS:
                self.heads.clear()
            self.heads[content] = known
        return known

    def _hand_over(self, data: bytes) -> None:
        self._plain = True
        data, self._kept = self._kept + data, b""
        if data:
            super().data_received(data)

    def _answer(self, head: Head, body: bytes) -> None:
        known, call = self._asked
        if known is not head:
            call = Call(head.key, self.client[0] if self.client else "", head.id, head.trace)
            self._asked = head, call
        reply = head.handler(body, call, head.inference)
        content = reply.content
        staying = self.service.ready
        more = head.more
        if reply.headers or not staying:
            closing = () if staying else (("connection", "close"),)
            more += "".join([f"{name}: {value}\r\n" for name, value in (*reply.headers, *closing)])
        lines = (
            f"content-type: {reply.media}\r\ncontent-length: {len(content)}\r\nx-request-id: {reply.id}\r\n{more}\r\n"
        )
        self.transport.write(b"".join((STATUS_LINE[reply.status], lines.encode("latin-1"), content)))
        if not staying:
            self.transport.close()


def lane(service: Service, routes: Mapping[str, Handler]) -> type[Lane]:
    """The protocol of one service; `routes` are paths."""
    lines = {f"POST {path} HTTP/1.1".encode("ascii"): (handler, _media(path)) for path, handler in routes.items()}
    return type("ServiceLane", (Lane,), {"service": service, "routes": lines, "heads": {}})


def _media(path: str) -> re.Pattern[bytes]:
    return _JSON if path.startswith("/v1/") else _ANY


_ANY = re.compile(rb"application/(?:json|octet-stream|vnd\.sagemaker-triton\.binary[!-~]*)", re.IGNORECASE)
