"""Out-of-fold predictions: what each candidate answered for rows that it had not learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.data.versions import from_bytes
from volvelle.evaluate.measure import value
from volvelle.evaluate.sides import side
from volvelle.flow.context import Context
from volvelle.model.signature import Signature
from volvelle.prepare.split import Index


def layout(folds: Sequence[tuple[Index, Index]], target: NDArray[Any]) -> pl.DataFrame:
    """Row, fold and y of the rows that predictions stand for: fold by fold, in the order of each fold's rows."""
    rows = np.concatenate([valid for _, valid in folds])
    numbers = np.concatenate([np.full(len(valid), k) for k, (_, valid) in enumerate(folds)])
    return pl.DataFrame({"row": rows.astype(np.int64), "fold": numbers.astype(np.int64), "y": target[rows]})


class OutOfFold:
    """The rows that candidates were scored on.

    Args:
        context: of the stage that reads.
        layout: SHA-256 of what the function `layout` gave.
        answers: task and classes.
        metric: that the search optimised.
        given: what the spec states for it.
    """

    def __init__(
        self, context: Context, layout: str, answers: Signature, metric: str, given: Mapping[str, Any] | None = None
    ) -> None:
        table = from_bytes(context.get(layout))
        self._context, self._answers, self._metric, self._given = context, answers, metric, given
        self.rows = table["row"].to_numpy()
        self.folds = table["fold"].to_numpy()
        self.y = table["y"].to_numpy()

    def predictions(self, digest: str) -> NDArray[np.float32]:
        """Probabilities ``[n, classes]`` or values ``[n, 1]`` of one candidate."""
        return from_bytes(self._context.get(digest)).to_numpy().astype(np.float32)

    def truth(self) -> NDArray[np.float64]:
        """One-hot classes or values, ``[n, k]``."""
        if self._answers.task == "regression":
            return np.asarray(self.y, dtype=np.float64).reshape(-1, 1)
        return np.asarray(np.eye(len(self._answers.classes))[self.y.astype(np.int64)])

    def score(self, fold: int, scores: NDArray[np.float32]) -> float:
        """The search metric of predictions for the rows of one fold."""
        y = self.y[self.folds == fold]
        known = side(y, np.argmax(scores, axis=1), scores, self._answers, given=self._given)
        return value(self._metric, known, self._answers.task)
