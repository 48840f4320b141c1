"""Starts a mosquitto of its own, in a folder of its own, on a free loopback port; it can be started again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path


def program() -> str | None:
    """The broker's program, or None."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Broker:
    """A broker that keeps its sessions on the disk when it is stopped.

    Args:
        folder: an empty folder of its own.
        more: further lines of its configuration.
    """

    def __init__(self, folder: Path, more: Sequence[str] = ("allow_anonymous true",)) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        lines = (
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {folder}/",
            f"pid_file {folder}/pid",
            "max_queued_messages 0",
            "user root",
            *more,
        )
        (folder / "broker.conf").write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = [str(program()), "-c", str(self._folder / "broker.conf")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError((self._folder / "log").read_text())

    def stop(self) -> None:
        """Stop as a restart of the machine does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
