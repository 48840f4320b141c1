"""What the files in ``evaluate/metrics/`` and ``evaluate/gates/`` must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.records import Footprint
from volvelle.evaluate.records import Measured
from volvelle.model.signature import ModelTask

Direction = Literal["up", "down"]
Needs = Literal["labels", "scores", "values"]


class Metric(Protocol):
    """One number for how good predictions are.

    TASKS, DIRECTION, RANGE and NEEDS are literals, so that they can be read without importing the file
    (infinity is written ``1e999``). A file may also hold what makes intervals fast and exact:

    - ``of_counts(counts)``, needs labels: the metric of each table ``[..., k, k]`` of rows by true and
      predicted class. It knows the number of classes, where `score` takes the largest it sees.
    - ``share(counts)``: (hits, trials) of one table where the metric is a plain share of rows, else None.
    - ``weighted(y, p, w)``, needs scores or values: the metric for each row of weights ``[r, n]``.
    - ``BALANCED = True``: every class weighs the same, however few its rows (ROC-AUC, say).
    - ``PARAMETERS``: keys of ``[require]`` that it takes (a matrix of costs, say). Its functions take them by
      keyword, with a default for a spec that does not state them.
    """

    TASKS: tuple[ModelTask, ...]
    DIRECTION: Direction
    """up: higher is better."""
    RANGE: tuple[float, float]
    NEEDS: Needs
    """What `p` is. labels: int64 ``[n]``; scores: probabilities ``[n, classes]``; values: float64 ``[n]``."""

    def score(self, y: NDArray[Any], p: NDArray[Any]) -> float:
        """`y` is int64 ``[n]`` class positions or float64 ``[n]``. In a binary task class 1 is the positive one.

        NaN when the metric is not defined on these rows (AUC of one class, say).
        """
        ...


@dataclass(frozen=True, slots=True)
class Side:
    """Truth and predictions of one side (train or test), as a `Metric` wants them.

    Attributes:
        y: class positions (binary: 1 is positive) or values, ``[n]``.
        labels: predicted class positions ``[n]``; empty for regression.
        scores: probabilities ``[n, classes]`` (binary: column 1 is positive); values ``[n, 1]`` for regression.
        groups: group number of each row ``[n]``, or None: intervals resample groups, not rows.
        given: what ``[require]`` states for metrics that take parameters, by key.
    """

    y: NDArray[Any]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    groups: NDArray[np.int64] | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a gate may be measured from."""

    task: ModelTask
    metric: str
    """The metric that the search optimised."""
    train: Side
    test: Side
    model_size: int
    """Bytes of the ONNX file."""
    parity: float
    """Largest difference between the library's scores and the ONNX file's."""
    level: float
    seed: int
    footprint: Footprint | None = None
    """What was measured on the device; None where the spec names none."""


class Gate(Protocol):
    """A requirement that is not a metric of the predictions.

    UNIT and DIRECTION are literals. UNIT is a dimension of `spec.units`: "1", "bytes", "seconds", "1/seconds", "count".
    """

    UNIT: str
    DIRECTION: Direction

    def measure(self, facts: Facts) -> Measured:
        """The value with its interval; `Measured(value=None, note=why)` where nothing measures it yet."""
        ...
