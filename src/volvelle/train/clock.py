"""The clock of a search: predicts what a trial will cost and holds time back for training its winner again.

The cost of an estimator is the mean over its trials so far, those that were stopped early among them: the next may
be stopped as well, and one that takes longer meets its deadline. After the search the winner, or each member of an
ensemble, is fitted once more on all rows, where a fold learns from a share of them: it is taken to be dearer by their
ratio to the power of 1.5, which is what rows and the trees for them make together. Forward in time the shares differ.
The library answers all rows once more, and the graph does so too.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from typing import Literal

from volvelle.train.records import Trial

FIRST_SHARE, FIRST_SECONDS = 0.15, 5.0
"""A trial of a dear estimator may take at most this share of the budget, or these seconds, or a few times its mean."""
_TIMES = 3
AVERAGE_SHARE = 0.15
"""At most this share of the budget is held back for fitting more than the winner once: its other boosters, and the
members of an ensemble."""
GROWTH, ANSWERS = 1.5, 2.5
"""The power of rows that a fit costs; how often all training rows are answered after the fits, the test side too."""
WRITING = 0.15 / 2**20
"""Seconds that a byte of a model takes to be written into the graph and read again: forests of 10 MiB take a second."""
SURE = 0.9
"""Of the seconds that are left for the last fits this share is given away: predictions are off by about a tenth."""
_OTHERS = 5
"""For how many members beside the best, at most, time is held back."""


class Clock:
    """The time of one search.

    Args:
        budget: seconds, from the first trial to the finished model.
        shares: of all rows, that each fold of a whole trial learns from.
        began: on the monotonic clock.
        before: seconds spent by an interrupted search that this one continues.
        ensemble: whether several models may be fitted again.
    """

    def __init__(self, budget: float, shares: Sequence[float], *, began: float, before: float, ensemble: bool) -> None:
        self.budget, self._shares = budget, shares
        self._began, self._before, self._ensemble = began, before, ensemble

    def spent(self) -> float:
        """Seconds since the search began, those of an interrupted one included."""
        return self._before + time.monotonic() - self._began

    def left(self, trials: Sequence[Trial], direction: Literal["up", "down"]) -> float:
        """Seconds that trials may still take."""
        return self.budget - self.spent() - self.refits(trials, direction)

    def trial(self, estimator: str, trials: Sequence[Trial]) -> float:
        """Predicted seconds of the next trial; infinite where not one fold was ever finished.

        One that was never tried costs nothing yet: it has its chance as long as there is time.
        """
        mine = [t for t in trials if t.estimator == estimator and t.status != "failed"]
        if not mine:
            return 0.0
        timed = [t.seconds for t in mine if t.fold_scores]
        return statistics.fmean(timed) if timed else math.inf

    def dear(self, estimator: str, trials: Sequence[Trial], left: float) -> float:
        """Seconds that a trial of a dear estimator may take: a share of the budget, or a few times its mean if more."""
        seen = self.trial(estimator, trials)
        return min(left, max(self.budget * FIRST_SHARE, FIRST_SECONDS, _TIMES * seen if math.isfinite(seen) else 0.0))

    def refits(self, trials: Sequence[Trial], direction: Literal["up", "down"]) -> float:
        """Seconds to hold back for fitting the winner, or an ensemble, again."""
        ranked = _ranked(trials, direction)[: 1 + _OTHERS if self._ensemble else 1]
        once = sum(refit(t, self._shares) / t.times() for t in ranked[:1])
        whole = sum(refit(t, self._shares) for t in ranked)
        return once + min(whole - once, AVERAGE_SHARE * self.budget)

    def refit_within(self, trials: Sequence[Trial], direction: Literal["up", "down"]) -> float:
        """Seconds that are there for the last fits when the search has ended: enough for the winner in any case."""
        winner = sum(refit(t, self._shares) / t.times() for t in _ranked(trials, direction)[:1])
        return max(winner, SURE * (self.budget - self.spent()))


def _ranked(trials: Sequence[Trial], direction: Literal["up", "down"]) -> list[Trial]:
    sign = -1 if direction == "up" else 1
    done = (t for t in trials if t.status == "done" and t.score is not None)
    return sorted(done, key=lambda t: sign * float(t.score or 0))


def even(folds: int) -> tuple[float, ...]:
    """The shares where each fold learns from all parts but one."""
    return (1 - 1 / folds,) * folds


def refit(trial: Trial, shares: Sequence[float]) -> float:
    """Predicted seconds of fitting a trial's model on all rows, and of answering them for parity and evidence."""
    if not trial.fold_scores:
        return 0.0
    count = len(trial.fold_scores)
    dearer = 1 / statistics.fmean(share**GROWTH for share in shares)
    fitting = (trial.work - trial.settling - trial.answering) / count * dearer
    return float(fitting + trial.answering / count * len(shares) * ANSWERS + trial.size * WRITING) * trial.times()
