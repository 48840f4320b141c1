"""The signature: what goes into a model and what comes out, by name, type, range and unit.

A model takes up to three matrices: ``numbers`` (float32, missing is NaN), ``codes`` (int64
positions in the category list; -1 is missing, -2 a category that training never saw) and ``times``
(int64 seconds since 1970 UTC; missing is the smallest int64). It gives ``label`` (int64 ``[N]``,
position in `classes`) and ``scores`` (float32 ``[N, classes]``), or ``prediction`` (float32 ``[N, 1]``).
"""

from __future__ import annotations

from typing import Literal

from volvelle.spec.requirements import Record

MISSING_CODE, UNSEEN_CODE = -1, -2
MISSING_TIME = -(2**63)
FeatureKind = Literal["number", "integer", "category", "boolean", "time"]
ModelTask = Literal["binary", "multiclass", "regression"]
TENSORS: dict[FeatureKind, Literal["numbers", "codes", "times"]] = {
    "number": "numbers",
    "integer": "numbers",
    "category": "codes",
    "boolean": "codes",
    "time": "times",
}


class Feature(Record, frozen=True):
    """One column that the model takes."""

    name: str
    kind: FeatureKind
    unit: str = ""
    low: float | None = None
    """Lowest value seen in training, or declared."""
    high: float | None = None
    bounded: bool = False
    """Whether the range was declared: then a number outside it counts as missing."""
    categories: tuple[str, ...] = ()
    missing: Literal["allow", "refuse"] = "allow"
    unseen: Literal["allow", "refuse"] = "allow"


class Signature(Record, frozen=True):
    """Names and types of what goes in and comes out of a model."""

    features: tuple[Feature, ...]
    target: str
    task: ModelTask
    classes: tuple[str, ...] = ()
    """Class names in the order of the score columns; empty for regression."""
    positive: int | None = None
    """Position of the positive class of a binary task."""

    def of(self, tensor: Literal["numbers", "codes", "times"]) -> tuple[Feature, ...]:
        """The features that travel in one input matrix, in the order of its columns."""
        return tuple(f for f in self.features if TENSORS[f.kind] == tensor)
