"""Who is told: a log, a webhook and a mailbox, each a real server on this machine."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from volvelle.flow import telling
from volvelle.flow.telling import tell


class _Hook(http.server.BaseHTTPRequestHandler):
    code = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, json.loads(body)))  # type: ignore[attr-defined]
        self.send_response(int(self.path.rpartition("/")[2] or 200))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class _Mail(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as one mail takes."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        letter: list[str] | None = None
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            if line.upper().startswith("DATA"):
                self.wfile.write(b"354 go on\r\n")
                letter = []
                while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    letter.append(text)
                self.server.heard.append("\n".join(letter))  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if line.upper() == "QUIT" else b"250 fine\r\n")
            if line.upper() == "QUIT":
                return


@contextmanager
def serving(handler: Any) -> Iterator[tuple[int, list[Any]]]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.heard = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], server.heard  # type: ignore[attr-defined]
        server.shutdown()


def test_everybody_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call reaches the log, the webhook and the mailbox with the same words; the secret comes from outside."""
    with serving(_Hook) as (port, posted), serving(_Mail) as (mail, letters):
        monkeypatch.setenv("HOOK_KEY", "k/1")
        monkeypatch.setenv("VOLVELLE_SMTP", f"smtp://127.0.0.1:{mail}")
        targets = ("log", f"http://127.0.0.1:{port}/${{HOOK_KEY}}/200", "mailto:ana@example.com")
        assert tell(targets, tmp_path, "pumps-1: drift\x1b[31m", ["heat: moved"], {"state": "drift"}) == []
    assert "pumps-1: drift\\x1b[31m" in (tmp_path / "alarms.log").read_text()
    path, document = posted[0]
    assert path == "/k%2F1/200"
    assert document == {"text": "pumps-1: drift\x1b[31m\nheat: moved", "state": "drift"}
    assert "To: ana@example.com" in letters[0]
    assert "heat: moved" in letters[0]


def test_nobody_who_cannot_be_told_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused post, a server that is not there and an unset variable are told; the others still hear it."""
    with serving(_Hook) as (port, _):
        pass
    monkeypatch.setenv("VOLVELLE_SMTP", f"smtp://127.0.0.1:{port}")
    with serving(_Hook) as (open_port, posted):
        targets = (
            f"http://127.0.0.1:{open_port}/500",
            f"http://127.0.0.1:{port}/",
            "https://127.0.0.1/${ABSENT_KEY}",
            "mailto:a@b.example",
            "log",
        )
        problems = tell(targets, tmp_path, "subject", [], {})
    assert len(problems) == 4
    assert "500" in problems[0]
    assert "ABSENT_KEY is not set" in problems[2]
    assert len(posted) == 1
    assert (tmp_path / "alarms.log").exists()


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    """An alarm goes to the address that the spec names and to no other, and secrets are not shown."""
    with serving(_Hook) as (port, posted):
        problems = tell((f"http://127.0.0.1:{port}/302",), tmp_path, "subject", [], {})
    assert len(problems) == len(posted) == 1


def test_a_server_that_says_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener that accepts and never answers is given up after the time-out."""
    monkeypatch.setattr(telling, "TIMEOUT", 0.2)
    release = threading.Event()

    class Mute(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            release.wait(20)

    with serving(Mute) as (port, _):
        problems = tell((f"http://127.0.0.1:{port}/",), tmp_path, "subject", [], {})
        release.set()
    assert "was not told" in problems[0]
