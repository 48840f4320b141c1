"""A server in processes of its own, and clients that speak plain HTTP to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

SPEC = """\
[problem]
name = "pumps"
target = "fails"
positive = "yes"

[data]
source = "pumps.csv"

[require]
gates = ["roc_auc >= 0.7"]

[features.heat]
role = "number"
unit = "°C"
low = 0
high = 200
missing = "refuse"

[search]
trials = 2
folds = 2
estimators = ["constant", "ESTIMATOR"]
"""
ROW = {"heat": 80, "site": "n", "started": "2024-03-03T10:00:00Z"}


def typed(folder: Path, *words: str) -> str:
    """What ``volvelle WORDS`` prints; it must succeed."""
    command = [sys.executable, "-m", "volvelle", *words]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Said(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as values."""
        return json.loads(self.body)


class Server(NamedTuple):
    """A server that runs."""

    process: subprocess.Popen[str]
    port: int
    facts: dict[str, Any]
    errors: Path

    @property
    def workers(self) -> list[int]:
        """The processes that answer."""
        place = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in place.read_text("ascii").split()]

    def counted(self, counter: str) -> float:
        """One of the metrics."""
        lines = self.ask("/metrics").body.decode().splitlines()
        return float(next(line for line in lines if line.startswith(f"volvelle_{counter} ")).split()[1])

    def ask(self, path: str, body: Any = None, **headers: str) -> Said:
        """One request on a connection of its own; a body that is no bytes goes as JSON."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {"Host": "localhost", "Content-Length": str(len(content)), "Content-Type": "application/json"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
        method = "GET" if body is None else "POST"
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as made:
            made.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + content)
            return read(made)


def read(made: socket.socket) -> Said:
    """One answer; ConnectionError where none comes."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = made.recv(65_536)
        if not part:
            raise ConnectionError(f"closed after {len(data)} bytes")
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    while len(body) < int(headers.get("content-length", 0)):
        part = made.recv(65_536)
        if not part:
            raise ConnectionError("closed within a body")
        body += part
    return Said(int(line.split()[1]), headers, body)


@contextmanager
def served(folder: Path, *words: str) -> Iterator[Server]:
    """``volvelle serve WORDS`` in a project, until the block ends."""
    errors = folder / "errors.txt"

    command = [sys.executable, "-m", "volvelle", "serve", "--port", "0", "--json", *words]
    with errors.open("w") as told:
        process = subprocess.Popen(command, cwd=folder, env=os.environ, stdout=subprocess.PIPE, stderr=told, text=True)
    assert process.stdout is not None
    text = ""
    while not text.endswith("}\n"):
        line = process.stdout.readline()
        assert line, errors.read_text("utf-8")
        text += line
    facts = json.loads(text)
    try:
        yield Server(process, facts["port"], facts, errors)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()


class Client(threading.Thread):
    """Asks the same again and again over one connection, and counts what came of it."""

    def __init__(self, port: int, request: bytes) -> None:
        super().__init__(daemon=True)
        self._port, self._request, self._ending = port, request, threading.Event()
        self.ids: list[str] = []
        self.releases: dict[str, int] = {}
        self.failed: list[str] = []

    def run(self) -> None:
        """Until told to stop, or the server says that it leaves."""
        while not self._ending.is_set():
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=30) as made:
                    if self._on(made):
                        return
            except ConnectionRefusedError:
                return
            except OSError as error:
                self.failed.append(repr(error))

    def _on(self, made: socket.socket) -> bool:
        while not self._ending.is_set():
            made.sendall(self._request)
            said = read(made)
            if said.status != 200:
                self.failed.append(f"{said.status} {said.body[:200]!r}")
            else:
                self.ids.append(said.json["id"])
                self.releases[said.json["release"]] = self.releases.get(said.json["release"], 0) + 1
            if said.headers.get("connection") == "close":
                return True
            # The tests beside this one want a processor too.
            time.sleep(0.003)
        return True

    def end(self) -> None:
        """Stop after the present answer."""
        self._ending.set()
        self.join(30)


def request(row: Any = ROW, path: str = "/v1/predict") -> bytes:
    """A whole request."""
    body = json.dumps(row).encode()
    fields = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"POST {path} HTTP/1.1\r\n{fields}".encode() + body


def clients(port: int, count: int = 4, body: bytes = b"") -> list[Client]:
    """Clients that have begun."""
    made = [Client(port, body or request()) for _ in range(count)]
    for client in made:
        client.start()
    return made


def wait(condition: Any, seconds: float = 20.0) -> None:
    """Until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
