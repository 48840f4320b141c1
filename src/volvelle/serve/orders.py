"""What a supervisor and its workers say to each other: JSON lines on a pair of sockets."""

from __future__ import annotations

from volvelle.serve.library import Library
from volvelle.serve.service import Limits
from volvelle.spec.requirements import Extra, Record


class Place(Record, frozen=True):
    """A release that was checked."""

    folder: str
    digest: str
    """SHA-256 of model.onnx."""
    library: Library | None = None
    """The model as compiled C, where that answers in the place of onnxruntime."""
    extra: Extra = "ignore"
    """What is done with a field that the model does not know."""


class Orders(Record, frozen=True):
    """Who answers from now on."""

    number: int
    champion: Place
    documents: str
    """The folder of what is told about the champion."""
    challenger: Place | None = None
    canary: float = 0.0
    shadow: bool = False


class Setup(Record, frozen=True):
    """With what a worker starts; numbers of open files are inherited."""

    live: str
    name: str
    """Of the model."""
    slot: int
    socket: int
    control: int
    memory: int
    limits: Limits
    orders: Orders
    certificate: str = ""
    key: str = ""
    """Files for TLS."""
    keep_alive: float = 75.0
    """Seconds for which a connection may be idle."""


class Note(Record, frozen=True):
    """One line."""

    orders: Orders | None = None
    """To a worker: do this."""
    taken: int = 0
    """From a worker: the number of the orders by which it answers now."""
    failed: int = 0
    """From a worker: the number of the orders that it could not follow; `answer` says why."""
    asked: int = 0
    """From a worker: look for the champion; to it: the same number with the answer."""
    answer: str = ""
