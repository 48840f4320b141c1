"""One process at a time: a lock of a project that the system frees when its holder is killed."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from typing import Literal

from volvelle.errors import Refused
from volvelle.flow.turn import Project


@contextlib.contextmanager
def alone(project: Project, what: Literal["retrain", "champion", "tell"], *, wait: bool = False) -> Iterator[None]:
    """Only one process does this at a time.

    Args:
        project: in which.
        what: is done.
        wait: until the other one has finished, rather than refuse.

    Raises:
        Refused: another process is at it.
    """
    path = project.state / "locks" / what
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise Refused(
                "the wheel is turning already: another process makes a challenger",
                where=str(project.folder),
                next_move="wait for it; volvelle runs shows what comes of it",
            ) from error
        yield
