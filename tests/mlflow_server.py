"""A real MLflow in an environment of its own, and its server on a free loopback port.

``python tests/mlflow_server.py`` makes the environment beforehand; a test that needs it makes it itself.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from urllib.error import URLError
from urllib.request import urlopen

WANTED = ("mlflow>=3.17,<3.18", "onnx", "onnxruntime")
PLACE = Path(sys.prefix) / "mlflow-3.17"
_PATIENCE = 180
"""Seconds until a server that does not answer counts as dead."""


def environment() -> Path:
    """The Python that has MLflow; about 45 seconds the first time.

    Raises:
        RuntimeError: it cannot be installed; the message holds what pip said.
    """
    python, done = PLACE / "bin" / "python", PLACE / "installed"
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    with PLACE.with_name(PLACE.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists() and done.read_text() == "\n".join(WANTED):
            return python
        print("Making an environment for MLflow (once, about a minute)", file=sys.stderr)
        shutil.rmtree(PLACE, ignore_errors=True)
        for command in (
            [sys.executable, "-m", "venv", str(PLACE)],
            [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *WANTED],
        ):
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            if made.returncode:
                raise RuntimeError(f"MLflow cannot be installed into {PLACE}:\n{made.stdout}{made.stderr}")
        done.write_text("\n".join(WANTED))
    return python


@contextmanager
def server(*options: str) -> Iterator[str]:
    """The address of an empty server that takes artifacts."""
    python = environment()
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


if __name__ == "__main__":
    try:
        environment()
    except RuntimeError as error:
        # The tests that need it fail and say the same.
        print(error, file=sys.stderr)
