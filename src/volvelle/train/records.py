"""The records of the training room."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from volvelle.model.signature import ModelTask, Signature
from volvelle.spec.requirements import Record


class Trial(Record, frozen=True):
    """One candidate that the search tried."""

    number: int
    estimator: str
    settings: dict[str, Any]
    status: Literal["done", "failed", "out of time"]
    score: float | None = None
    """Mean over the folds of the search metric, as the metric states it."""
    spread: float | None = None
    """Standard deviation over the folds."""
    seconds: float = 0.0
    note: str = ""


class Searched(Record, frozen=True):
    """What a search found."""

    metric: str
    direction: Literal["up", "down"]
    trials: tuple[Trial, ...]
    best: int
    """Number of the best trial."""
    seed: int
    folds: int
    budget: float
    """Seconds asked for."""
    spent: float
    """Seconds used."""


class Candidate(Record, frozen=True):
    """The recipe of a model: all that is needed to train it again, bit for bit."""

    estimator: str
    settings: dict[str, Any]
    seed: int
    metric: str
    score: float
    spread: float


class Model(Record, frozen=True):
    """The one artefact: an ONNX file, its signature and how it was made."""

    onnx: str
    """SHA-256 of the ONNX bytes in the store."""
    size: int
    """Bytes of the ONNX file."""
    signature: Signature
    estimator: str
    settings: dict[str, Any]
    task: ModelTask
    seed: int
    operators: int
    parity: float
    """Largest difference between the library's own scores and the ONNX file's, over the training rows."""
    label_differences: int
    """Training rows whose label differs between the library and the ONNX file."""
    recipe: str
    """SHA-256 of the fitted recipe (JSON) in the store."""
    feature_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Columns that are no feature, and why."""
    versions: dict[str, str] = field(default_factory=dict)
    """Versions of Python and of the packages that made it."""
