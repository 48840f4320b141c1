"""HTTP ingestion: samples that devices send in Edge Impulse's published format (``ingest:sensors?port=8085``).

``POST /api/training/data`` takes JSON or CBOR, signed with HMAC-SHA256 where ``?hmac=${KEY}`` names a key, and with an
``x-api-key`` where ``?api_key=${KEY}`` does; ``x-label`` and ``x-file-name`` become columns. A row is one moment of a
sample; rows of one sample share ``sample``, a good ``[data] group``. 200 is answered when all of it is safe. A signed
message counts once; others do with the header ``x-disallow-duplicates``. For TLS put a web server in front.

Source: "Ingestion API", documentation of Edge Impulse; RFC 9110.

>>> Stream("ingest", "sensors?port=8085", OPTIONS).number("port", 0, 65_535)
8085
"""

from __future__ import annotations

import hmac
import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from volvelle.data.acquisition import BadSignature, Sample, opened
from volvelle.data.contract import Read
from volvelle.data.fitting import Record
from volvelle.data.growing import Growing
from volvelle.data.intake import Intake, Message
from volvelle.data.payload import LONGEST, Unreadable
from volvelle.data.records import Layout
from volvelle.data.stream import Stream
from volvelle.errors import ServiceError

SUFFIXES: tuple[str, ...] = ()
SCHEMES: tuple[str, ...] = ("ingest",)
LISTENS = True
OPTIONS = {"host": "127.0.0.1", "port": "8085", "hmac": "", "api_key": ""}
PATH = "/api/training/data"
_TYPES = {"application/json", "application/cbor"}
_AT_ONCE, _SILENT, _SAFE = 64, 10.0, 30.0
"""Requests at a time, seconds that a client may be silent, and seconds until a sample must be safe."""
_LABEL, _DISCARDED, _LINGER = 200, 2**24, 2.0


def read(where: str, folder: Path, layout: Layout) -> Read:
    """What was received until now, in the order of its arrival.

    Raises:
        DataError: nothing was, or the address is wrong.
    """
    return Stream("ingest", where, OPTIONS).read(folder, layout)


def table(where: str, folder: Path) -> Growing:
    """Where `listen` puts what it receives."""
    return Stream("ingest", where, OPTIONS).table(folder)


@contextmanager
def listen(where: str, folder: Path, intake: Intake) -> Iterator[None]:
    """Receive into `intake` for as long as the context lasts.

    Raises:
        ServiceError: the port is taken.
        DataError: the address is wrong, or would let anybody on the network write.
    """
    stream = Stream("ingest", where, OPTIONS)
    host, number = stream.options["host"], stream.number("port", 0, 65_535)
    keys = _Keys(*(stream.options[name].encode() or None for name in ("hmac", "api_key")))
    if not _is_here(host) and keys == _Keys(None, None):
        raise stream.error(f"anybody who reaches {host} could write", "name a key: ?hmac=${KEY} or ?api_key=${KEY}")
    try:
        server = _Server((host, number), stream, keys, intake)
    except OSError as error:
        advice = "end what listens there, or choose another ?port="
        raise ServiceError(f"cannot listen on {host}:{number}: {error}", where=stream.shown, next_move=advice) from None
    unsigned = "" if keys.hmac else "; signatures are not checked without ?hmac=${KEY}"
    intake.tell(f"samples go to http://{host}:{server.server_port}{PATH}{unsigned}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


class _Keys(NamedTuple):
    hmac: bytes | None
    api: bytes | None


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, place: tuple[str, int], stream: Stream, keys: _Keys, intake: Intake) -> None:
        self.stream, self.keys, self.intake = stream, keys, intake
        self.room = threading.Semaphore(_AT_ONCE)
        super().__init__(place, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is nobody's fault."""


class _Refusal(Exception):
    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "volvelle", ""
    protocol_version = "HTTP/1.1"
    timeout = _SILENT
    _taken = 0

    def do_POST(self) -> None:
        """One sample."""
        self._taken = 0
        if not self.server.room.acquire(blocking=False):
            self._answer(503, "too many requests at once; try again")
            return
        try:
            self._answer(200, self._kept())
        except _Refusal as refusal:
            self._answer(refusal.code, str(refusal))
            self._discard()
        finally:
            self.server.room.release()

    def do_GET(self) -> None:
        """Say what this is."""
        self._answer(405 if self.path == PATH else 404, f"samples are sent by POST {PATH}")

    do_PUT = do_DELETE = do_HEAD = do_PATCH = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: what matters is counted."""

    def _kept(self) -> str:
        content = self._content()
        try:
            sample = opened(content, self.server.keys.hmac)
        except BadSignature as error:
            raise _Refusal(401, str(error)) from None
        except Unreadable as error:
            raise _Refusal(400, str(error)) from None
        fates = self._safe(self._records(sample))
        wrong = next((fate for fate in fates if fate not in ("", "repeated")), None)
        if wrong is not None:
            raise _Refusal(400, f"set aside: {wrong}")
        return sample.digest[:16]

    def _content(self) -> bytes:
        """The body of a request that may be made."""
        key = self.server.keys.api
        if key is not None and not hmac.compare_digest(self.headers.get("x-api-key", "").encode(), key):
            raise _Refusal(401, "the header x-api-key is missing or wrong")
        if self.path.partition("?")[0] != PATH:
            raise _Refusal(404, f"samples are sent by POST {PATH}")
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _TYPES:
            raise _Refusal(415, f"content-type is one of {', '.join(sorted(_TYPES))}")
        length = self.headers.get("content-length", "")
        if "transfer-encoding" in self.headers or not (length.isascii() and length.isdigit()):
            raise _Refusal(411, "content-length is needed")
        if len(length) > 12 or int(length) > LONGEST:
            raise _Refusal(413, f"a message has at most {LONGEST:,} bytes")
        content = self.rfile.read(int(length))
        self._taken = len(content)
        if len(content) < int(length):
            raise _Refusal(400, "the body is shorter than content-length")
        return content

    def _discard(self) -> None:
        """Read what is left of the body: a client that is still sending would not see the answer."""
        length = self.headers.get("content-length", "")
        self.connection.settimeout(_LINGER)
        left = min(int(length[:12]), _DISCARDED) - self._taken if length.isascii() and length.isdigit() else 0
        while left > 0 and (chunk := self.rfile.read(min(left, 2**16))):
            left -= len(chunk)

    def _records(self, sample: Sample) -> list[Record]:
        """The rows with their headers; named by the message where it counts once."""
        more = {}
        for header, column in (("x-label", "label"), ("x-file-name", "file_name")):
            text = self.headers.get(header)
            if text is not None:
                if not 0 < len(text) <= _LABEL or not text.isprintable():
                    raise _Refusal(400, f"{header} has 1 to {_LABEL} printable characters")
                more[column] = text
        once = sample.signed or "x-disallow-duplicates" in self.headers
        stream = self.server.stream
        try:
            return [
                stream.record({**row, **more}, f"{sample.digest}/{k}" if once else None)
                for k, row in enumerate(sample.rows)
            ]
        except Unreadable as error:
            raise _Refusal(400, str(error)) from None

    def _safe(self, records: list[Record]) -> list[str]:
        """What became of the records, when they are safe."""
        answered, fates = threading.Event(), list[str]()

        def answer(found: list[str]) -> None:
            fates.extend(found)
            answered.set()

        if not self.server.intake.put(Message(records, answer=answer, hurry=True), _SILENT) or not answered.wait(_SAFE):
            raise _Refusal(503, "not kept in time; try again")
        return fates

    def _answer(self, code: int, text: str) -> None:
        content = text.encode("utf-8", "replace") + b"\n"
        self.send_response(code)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(content)))
        if code == 503:
            self.send_header("retry-after", "1")
        if code != 200:
            # What is left of the body is not read.
            self.send_header("connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
