"""Starts a real nginx with a server block of ours, in a folder of its own, on a free loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.serve.serving import Said, read

WHOLE = """\
{user}
pid {folder}/pid;
error_log {folder}/errors;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/bodies;
  proxy_temp_path {folder}/answers;
  fastcgi_temp_path {folder}/unused;
  uwsgi_temp_path {folder}/unused;
  scgi_temp_path {folder}/unused;
  include {folder}/block.conf;
}}
"""


def program() -> str | None:
    """The proxy's program, or None."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


class Proxy(NamedTuple):
    """A proxy that runs."""

    port: int
    certificate: Path

    def connect(self) -> ssl.SSLSocket:
        """A connection to it, whose certificate was looked at."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        made = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        return context.wrap_socket(made, server_hostname="localhost")

    def ask(self, content: bytes) -> Said:
        """One request on a connection of its own."""
        with self.connect() as made:
            made.sendall(content)
            return read(made)


@contextmanager
def proxied(folder: Path, block: str, port: int, name: str) -> Iterator[Proxy]:
    """nginx with the server block that was written for `name`, in front of `port`, until the block ends."""
    place = str(program())
    key, chain = folder / "key.pem", folder / "chain.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    files = ("-keyout", str(key), "-out", str(chain))
    subprocess.run(["openssl", *words.split(), *files], check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        ours = free.getsockname()[1]
    # Ports and files are those of this machine; all else stands as it was written.
    changes = {
        "server 127.0.0.1:8080;": f"server 127.0.0.1:{port};",
        "listen 443 ssl;": f"listen 127.0.0.1:{ours} ssl;",
        f"/etc/ssl/{name}.pem": str(chain),
        f"/etc/ssl/{name}.key": str(key),
    }
    for before, after in changes.items():
        assert block.count(before) == 1, before
        block = block.replace(before, after)
    (folder / "block.conf").write_text(block, encoding="utf-8")
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(WHOLE.format(user=user, folder=folder), encoding="utf-8")
    command = [place, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            assert process.poll() is None, (folder / "errors").read_text("utf-8")
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", ours)) == 0:
                    break
            time.sleep(0.1)
        yield Proxy(ours, chain)
    finally:
        process.terminate()
        process.wait(30)
