"""The signature: what goes into a model and what comes out, by name, type, range and unit.

A model takes up to four matrices: ``numbers`` (float32, missing is NaN), ``codes`` (int64
positions in the category list; -1 is missing, -2 a category that training never saw), ``times``
(int64 seconds since 1970 UTC; missing is the smallest int64) and ``words`` (int64 hashes of the
words of texts, see `volvelle.model.words`; each text takes as many columns as its `length` says,
-1 is no word). It gives ``label`` (int64 ``[N]``, position in `classes`) and ``scores`` (float32
``[N, classes]``), or ``prediction`` (float32 ``[N, 1]``).
"""

from __future__ import annotations

from typing import Literal

from volvelle.spec.requirements import Record

MISSING_CODE, UNSEEN_CODE = -1, -2
MISSING_TIME = -(2**63)
FeatureKind = Literal["number", "integer", "category", "boolean", "time", "text"]
Tensor = Literal["numbers", "codes", "times", "words"]
ModelTask = Literal["binary", "multiclass", "regression"]
TENSORS: dict[FeatureKind, Tensor] = {
    "number": "numbers",
    "integer": "numbers",
    "category": "codes",
    "boolean": "codes",
    "time": "times",
    "text": "words",
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
    length: int = 1
    """Columns that the feature takes in its matrix: of a text, how many words are read."""
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
    threshold: float | None = None
    """A row is positive where the positive class scores above it (float32); None: the class of the highest score."""

    def of(self, tensor: Tensor) -> tuple[Feature, ...]:
        """The features that travel in one input matrix, in the order of its columns."""
        return tuple(f for f in self.features if TENSORS[f.kind] == tensor)

    def width(self, tensor: Tensor) -> int:
        """The number of columns of one input matrix."""
        return sum(f.length for f in self.of(tensor))

    def seats(self, tensor: Tensor) -> dict[str, range]:
        """The columns of one input matrix that each of its features takes.

        >>> feature = Feature(name="a", kind="text", length=8)
        >>> Signature(features=(feature,), target="y", task="regression").seats("words")
        {'a': range(0, 8)}
        """
        found, start = {}, 0
        for feature in self.of(tensor):
            found[feature.name] = range(start, start + feature.length)
            start += feature.length
        return found
