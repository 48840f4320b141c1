"""A real MLflow in an environment of its own, and its server on a free loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from urllib.error import URLError
from urllib.request import urlopen

from own_environment import environment  # type: ignore[import-not-found]

NAME = "mlflow-3.17"
_PATIENCE = 180
"""Seconds until a server that does not answer counts as dead."""


@contextmanager
def server(*options: str) -> Iterator[str]:
    """The address of an empty server that takes artifacts."""
    python = environment(NAME)
    folder = Path(mkdtemp(prefix="volvelle-mlflow-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    stores = (
        "--backend-store-uri",
        f"sqlite:///{folder / 'store.db'}",
        "--artifacts-destination",
        str(folder / "files"),
    )
    command = [str(python), "-m", "mlflow", "server", "--port", str(port), "--workers", "1", *stores, *options]
    quiet = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=quiet, start_new_session=True)
    try:
        _wait(address, process, folder / "log")
        yield address
    finally:
        # Its workers are children of it: they end with their group.
        os.killpg(process.pid, 15)
        process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"{address}/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the MLflow server does not answer:\n{log.read_text()}")
