"""Which models are averaged: greedy selection with replacement, guarded against over-selection.

Starting from the best single model, counted a few times, the member whose addition lowers the squared error of the
mean most (for classes: the Brier score) is added again and again; its weight is how often it was chosen. As the
error of a mean is a quadratic form of the members' out-of-fold residuals, one table of their products per fold is
all that a selection reads, however many rows there are.

The guard: for every fold a selection is made on the other folds and judged, by the search metric, on that one. So
is the single model that is best on the other folds, for the best of many on all folds owes part of its score to
luck, which the ensemble has not had. The ensemble is taken if its mean gain over the folds is larger than a quarter of
its standard error, and than a fiftieth of the standard deviation of the single's fold scores: less is not worth the
bytes and the time of several models.

References: Caruana, Niculescu-Mizil, Crew, Ksikes, Ensemble selection from libraries of models, ICML 2004; Cawley,
Talbot, On over-fitting in model selection, JMLR 11, 2010, for judging the choice and not the chosen.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.train.assemble import weighted

START, STEPS = 4, 24
"""How often the best single model counts at first, so that the next comes in by a fifth; and choices in all."""
WORTH, SURE = 0.02, 0.25
"""Share of the best's spread over the folds, and of the gain's standard error, that a gain must exceed."""
LEAST_WEIGHT = 0.04
"""Members of a smaller share are left out: they cost bytes and time and change nothing."""
_LEAST_GAIN = 1e-6
"""A choice that lowers the error by a smaller share of it ends the selection."""


class Library(NamedTuple):
    """Candidates for membership.

    Attributes:
        answers: out-of-fold answers of each, float32 ``[n, k]``, rows fold by fold.
        truth: what they should be, float64 ``[n, k]``: one-hot classes, or values.
        folds: fold number of each row, ``[n]``.
        costs: seconds that fitting each again takes.
        best: position of the best single model.
    """

    answers: Sequence[NDArray[np.float32]]
    truth: NDArray[np.float64]
    folds: NDArray[Any]
    costs: Sequence[float]
    best: int


class Ensemble(NamedTuple):
    """A selection and what its guard says."""

    weights: dict[int, float]
    """Position in the library to weight, largest first."""
    score: float
    """Mean of the search metric over the folds, each judged with a selection made on the others."""
    spread: float
    gain: float
    """How much better than the single model that is best on the other folds; positive is better."""
    margin: float
    """What the gain must exceed."""

    @property
    def better(self) -> bool:
        """Whether it is taken."""
        return len(self.weights) > 1 and self.gain > self.margin


Score = Callable[[int, NDArray[np.float32]], float]
"""(fold, answers of that fold's rows) to the search metric."""


def products(library: Library) -> NDArray[np.float64]:
    """Products of the members' residuals summed over the rows of each fold, ``[folds, m, m]``."""
    numbers = np.unique(library.folds)
    table = np.empty((len(numbers), len(library.answers), len(library.answers)))
    for place, fold in enumerate(numbers):
        rows = library.folds == fold
        left = np.stack([(a[rows].astype(np.float64) - library.truth[rows]).ravel() for a in library.answers])
        table[place] = left @ left.T
    return table


def select(table: NDArray[np.float64], best: int, costs: Sequence[float], within: float | None) -> dict[int, float]:
    """Weights by greedy selection with replacement.

    Args:
        table: products of residuals ``[m, m]``.
        best: the first member.
        costs: of fitting each member again.
        within: what all members may cost together; None for any.

    >>> select(np.array([[4.0, -4.0], [-4.0, 4.0]]), 0, (1.0, 1.0), None)
    {0: 0.5, 1: 0.5}
    """
    chosen = [best] * START
    paid = costs[best]
    crossed, squared = START * table[best], START**2 * float(table[best, best])
    error = float(table[best, best])
    for size in range(START + 1, STEPS + 1):
        errors = (squared + 2 * crossed + np.diag(table)) / size**2
        if within is not None:
            dear = [k not in chosen and paid + costs[k] > within for k in range(len(errors))]
            errors = np.where(dear, np.inf, errors)
        member = int(np.argmin(errors))
        if not errors[member] < error * (1 - _LEAST_GAIN):
            break
        squared += float(2 * crossed[member] + table[member, member])
        crossed += table[member]
        error = float(errors[member])
        paid += 0.0 if member in chosen else costs[member]
        chosen.append(member)
    counts = {k: chosen.count(k) for k in dict.fromkeys(chosen)}
    kept = {k: c for k, c in counts.items() if c / len(chosen) >= LEAST_WEIGHT} or {best: 1}
    total = sum(kept.values())
    ordered = sorted(kept, key=lambda k: (-kept[k], k))
    return {k: kept[k] / total for k in ordered}


def find(library: Library, score: Score, sign: int, within: float | None = None) -> Ensemble:
    """Select on all folds, and judge selections made without each fold on that fold.

    Args:
        library: the candidates.
        score: the search metric.
        sign: 1 where higher is better, else -1.
        within: as `select`.
    """
    table = products(library)
    whole = select(table.sum(axis=0), library.best, library.costs, within)
    numbers = np.unique(library.folds).tolist()
    singles = np.array([[score(fold, a[library.folds == fold]) for a in library.answers] for fold in numbers])
    scores, alone = list[float](), list[float]()
    for place, fold in enumerate(numbers):
        rows = library.folds == fold
        best = _best(np.delete(singles, place, axis=0).mean(axis=0) * sign, library.best)
        chosen = select(np.delete(table, place, axis=0).sum(axis=0), best, library.costs, within)
        scores.append(score(fold, weighted([library.answers[k][rows] for k in chosen], list(chosen.values()))))
        alone.append(float(singles[place, best]))
    gains = [sign * (mine - single) for mine, single in zip(scores, alone, strict=True)]
    if len(gains) < 2 or not all(map(math.isfinite, gains)):
        return Ensemble(whole, math.nan, math.nan, math.nan, math.nan)
    margin = max(SURE * statistics.stdev(gains) / math.sqrt(len(gains)), WORTH * statistics.stdev(alone))
    return Ensemble(whole, statistics.fmean(scores), statistics.pstdev(scores), statistics.fmean(gains), margin)


def _best(means: NDArray[np.float64], usual: int) -> int:
    """Position of the highest mean; of equals the usual one, then the first."""
    highest = np.flatnonzero(means == means.max()).tolist()
    return usual if not highest or usual in highest else highest[0]
