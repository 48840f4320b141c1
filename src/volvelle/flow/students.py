"""When a search under a budget tries a student: the best model that fits, taught by the best that need not fit.

After a number of trials, and then again as often, the settings of the best candidate that fits are tried once more with
a teacher: the ensemble that out-of-fold predictions choose among the best trials of all. It is a trial like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import ESTIMATORS
from volvelle.train import ensemble
from volvelle.train.distil import teacher_of
from volvelle.train.learning import TEACHER
from volvelle.train.order import Point, key
from volvelle.train.records import Member, Trial
from volvelle.train.search import best_of

AFTER, EVERY = 10, 5
"""Trials before the first student, and between two."""
POOL, MEMBERS = 8, 3
"""The best trials of the best estimators, of which a teacher is chosen, and its largest members, which are kept."""

Predictions = Callable[[str], NDArray[np.float32]]
"""The out-of-fold predictions that the store holds under a hash, rows fold by fold."""


class Students:
    """Proposes students.

    Args:
        predictions: reads those of a trial.
        truth: one-hot classes or values of the same rows, ``[n, k]``.
        direction: of the search metric.
    """

    def __init__(self, predictions: Predictions, truth: NDArray[np.float64], direction: str) -> None:
        self._predictions, self._truth, self._up = predictions, truth, direction == "up"

    def next(self, trials: Sequence[Trial]) -> Point | None:
        """The student that is due; None where none is, or where the best that fits was taught already."""
        last = max((t.number for t in trials if teacher_of(t.settings)), default=AFTER - EVERY - 1)
        if len(trials) <= last + EVERY:
            return None
        plain = [t for t in trials if t.fits and not teacher_of(t.settings) and t.estimator != "constant"]
        best = best_of(plain, "up" if self._up else "down")
        if best is None:
            return None
        taught = {key((t.estimator, _plain(t))) for t in trials if teacher_of(t.settings)}
        members = self._teacher(trials) if key((best.estimator, best.settings)) not in taught else ()
        # A model learns nothing from itself.
        if not members or [(m.estimator, m.settings) for m in members] == [(best.estimator, _tried(best))]:
            return None
        return best.estimator, best.settings | {TEACHER: msgspec.to_builtins(members)}

    def _teacher(self, trials: Sequence[Trial]) -> tuple[Member, ...]:
        """The members of the best ensemble, whether it fits or not; no student among them."""
        sign = -1.0 if self._up else 1.0
        able = [t for t in trials if t.status == "done" and t.predictions and not teacher_of(t.settings)]
        ranked = sorted(able, key=lambda t: (sign * float(t.score or 0.0), t.number))[:POOL]
        if not ranked:
            return ()
        answers = [self._predictions(t.predictions).astype(np.float64) - self._truth for t in ranked]
        rest = np.stack([a.ravel() for a in answers])
        weights = ensemble.select(rest @ rest.T, 0, [0.0] * len(ranked), None)
        kept = dict(list(weights.items())[:MEMBERS])
        total = sum(kept.values())
        return tuple(
            Member(estimator=ranked[k].estimator, settings=_tried(ranked[k]), weight=round(w / total, 6))
            for k, w in kept.items()
        )


def _tried(trial: Trial) -> dict[str, Any]:
    """What the folds of a trial were fitted with."""
    last = ESTIMATORS.fact(trial.estimator, "LAST") or ()
    return {name: value for name, value in trial.whole().items() if name not in last}


def _plain(trial: Trial) -> dict[str, object]:
    return {name: value for name, value in trial.settings.items() if name != TEACHER}
