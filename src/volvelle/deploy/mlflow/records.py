"""What is written into MLflow: plain facts, made by the room that sees all."""

from __future__ import annotations

from typing import NamedTuple

from volvelle.data.records import Dataset
from volvelle.model.signature import Signature


class Outgoing(NamedTuple):
    """One run on its way to MLflow."""

    key: str
    """What makes the run the same run when it is written again."""
    name: str
    user: str
    started: int
    """Milliseconds since 1970 UTC, as every time here."""
    ended: int
    metrics: dict[str, float]
    parameters: dict[str, str]
    tags: dict[str, str]
    note: str
    """What people read first, as Markdown."""
    dataset: Dataset
    files: dict[str, bytes]
    """Evidence that lies beside the run: file name to content."""
    onnx: bytes
    """The model as it takes columns by name."""
    signature: Signature
    versions: dict[str, str]
    """Versions of Python and of packages that the model was made with."""


class Asked(NamedTuple):
    """Where in MLflow it goes."""

    experiment: str
    registered: str
    """Name of the registered model."""
    alias: str
    """Set on the version; empty for none."""


class Sent(NamedTuple):
    """What came of it; the names and numbers are those of MLflow."""

    server: str
    version_of_mlflow: str
    experiment: str
    experiment_id: str
    run_id: str
    new_run: bool
    """False where this run was there already: then nothing was made twice."""
    model_id: str
    uploaded: int
    """Files that were sent; those that lie there already are not."""
    model: str
    """Name of the registered model."""
    version: str
    new_version: bool
    alias: str
    """Empty where none was set."""
    notes: tuple[str, ...]
