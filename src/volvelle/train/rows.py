"""Which rows a learner uses: seeded, stratified samples and folds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]


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
