"""The client of MLflow against servers that misbehave: one clear error each, and no secret given away."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast

import pytest

from volvelle.deploy.mlflow.records import Asked, Outgoing
from volvelle.deploy.mlflow.send import name_of, named, send
from volvelle.deploy.mlflow.server import Server
from volvelle.errors import InputError, ServiceError

Answer = tuple[int, dict[str, str], bytes]
TOKEN = {"MLFLOW_TRACKING_TOKEN": "s3cret"}


@contextmanager
def answering(answer: Callable[[int, Any], Answer]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that answers by the number of the call, from 0; its address and the headers that it was sent."""
    heard: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            heard.append(dict(self.headers))
            status, headers, content = answer(len(heard) - 1, self)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = _do

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}", heard
    finally:
        made.shutdown()
        made.server_close()


def client(address: str, environment: dict[str, str] | None = None, *, timeout: float = 10.0) -> Server:
    return Server(address, environment or {}, timeout=timeout, pauses=(0.0, 0.0))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, {}, b"3.17.2"), ""),
        ((200, {}, b"2.22.0"), "is MLflow 2.22.0; 3.0 or newer"),
        ((200, {}, b"<html>hello</html>"), "not as an MLflow server does"),
        ((404, {}, b"<html>gone</html>"), r"no MLflow server \(404\)"),
        ((401, {}, b""), r"needs credentials \(401\)"),
        ((403, {}, b'{"message": "not yours"}'), r"refuses these credentials \(403\): not yours"),
        ((500, {}, b'["what"]'), r"the server refuses \(500\)"),
        ((503, {}, b""), r"the server refuses \(503\)"),
    ],
)
def test_who_answers(answer: Answer, message: str) -> None:
    """A server that is none, too old, closed or broken is one error that says which."""
    with answering(lambda call, _: answer) as (address, heard):
        if not message:
            assert client(address).version() == "3.17.2"
            return
        with pytest.raises(ServiceError, match=message) as caught:
            client(address).version()
        assert address in caught.value.where
        assert len(heard) == (3 if answer[0] == 503 else 1)


def test_nobody_answers() -> None:
    """A closed port, a silent server and one that speaks no HTTP are told, each in one sentence."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(ServiceError, match="cannot be reached: Connection refused"):
            client(f"http://127.0.0.1:{closed.getsockname()[1]}").version()
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ServiceError, match=r"no answer within 0\.2 s"),
    ):
        client(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2).version()
    with socket.create_server(("127.0.0.1", 0)) as strange:

        def greet() -> None:
            for _ in range(3):
                caller, _ = strange.accept()
                caller.sendall(b"220 mail\r\n\r\n")
                caller.close()

        Thread(target=greet, daemon=True).start()
        with pytest.raises(ServiceError, match="the answer is not HTTP"):
            client(f"http://127.0.0.1:{strange.getsockname()[1]}").version()


def test_credentials_go_nowhere_else() -> None:
    """A redirect to another server is refused before anything is sent there; one on the same server is followed."""
    with answering(lambda call, _: (200, {}, b"3.17.2")) as (other, heard):
        elsewhere = {"Location": f"{other}/version"}
        with (
            answering(lambda call, _: (302, elsewhere, b"")) as (address, _),
            pytest.raises(ServiceError, match="sends us on to"),
        ):
            client(address, TOKEN).version()
        assert heard == []
    with answering(lambda call, _: ((308, {"Location": "/there"}, b""), (200, {}, b"3.17.2"))[call]) as (
        address,
        heard,
    ):
        assert client(address, TOKEN).version() == "3.17.2"
        assert [headers["Authorization"] for headers in heard] == ["Bearer s3cret"] * 2


def test_only_what_may_be_repeated_is_repeated() -> None:
    """A reading call is tried again while the server is busy; one that makes something is not."""
    busy_then_fine: tuple[Answer, ...] = ((503, {}, b""), (503, {}, b""), (200, {}, b'{"a": 1}'))
    with answering(lambda call, _: busy_then_fine[call]) as (address, _):
        assert client(address).call("GET", "mlflow/runs/get") == {"a": 1}
    with answering(lambda call, _: busy_then_fine[call]) as (address, heard):
        with pytest.raises(ServiceError, match="503"):
            client(address).call("POST", "mlflow/runs/create")
        assert len(heard) == 1
        assert client(address).call("POST", "mlflow/runs/update", again=True) == {"a": 1}


@pytest.mark.parametrize(
    ("environment", "header"),
    [
        ({}, None),
        (TOKEN, "Bearer s3cret"),
        ({"MLFLOW_TRACKING_USERNAME": "ana", "MLFLOW_TRACKING_PASSWORD": "p:w", **TOKEN}, "Basic YW5hOnA6dw=="),
        ({"MLFLOW_TRACKING_USERNAME": "ana"}, None),
    ],
)
def test_credentials_come_from_the_environment(environment: dict[str, str], header: str | None) -> None:
    """MLflow's own variables are read; name and password go before a token, as with MLflow itself."""
    with answering(lambda call, _: (200, {}, b"3.17.2")) as (address, heard):
        client(address, environment).version()
    assert heard[0].get("Authorization") == header


@pytest.mark.parametrize(
    "address",
    ["", "127.0.0.1:5000", "file:///etc/passwd", "ftp://h/x", "http://", "http://h:x", "http://h/?q=1", "http://[::1"],
)
def test_what_is_no_address(address: str) -> None:
    """Only http and https with a host are taken."""
    with pytest.raises(InputError) as caught:
        client(address)
    assert caught.value.problem


def test_a_written_password_is_not_repeated() -> None:
    """Credentials in the address are refused, and the message does not hold them."""
    with pytest.raises(InputError, match="written into the address") as caught:
        client("https://ana:s3cret@example.com/")
    assert "s3cret" not in str(caught.value)


def test_exposed_credentials_are_known() -> None:
    """Credentials over plain http to another machine are a thing to tell; over https, or at home, they are not."""
    assert client("http://example.com", TOKEN).exposed
    assert not client("https://example.com", TOKEN).exposed
    assert not client("http://localhost:5000", TOKEN).exposed
    assert not client("http://example.com").exposed


@pytest.mark.parametrize("uri", ["s3://bucket/1", "/tmp/mlruns/1", "mlflow-artifacts://elsewhere/1"])
def test_artifacts_elsewhere_are_refused(uri: str) -> None:
    """Only what the server takes itself can be uploaded; another place is an error before anything is made."""
    known = {"experiment_id": "1", "artifact_location": uri}
    answers = (b"3.17.2", json.dumps({"experiment": known}).encode())
    with answering(lambda call, _: (200, {}, answers[call])) as (address, heard):
        with pytest.raises(ServiceError, match="clients are to write themselves") as caught:
            send(client(address), cast(Outgoing, None), Asked("pumps", "pumps", ""))
        assert "--serve-artifacts" in caught.value.next_move
        assert len(heard) == 2


def test_names_are_made_plain() -> None:
    """What MLflow does not take in a name becomes a word or an underscore, long names are cut, and none is lost."""
    assert name_of("test/recall where site = 'n' high") == "test/recall where site eq n high"
    assert name_of("Köln") == "Köln"
    assert len(name_of("x" * 999)) == 250
    assert [*named({"x" * 999: 1, "x" * 998: 2, "a < 3": 3, "a > 3": 4})][2:] == ["a lt 3", "a gt 3"]
    assert {len(name) for name in named({f"{'x' * 300}{k}": k for k in range(3)})} == {250, 244}
