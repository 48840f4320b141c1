"""The shipped graph as a function of encoded rows, in the class order of evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.evaluate.contract import Side
from volvelle.evaluate.sides import class_names, side
from volvelle.model.encode import encode
from volvelle.model.limits import inspect
from volvelle.model.parts import members, part, uncalibrated
from volvelle.model.session import Session
from volvelle.model.signature import MISSING_CODE, MISSING_TIME, TENSORS, UNSEEN_CODE, Feature, Signature, Tensor

Inputs = dict[str, NDArray[Any]]
_PER_ROW, _MOST_WORK = 2_000, 1.5e10


class Place(NamedTuple):
    """Where a column travels."""

    feature: Feature
    tensor: Tensor
    at: int | slice
    """Its column of that matrix; of a text, all of its columns."""


class Shipped:
    """A model under examination.

    Args:
        content: bytes of the ONNX file.
        signature: names and types of its columns.
        given: what the spec states for metrics that take parameters.

    Raises:
        ModelError: the file is damaged.
    """

    def __init__(self, content: bytes, signature: Signature, given: Mapping[str, Any] | None = None) -> None:
        self.content, self.signature, self.given = content, signature, given or {}
        self.names = class_names(signature)
        self._session = Session(content)
        weights = sum(int(np.prod(t.dims)) for t in inspect(content).graph.initializer)
        self.work = _PER_ROW + weights
        """About how many multiplications a row costs."""

    def encode(self, frame: pl.DataFrame) -> Inputs:
        """Raw rows as the graph takes them."""
        return dict(encode(frame, self.signature))

    def places(self) -> tuple[Place, ...]:
        """Where each column travels, in the order of the signature."""
        found = []
        for feature in self.signature.features:
            tensor = TENSORS[feature.kind]
            seat = self.signature.seats(tensor)[feature.name]
            found.append(Place(feature, tensor, slice(seat.start, seat.stop) if tensor == "words" else seat.start))
        return tuple(found)

    def side(self, inputs: Inputs, y: NDArray[Any], groups: NDArray[np.int64] | None = None) -> Side:
        """Truth (in the order of evaluation) and the graph's answers, as metrics want them."""
        labels, scores = self.answers(inputs)
        return Side(y=y, labels=labels, scores=scores, groups=groups, given=self.given)

    def answers(self, inputs: Inputs) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Labels ``[n]`` (empty for regression) and scores ``[n, classes]`` or values ``[n, 1]``."""
        found = self._session.run(inputs)
        rows = len(next(iter(inputs.values())))
        nothing = np.zeros(rows, dtype=np.int64)
        if self.signature.task == "regression":
            made = side(nothing, nothing, found["prediction"], self.signature)
        else:
            labels = found.get("label", np.argmax(found["scores"], axis=1))
            made = side(nothing, labels, found["scores"], self.signature)
        return made.labels, made.scores

    def members(self) -> list[tuple[Shipped, float]]:
        """The members whose weighted mean is the answer, with their weights; empty for a single model."""
        return [(self._part(value), weight) for value, weight in members(self.content)]

    def uncalibrated(self) -> Shipped | None:
        """The same model before its calibration; None where there is none."""
        value = uncalibrated(self.content)
        return None if value is None else self._part(value)

    def _part(self, value: str) -> Shipped:
        output = "prediction" if self.signature.task == "regression" else "scores"
        return Shipped(part(self.content, value, output), self.signature, self.given)

    def affordable(self, rows: int, passes: int) -> int:
        """How many of `rows` may be predicted `passes` times each, so that the work stays bounded; at least 100."""
        return min(rows, max(100, int(_MOST_WORK / self.work / max(1, passes))))


def chosen(inputs: Inputs, rows: NDArray[Any] | slice) -> Inputs:
    """Some of the rows."""
    return {name: matrix[rows] for name, matrix in inputs.items()}


def replaced(inputs: Inputs, place: Place, cells: Any) -> Inputs:
    """The same rows with other cells in one column."""
    matrix = inputs[place.tensor].copy()
    matrix[:, place.at] = cells
    return {**inputs, place.tensor: matrix}


def sample(rows: int, most: int, seed: int) -> NDArray[np.int64]:
    """Row numbers, all of them or `most` drawn without replacement, in order.

    >>> sample(3, 5, 0).tolist(), len(sample(100, 5, 0))
    ([0, 1, 2], 5)
    """
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng([seed, rows]).choice(rows, most, replace=False))


def cell_text(place: Place, cell: Any) -> str:
    """An encoded cell as people write it.

    >>> sex = Feature(name="sex", kind="category", categories=("f", "m"))
    >>> cell_text(Place(sex, "codes", 0), 1), cell_text(Place(sex, "codes", 0), -1)
    ('m', 'missing')
    """
    if place.tensor == "numbers":
        return "missing" if np.isnan(cell) else f"{float(cell):.6g}"
    if place.tensor == "times":
        return "missing" if cell == MISSING_TIME else str(np.datetime64(int(cell), "s")).replace("T", " ")
    if place.tensor == "words":
        return f"{int((cell >= 0).sum())} words"
    if cell == MISSING_CODE:
        return "missing"
    return "unseen" if cell == UNSEEN_CODE else place.feature.categories[int(cell)]
