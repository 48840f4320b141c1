"""Racing over folds: a candidate is stopped when it cannot catch up with the best.

After k of n folds the mean difference to the best over all n folds is predicted from the k differences
seen. With Student's distribution, the bound that it exceeds with a chance of 5 % is

    mean + (n - k) / n * t(k + 1) * s * sqrt(1 / k + 1 / (n - k))

and the candidate is stopped when even that bound is worse than no difference. The variance s² pools the k
differences with the variance of the best's own fold scores, which counts as two degrees of freedom: so one
fold can be enough for a hopeless candidate. Where models may be averaged, one that is a little behind is of use too:
the best trial of an estimator is measured on all folds if it may come within a tenth of the way from the first
trial's score to the best, or within the best's own spread. The decision reads scores in the order of the folds,
never times.

References: Maron and Moore, Hoeffding races, NeurIPS 1993; Birattari et al., A racing algorithm for configuring
metaheuristics, GECCO 2002.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

STUDENT_95 = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812)
"""One-sided 95 % points of Student's distribution for 1 to 10 degrees of freedom; 1.7 stands for more."""
NEAR = 0.1
"""Within this share of the slack a candidate is worth measuring even if its own estimator has a better one."""
_PRIOR = 2


def differences(scores: Sequence[float], best: Sequence[float], sign: int) -> list[float]:
    """How much better than the best each fold is, as far as both have it; `sign` is 1 where higher is better."""
    return [sign * (a - b) for a, b in zip(scores, best, strict=False)]


def bound(scores: Sequence[float], best: Sequence[float], sign: int) -> float:
    """What the mean difference over all folds will exceed with a chance of 5 % only.

    >>> bound((0.70,), (0.90, 0.91, 0.89, 0.90, 0.90), 1) < 0
    True
    >>> bound((0.89,), (0.90, 0.91, 0.89, 0.90, 0.90), 1) < 0
    False
    """
    seen = differences(scores, best, sign)
    done, whole = len(seen), len(best)
    mean = statistics.fmean(seen)
    if done == whole:
        return mean
    own = sum((d - mean) ** 2 for d in seen)
    variance = (own + _PRIOR * statistics.variance(best)) / (done - 1 + _PRIOR)
    freedom = done - 1 + _PRIOR
    student = STUDENT_95[freedom - 1] if freedom <= len(STUDENT_95) else 1.7
    return mean + (whole - done) / whole * student * math.sqrt(variance * (1 / done + 1 / (whole - done)))


class Rivals(NamedTuple):
    """What a candidate races against."""

    best: tuple[float, ...] = ()
    """Fold scores of the best trial; empty where there is none."""
    own: tuple[float, ...] = ()
    """Fold scores of the best trial of the same estimator; empty where there is none."""
    slack: float = 0.0
    """So far behind the best a candidate is still of use, as a member of an ensemble."""


def goes_on(scores: Sequence[float], rivals: Rivals, sign: int) -> bool:
    """Whether a candidate with these first fold scores is worth another fold.

    It is while it may still become the best; and with a slack, while it may come very near to the best, or within
    the slack and be the best of its own estimator. A score that is not finite never catches up.
    """
    if not all(map(math.isfinite, scores)):
        return False
    if not _timed(rivals.best) or (reach := bound(scores, rivals.best, sign)) >= 0:
        return True
    if reach + rivals.slack * NEAR >= 0:
        return rivals.slack > 0
    return reach + rivals.slack >= 0 and (not _timed(rivals.own) or bound(scores, rivals.own, sign) >= 0)


def _timed(scores: Sequence[float]) -> bool:
    """Whether these are scores to race against."""
    return len(scores) > 1 and all(map(math.isfinite, scores))
