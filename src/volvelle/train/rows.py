"""Which rows a learner uses: seeded, stratified samples and folds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

FIFTHS = 5
WHOLE = FIFTHS / (FIFTHS - 1)
"""How many times the rows that told when to stop there are to learn from."""
ENOUGH, ENOUGH_OF_A_CLASS = 1_000, 500
"""So many rows, or so many of the rarest class, tell by themselves when to stop."""


@contextmanager
def calm() -> Iterator[None]:
    """Run a library with one linear-algebra thread and its warnings kept to itself.

    Sums in linear algebra depend on how many threads share them; one thread makes the weights
    independent of the machine's setting. Convergence is bounded by the iterations we ask for, so the
    warning that says so is no news.
    """
    with threadpool_limits(limits=1), catch_warnings(), np.errstate(all="ignore"):
        simplefilter("ignore")
        yield


def sample(y: NDArray[Any], most: int, seed: int, *, stratified: bool) -> NDArray[np.int64]:
    """Ascending positions of at most `most` rows; stratified keeps each class's share and at least one row.

    >>> sample(np.array([0] * 90 + [1] * 10), 20, 0, stratified=True).size
    20
    """
    if len(y) <= most:
        return np.arange(len(y), dtype=np.int64)
    order = np.random.default_rng(seed).permutation(len(y))
    if not stratified:
        return np.sort(order[:most])
    # Rows of one class get the ranks 0.5/m, 1.5/m, ...: the lowest ranks hold every class in proportion.
    rank = np.empty(len(y))
    first = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        mine = order[y[order] == label]
        rank[mine] = (np.arange(len(mine)) + 0.5) / len(mine)
        first[mine[0]] = True
    chosen = np.lexsort((order.argsort(), rank, ~first))
    return np.sort(chosen[:most])


def growth(ratio: float) -> float:
    """How many times the trees are wanted where there are so many times the rows.

    The square root: between a fit that knows when to stop at 53 % of the rows and one of all, 1.3 times the trees
    lowered the loss by 0.7 % on average of ten sets and two settings, by 3.5 % where many rows leave much to learn
    (electricity), and raised it by 2 % at most (mammography, large trees).

    >>> round(growth(1.5), 3)
    1.225
    """
    return float(np.sqrt(ratio))


def enough(y: NDArray[Any], classes: int) -> bool:
    """Whether rows held out are so many, or so many of the rarest class, that they tell when to stop.

    >>> enough(np.arange(1_000.0), 0), enough(np.repeat([0, 1], [9_000, 499]), 2)
    (True, False)
    """
    fewest = int(np.bincount(y, minlength=classes).min()) if classes else len(y)
    return fewest >= (ENOUGH_OF_A_CLASS if classes else ENOUGH)


def stopping(
    x: NDArray[np.float32], y: NDArray[Any], seed: int, *, classes: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows to learn from, and others that tell when to stop: once a fifth of them, or each fifth in turn.

    Where a fifth holds few rows, or few of the rarest class, when to stop is mostly its luck, and the mean of five is
    asked for. Rows that are equal in all features stay on one side: their twins would ask to go on for too long.

    Args:
        x: features ``[n, f]``.
        y: values, or class positions ``[n]``.
        seed: of the choice.
        classes: how many there are, 0 for a regression; a class that is too rare to be held out is always learnt, and
            where that leaves one class to hold out, nothing is.

    >>> x = np.arange(10, dtype=np.float32).reshape(-1, 1)
    >>> [(len(kept), len(out)) for kept, out in stopping(x, np.arange(10) % 2, 0, classes=2)]
    [(8, 2), (8, 2), (8, 2), (8, 2), (8, 2)]
    """
    # One zero and one NaN for all, so that equal rows have equal bytes.
    plain = np.where(np.isnan(x), np.float32(np.nan), x + np.float32(0))
    whole = np.ascontiguousarray(plain).view(np.dtype((np.void, x.dtype.itemsize * x.shape[1]))).ravel()
    _, first, twin = np.unique(whole, return_index=True, return_inverse=True)
    kinds = y[first] if classes else np.zeros(len(first), dtype=np.int64)
    number = folds(kinds, FIFTHS, seed)[twin]
    parts = [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(FIFTHS)]
    # A loss on one class alone falls for ever, and what is all alike cannot be learnt.
    fewest = 2 if classes else 1
    parts = [
        (kept, out)
        for kept, out in parts
        if len(np.unique(y[kept])) >= max(classes, 2) and len(np.unique(y[out])) >= fewest
    ]
    rarest = int(np.bincount(kinds, minlength=classes).min()) if classes else len(first)
    return parts[:1] if rarest >= FIFTHS * (ENOUGH_OF_A_CLASS if classes else ENOUGH) else parts


def folds(y: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """A fold number for every row, classes dealt out evenly.

    Rows of a class with fewer than `count` rows get -1: they are in the training part of every fold.

    >>> folds(np.array([0, 0, 0, 0, 1]), 2, 0).tolist().count(-1)
    1
    """
    number = np.full(len(y), -1, dtype=np.int64)
    order = np.random.default_rng(seed).permutation(len(y))
    for label in np.unique(y):
        mine = order[y[order] == label]
        if len(mine) >= count:
            number[mine] = np.arange(len(mine)) % count
    return number
