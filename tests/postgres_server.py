"""Starts a PostgreSQL server of its own, in a folder of its own, on a free loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

PASSWORD = "p@ss:w/rd"


def programs() -> Path | None:
    """The folder of initdb and postgres, or None."""
    linked = shutil.which("initdb")
    places = [Path(linked).resolve().parent] if linked else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((place for place in reversed(places) if (place / "initdb").exists()), None)


@contextmanager
def server() -> Iterator[str]:
    """The address of an empty server, without password; user 'postgres', password `PASSWORD` over TCP."""
    place = programs()
    if place is None:
        raise FileNotFoundError("initdb")
    folder = Path(mkdtemp(prefix="volvelle-pg-"))
    (folder / "password").write_text(PASSWORD)
    before: tuple[str, ...] = ()
    if os.getuid() == 0:
        # The server refuses to run as root.
        for path in (folder, folder / "password"):
            shutil.chown(path, "postgres")
        before = ("runuser", "-u", "postgres", "--")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -F"
    control = (*before, str(place / "pg_ctl"), "-D", data, "-w")
    how = ("-U", "postgres", "-A", "scram-sha-256", "--no-sync", f"--pwfile={folder / 'password'}")
    try:
        _run(*before, str(place / "initdb"), "-D", data, *how)
        _run(*control, "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            _run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", timeout=60)
