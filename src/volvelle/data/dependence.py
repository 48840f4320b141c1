"""How much one column says about the target: mutual information, and one-column rules judged on held-out rows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.data.table import Table

PERMUTATIONS = 20
_LEAVES = 8
_FEW_ERRORS = 10
Codes = NDArray[np.int64]


class Association(NamedTuple):
    """What all features say about the target, each by itself."""

    bits: dict[str, float]
    """Mutual information in bits, column by column, the strongest first."""
    floor: float
    """The most that any column reaches when the target is shuffled."""
    entropy: float
    """Bits that would tell all about the target."""


class Rule(NamedTuple):
    """A rule on one column, learnt on one half of the sample and judged on the other."""

    gain: float
    """Classes: share of the majority's errors that it avoids. Amounts: R²."""
    wrong: int
    """Held-out rows that it gets wrong (classes)."""
    rows: int
    """Held-out rows."""


def mutual_information(a: Codes, b: Codes) -> float:
    """Bits that two columns of small whole numbers share (Shannon 1948).

    >>> mutual_information(np.array([0, 0, 1, 1]), np.array([5, 5, 6, 6]))
    1.0
    """
    if not len(a):
        return 0.0
    width = int(b.max()) + 1
    joint = np.bincount(a * width + b, minlength=(int(a.max()) + 1) * width).reshape(-1, width) / len(a)
    expected = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    there = joint > 0
    return float((joint[there] * np.log2(joint[there] / expected[there])).sum())


def association(table: Table) -> Association:
    """Mutual information of every feature with the target, beside what shuffled targets give.

    The floor is the largest value over all features and 20 permutations, so one of twenty tables of noise has
    a column above it (Westfall and Young, Resampling-based multiple testing, 1993: the maximum statistic).
    """
    target = table.codes(table.target) if not table.classes else table.y
    codes = {name: table.codes(name) for name in table.features}
    bits = {name: mutual_information(code, target) for name, code in codes.items()}
    rng = np.random.default_rng(table.asked.seed)
    floor = 0.0
    for _ in range(PERMUTATIONS):
        shuffled = rng.permutation(target)
        floor = max([floor, *(mutual_information(code, shuffled) for code in codes.values())])
    ordered = dict(sorted(bits.items(), key=lambda item: -item[1]))
    return Association(ordered, floor, mutual_information(target, target))


def judged(table: Table, x: NDArray[np.float64], y: NDArray[Any]) -> Rule:
    """How well the best few cuts of one column tell the classes apart.

    Cuts are chosen greedily by Gini impurity (Breiman et al., Classification and regression trees, 1984), at
    most eight leaves; missing is a leaf of its own.
    """
    half = np.random.default_rng(table.asked.seed).permutation(len(x)) % 2 == 0
    count = int(y.max()) + 1 if len(y) else 0
    major = int(np.bincount(y[half], minlength=1).argmax()) if half.any() else 0
    known = ~np.isnan(x)
    answer = np.full(len(x), major)
    void = half & ~known
    if void.any():
        answer[~known] = np.bincount(y[void]).argmax()
    if (half & known).any():
        edges, classes = _cuts(x[half & known], y[half & known], count)
        answer[known] = np.array(classes)[np.searchsorted(edges, x[known], side="left")]
    return _rule(answer, y, half, major)


def judged_names(table: Table, x: Codes, y: NDArray[Any]) -> Rule:
    """How well the values of one column, each with its most frequent class, tell the classes apart."""
    half = np.random.default_rng(table.asked.seed).permutation(len(x)) % 2 == 0
    count, width = int(x.max()) + 1, int(y.max()) + 1
    joint = np.bincount(x[half] * width + y[half], minlength=count * width).reshape(count, width)
    major = int(joint.sum(0).argmax())
    answer = np.where(joint.sum(1) > 0, joint.argmax(1), major)[x]
    return _rule(answer, y, half, major)


def fits(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The square of the larger of Pearson's and Spearman's correlation over rows where both are known.

    >>> round(fits(np.array([1.0, 2.0, 3.0]), np.array([1.0, 8.0, 27.0])), 9)
    1.0
    """
    both = ~np.isnan(x) & ~np.isnan(y)
    if both.sum() < 3:
        return 0.0
    return max(_correlation(x[both], y[both]), _correlation(_ranks(x[both]), _ranks(y[both]))) ** 2


def _rule(answer: NDArray[Any], y: NDArray[Any], half: NDArray[np.bool_], major: int) -> Rule:
    rest = ~half
    plain, wrong = int((y[rest] != major).sum()), int((answer[rest] != y[rest]).sum())
    return Rule(1 - wrong / plain if plain >= _FEW_ERRORS else 0.0, wrong, int(rest.sum()))


def _cuts(x: NDArray[np.float64], y: Codes, count: int) -> tuple[list[float], list[int]]:
    """Edges between leaves, ascending, and the class of each leaf."""
    order = np.argsort(x, kind="stable")
    values, classes = x[order], y[order]
    above = np.zeros((len(x) + 1, count), dtype=np.int64)
    np.cumsum(np.eye(count, dtype=np.int64)[classes], axis=0, out=above[1:])
    ends = [0, len(x)]
    places = np.flatnonzero(values[1:] > values[:-1]) + 1
    for _ in range(_LEAVES - 1):
        best, where = 1e-9, -1
        for low, high in pairwise(ends):
            inside = places[(places > low) & (places < high)]
            if not len(inside):
                continue
            left, right = above[inside] - above[low], above[high] - above[inside]
            whole = above[high] - above[low]
            purer = (left**2).sum(1) / (inside - low) + (right**2).sum(1) / (high - inside)
            gain = purer - (whole**2).sum() / (high - low)
            if gain.max() > best:
                best, where = float(gain.max()), int(inside[gain.argmax()])
        if where < 0:
            break
        ends = sorted([*ends, where])
    edges = [float(values[end - 1] / 2 + values[end] / 2) for end in ends[1:-1]]
    return edges, [int((above[b] - above[a]).argmax()) for a, b in pairwise(ends)]


def _ranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    _, places, counts = np.unique(x, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        a, b = a - a.mean(), b - b.mean()
        size = float(np.sqrt((a * a).sum()) * np.sqrt((b * b).sum()))
        return abs(float((a * b).sum()) / size) if np.isfinite(size) and size > 0 else 0.0
