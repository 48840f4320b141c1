"""Runs a source's `listen` in the test's own process until enough has come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from volvelle.data.intake import Intake
from volvelle.errors import VolvelleError


class Heard:
    """A listener at work.

    Args:
        module: the source.
        where: its address.
        folder: the project.
    """

    def __init__(self, module: ModuleType, where: str, folder: Path) -> None:
        self.said: list[str] = []
        self.intake = Intake(self.said.append)
        self.table = module.table(where, folder)
        self.error: VolvelleError | None = None
        self._thread = threading.Thread(target=self._drain)

    def _drain(self) -> None:
        try:
            self.intake.drain(self.table)
        except VolvelleError as error:
            self.error = error

    def start(self) -> None:
        """Append from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Append what waits, and end."""
        self.intake.close()
        self._thread.join(30)

    def until(self, done: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait until a condition holds."""
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, (self.said, self.intake.tally)
            time.sleep(0.02)

    def messages(self, count: int) -> None:
        """Wait until so many messages were appended."""
        self.until(lambda: self.intake.tally.messages >= count)

    def address(self) -> str:
        """Where an HTTP source listens."""
        return self.said[0].split()[3].rstrip(";")


@contextmanager
def heard(module: ModuleType, where: str, folder: Path) -> Iterator[Heard]:
    """Listen for as long as the context lasts."""
    listener = Heard(module, where, folder)
    with module.listen(where, folder, listener.intake):
        listener.start()
        try:
            yield listener
        finally:
            listener.stop()
