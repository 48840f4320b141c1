"""One worker: a process that answers, and does nothing else.

It is started by `volvelle.serve.supervisor` with a listening socket, shared memory for its counters, and a pair of
sockets on which it is told who answers. It loads neither Polars nor a training library.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import mmap
import socket
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import numpy as np
import uvicorn

from volvelle.errors import InputError
from volvelle.serve import inference
from volvelle.serve.answering import Answerer
from volvelle.serve.app import Documents, Shown, app
from volvelle.serve.journal import Journal
from volvelle.serve.keys import Door
from volvelle.serve.lane import Lane, lane
from volvelle.serve.metrics import Meters
from volvelle.serve.orders import Note, Orders, Place, Setup
from volvelle.serve.service import LOG, Service, Serving

_GRACE = 0.5
"""Seconds in which clients are told to leave before connections are closed."""


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, process, event; of a request route, status, id, microseconds, trace."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z"
        line = {"at": at, "level": record.levelname.lower(), "process": record.process, "event": record.getMessage()}
        line |= getattr(record, "told", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr() -> None:
    """Structured logs of this process."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    LOG.setLevel(logging.INFO)


def serving(orders: Orders) -> Serving:
    """Load what answers.

    Raises:
        InputError: a release cannot be read.
    """

    def loaded(place: Place) -> Answerer:
        return Answerer(Path(place.folder), place.digest, place.library, place.extra)

    challenger = loaded(orders.challenger) if orders.challenger else None
    return Serving(loaded(orders.champion), challenger, orders.canary, orders.shadow)


def documents(orders: Orders) -> Documents:
    """Read what is told about it.

    Raises:
        InputError: a document cannot be read.
    """
    place = Path(orders.documents)
    try:
        page, style = (place / "page.html").read_bytes(), (place / "style.css").read_bytes()
        return Documents((place / "openapi.json").read_bytes(), page, style, (place / "gates.prom").read_text("utf-8"))
    except OSError as error:
        raise InputError(f"the documents cannot be read: {error}", where=orders.documents) from error


class Worker(uvicorn.Server):
    """Uvicorn's server that listens to its supervisor and leaves politely."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._control = socket.socket(fileno=setup.control)
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        memory = mmap.mmap(setup.memory, 0)
        self._service = Service(
            serving(setup.orders),
            setup.limits,
            Door(Path(setup.live), setup.limits.rate),
            Journal(Path(setup.live), f"w{setup.slot}"),
            Meters(memory, setup.slot),
            lambda *call: asyncio.get_running_loop().call_soon(*call),
        )
        self._shown = Shown(documents(setup.orders), Path(setup.live))
        service, name = self._service, setup.name
        routes: dict[str, Any] = {
            "/v1/predict": service.predict,
            f"/v2/models/{name}/infer": lambda body, call, head: inference.infer(service, name, body, head, call),
        }
        super().__init__(
            uvicorn.Config(
                app(service, self._shown, name, self._reload),
                http=lane(service, routes),
                ws="none",
                lifespan="off",
                # uvloop where it is installed.
                loop="auto",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ssl_certfile=setup.certificate or None,
                ssl_keyfile=setup.key or None,
                timeout_graceful_shutdown=int(setup.limits.seconds) + 1,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and to listen to the supervisor."""
        await super().startup(sockets)
        self._control.setblocking(False)
        self._hearing = asyncio.create_task(self._hear())
        self._tell(Note(taken=self._setup.orders.number))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Tell clients to leave with their next answer, then stop."""
        asyncio.get_running_loop().call_soon_threadsafe(self._leave)

    async def on_tick(self, counter: int) -> bool:
        """Once a second: counters, keys, connections on which nothing comes."""
        if counter % 10 == 0:
            try:
                self._service.tick()
            except InputError as error:
                LOG.error("%s", error)
            for connection in list(self.server_state.connections):
                if isinstance(connection, Lane):
                    connection.sweep(self._setup.keep_alive, self._setup.limits.seconds)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what is on its way, write down what waits."""
        await super().shutdown(sockets)
        self._service.close()

    def _leave(self) -> None:
        self._service.ready = False
        asyncio.get_running_loop().call_later(_GRACE, setattr, self, "should_exit", True)

    async def _hear(self) -> None:
        """Take up orders until the supervisor is gone."""
        loop = asyncio.get_running_loop()
        kept = b""
        while data := await loop.sock_recv(self._control, 65_536):
            *lines, kept = (kept + data).split(b"\n")
            for line in lines:
                note = msgspec.json.decode(line, type=Note)
                if note.orders is not None:
                    await self._take(note.orders)
                elif (waiting := self._asked.pop(note.asked, None)) is not None and not waiting.done():
                    waiting.set_result(note.answer.encode())
        self._leave()

    async def _take(self, orders: Orders) -> None:
        """Answer by another release from the next request on; those that are on their way keep theirs."""
        try:
            taken, shown = await asyncio.to_thread(lambda: (serving(orders), documents(orders)))
        except InputError as error:
            self._tell(Note(failed=orders.number, answer=str(error)))
            return
        self._service.serving, self._shown.documents = taken, shown
        self._tell(Note(taken=orders.number))

    async def _reload(self) -> bytes:
        """Ask the supervisor to look for the champion; what came of it."""
        number = max(self._asked, default=0) + 1
        self._asked[number] = asyncio.get_running_loop().create_future()
        self._tell(Note(asked=number))
        return await asyncio.wait_for(self._asked[number], self._setup.limits.seconds)

    def _tell(self, note: Note) -> None:
        try:
            self._control.send(msgspec.json.encode(note) + b"\n")
        except OSError as error:
            LOG.error("the supervisor does not hear: %s", error)


def main() -> None:
    """Serve until told to leave."""
    log_to_stderr()
    # A number beyond float32 is missing, which is looked at; numpy need not tell.
    np.seterr(over="ignore", invalid="ignore")
    setup = msgspec.json.decode(sys.argv[1], type=Setup)
    try:
        worker = Worker(setup)
    except InputError as error:
        LOG.error("%s", error)
        sys.exit(2)
    # What is loaded now stays; looking through it again and again would cost every hundredth request.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    listening = socket.socket(fileno=setup.socket)
    listening.setblocking(False)
    worker.run(sockets=[listening])


if __name__ == "__main__":
    main()
