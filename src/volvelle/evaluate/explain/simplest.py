"""Interpretable against accurate: the simplest candidate within one standard error of the winner.

The scores of candidates are means over a few folds and uncertain themselves. Any candidate whose score lies
within one standard error of the best one cannot be told from it, and the simplest of them is the better buy
for whoever must understand, defend or shrink the model.

Reference: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984, section 3.4.3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from volvelle.evaluate.explain.records import Simpler
from volvelle.train.records import Searched, Trial

INTERPRETABLE = ("constant", "linear", "logistic", "decision_tree", "naive_bayes", "linear_svm")
"""From the one whose answers a person follows most easily on."""


def simplest(searched: Searched, costs: Mapping[str, int]) -> Simpler | None:
    """The simplest trial that cannot be told from the best one; None without two finished trials.

    Args:
        searched: the trials.
        costs: how dear each estimator's fit is; orders those that are not interpretable by themselves.
    """
    done = [t for t in searched.trials if t.score is not None and math.isfinite(t.score)]
    best = next((t for t in done if t.number == searched.best), None)
    if best is None or len(done) < 2:
        return None
    error = standard_error(best, searched.folds)
    sign = 1.0 if searched.direction == "up" else -1.0
    near = [t for t in done if sign * (_score(best) - _score(t)) <= error]
    near.sort(key=lambda t: (_rank(t.estimator, costs), -sign * _score(t), t.number))
    found = near[0] if _rank(near[0].estimator, costs) < _rank(best.estimator, costs) else best
    return Simpler(
        estimator=found.estimator,
        trial=found.number,
        score=_score(found),
        spread=found.spread or 0.0,
        winner=best.estimator,
        winner_score=_score(best),
        error=error,
    )


def standard_error(trial: Trial, folds: int) -> float:
    """Of the mean over the folds; `spread` is their standard deviation with divisor n."""
    return (trial.spread or 0.0) / math.sqrt(max(1, folds - 1))


def interpretable(estimator: str) -> bool:
    """Whether a person can follow how it answers.

    >>> interpretable("logistic"), interpretable("lightgbm")
    (True, False)
    """
    return estimator in INTERPRETABLE


def _rank(estimator: str, costs: Mapping[str, int]) -> tuple[int, int]:
    if estimator in INTERPRETABLE:
        return 0, INTERPRETABLE.index(estimator)
    return 1, costs.get(estimator, 9)


def _score(trial: Trial) -> float:
    return float(trial.score if trial.score is not None else math.nan)
