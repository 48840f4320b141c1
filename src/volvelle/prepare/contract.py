"""What a file in ``prepare/steps/`` must hold.

Besides the functions of `Step` a file may declare, as literals that are read without importing it:

- ``OPTION: float = 0.01``: the step takes one number, written after a colon in the spec
  (``rare_categories:0.02``). `fit` then has a second parameter ``option`` with this default.
- ``OPTION_RANGE = (low, high)``: where that number must lie, ends included.
- ``FILLS = True``: whatever comes in, what goes out is finite. All other number steps promise: finite in,
  finite out; missing in, missing out.
- ``TARGET = True``: `fit` has a second parameter, the target of the training rows, float64 ``[n, t]``: one column of
  values, of 0 and 1 for two classes, or one of 0 and 1 for each of more classes. The features that a model learns from
  are then made out of fold, so that no row is told its own target.
- ``PAIRS = True``: the step joins columns two by two, ``[n, 2k]`` to ``[n, k]``; ``[prepare] pairs`` names them.
- ``CATEGORICAL = True``: each number that goes out is a category's code, not an amount.

A step from code to code that makes new codes also defines ``labels(names, params)``, see `rare_categories`.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value

Flow = Literal["number", "code", "time", "words"]
"""number: float32, missing is NaN. code: int64, -1 missing, -2 unseen. time: int64 seconds, missing is -2**63.
words: int64 hashes of the words of ONE column, in their order, -1 is none; its block is as wide as the texts are long.
"""
Params = dict[str, Any]
"""Fitted parameters: finite numbers, strings and lists of them, so that they can be printed, hashed and compared."""
View = Literal["dense", "ordinal", "raw", "means"]
"""Which features an estimator wants, always one float32 matrix.

dense: nothing missing, scaled, categories one-hot. ordinal: nothing missing, unscaled, categories as
codes. raw: as it comes, missing is NaN, categories as codes (unseen and missing are NaN). means: raw, but a category of
more than two goes by the mean of the target over its rows.
"""
AS_THEY_COME: tuple[View, ...] = ("raw", "means")
"""In which numbers stay as they are, missing ones too."""


class Step(Protocol):
    """A preparation step over a block of k columns at once: fits numbers, then writes itself into a graph."""

    TAKES: Flow
    GIVES: Flow

    def fit(self, block: NDArray[np.generic]) -> Params:
        """Learn from training rows ``[n, k]``; columns are independent of each other."""
        ...

    def emit(self, graph: Graph, x: Value, params: Params) -> Value:
        """Write the step into the graph: ``[N, k]`` to ``[N, k']``."""
        ...

    def names(self, columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
        """The names of the k' columns that come out; k' may be 0."""
        ...
