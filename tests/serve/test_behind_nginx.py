"""The documented server block of nginx in front of a real server: TLS, connections that stay, large bodies, names."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.serve.nginx_proxy import Proxy, program, proxied
from tests.serve.serving import ROW, Server, clients, read, request, served, typed, wait

pytestmark = pytest.mark.skipif(program() is None, reason="there is no nginx (Debian: apt-get install nginx-light)")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def behind(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Proxy]]:
    """A server, and nginx before it with the block that ``volvelle package container`` wrote."""
    typed(released, "package", "container")
    block = (released / "pumps-container" / "nginx.conf").read_text("utf-8")
    folder = tmp_path_factory.mktemp("nginx")
    with (
        served(released, "--live", str(folder / "live")) as server,
        proxied(folder, block, server.port, "pumps") as proxy,
    ):
        yield server, proxy


def posted(body: bytes, *lines: str, path: str = "/v1/predict") -> bytes:
    """A request with more lines in its head."""
    fields = ["Host: example.com", "Content-Type: application/json", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join([f"POST {path} HTTP/1.1", *fields, "", ""]).encode() + body


def upstream(port: int) -> set[str]:
    """Our ends of the connections that nginx holds to the server."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    return {line[1] for line in lines if line[2].endswith(f":{port:04X}") and line[3] == "01"}


def test_answers_come_through_with_their_names(behind: tuple[Server, Proxy]) -> None:
    """Answer, request id and trace context are those of the server; so are a refusal and a page."""
    server, proxy = behind
    said = proxy.ask(posted(json.dumps(ROW).encode(), "X-Request-ID: mine-7", f"traceparent: {TRACE}"))
    direct = server.ask("/v1/predict", ROW, X_Request_ID="mine-7")
    assert (said.status, said.json) == (200, direct.json)
    assert (said.headers["x-request-id"], said.headers["traceparent"]) == ("mine-7", TRACE)
    refused = proxy.ask(posted(b'{"heat": "hot"}'))
    assert (refused.status, refused.json["error"]["field"]) == (422, "site")
    page = proxy.ask(b"GET /docs HTTP/1.1\r\nHost: example.com\r\n\r\n")
    assert (page.status, page.headers["content-type"].partition(";")[0]) == (200, "text/html")


def test_connections_stay_open_on_both_sides(behind: tuple[Server, Proxy]) -> None:
    """Forty requests over one connection of a client take one connection to the server, which stays."""
    server, proxy = behind
    with proxy.connect() as made:
        made.sendall(request())
        assert read(made).status == 200
        before = upstream(server.port)
        for _ in range(40):
            made.sendall(request())
            assert read(made).status == 200
        assert before
        assert upstream(server.port) == before


def test_large_bodies_come_whole_or_are_refused(behind: tuple[Server, Proxy]) -> None:
    """Just under 4 MiB is answered, also without a length told before; more is 413, here as at the server."""
    server, proxy = behind
    row = ROW | {"note": "x" * 950}
    body = json.dumps({"rows": [row] * 4_000}).encode()
    assert 3.8 * 2**20 < len(body) < 4 * 2**20
    said = proxy.ask(posted(body))
    assert (said.status, len(said.json["predictions"])) == (200, 4_000)
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:100_000], body[100_000:])) + b"0\r\n\r\n"
    head = posted(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    assert len(proxy.ask(head + pieces).json["predictions"]) == 4_000
    large = b'{"rows": [' + b" " * 2**22 + b"]}"
    for made in (proxy.connect(), socket.create_connection(("127.0.0.1", server.port), timeout=60)):
        with made:
            made.sendall(posted(large)[:2_000])
            assert read(made).status == 413


def test_tensors_come_through_as_bytes(behind: tuple[Server, Proxy]) -> None:
    """The binary extension of version 2 keeps its header and every byte on both ways."""
    _, proxy = behind
    told = [("heat", "FP64", np.array([80.0, 2.0]).tobytes())]
    for name, text in (("site", "n"), ("started", ROW["started"])):
        told.append((name, "BYTES", (len(str(text)).to_bytes(4, "little") + str(text).encode()) * 2))
    inputs = [{"name": n, "datatype": d, "shape": [2], "parameters": {"binary_data_size": len(b)}} for n, d, b in told]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    length = f"Inference-Header-Content-Length: {len(head)}"
    content = posted(head + b"".join(b for *_, b in told), length, path="/v2/models/pumps/infer")
    said = proxy.ask(content.replace(b"application/json", b"application/octet-stream"))
    front = int(said.headers["inference-header-content-length"])
    outputs = json.loads(said.body[:front])["outputs"]
    sizes = [output["parameters"]["binary_data_size"] for output in outputs]
    assert (said.status, len(said.body)) == (200, front + sum(sizes))
    assert said.body[front:].startswith(b"\3\0\0\0yes\2\0\0\0no")


def test_a_server_may_be_started_again_behind_it(project: Path, tmp_path: Path) -> None:
    """While the server is away nginx says 502; a worker that is drained loses no request, and a new server answers."""
    typed(project, "package", "container")
    block = (project / "pumps-container" / "nginx.conf").read_text("utf-8")
    with served(project) as server:
        port = server.port
        with proxied(tmp_path, block, port, "pumps") as proxy:
            assert proxy.ask(request()).status == 200
            server.process.terminate()
            server.process.wait(60)
            assert proxy.ask(request()).status == 502
            with served(project, "--port", str(port)):
                wait(lambda: proxy.ask(request()).status == 200)
                crowd = clients(port, 2)
                assert all(proxy.ask(request()).status == 200 for _ in range(20))
                for client in crowd:
                    client.end()
                assert not [failure for client in crowd for failure in client.failed]
