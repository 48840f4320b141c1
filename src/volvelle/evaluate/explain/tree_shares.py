"""Shapley values of trees, exact, from the shipped graph.

For one background row, a leaf counts only the columns in which the row and the background row part ways.
Say `a` columns let only the row through to the leaf and `c` only the background row: then each of the a has
``(a-1)! c! / (a+c)!`` of the leaf, each of the c has ``-a! (c-1)! / (a+c)!``. Summed over leaves and averaged
over the background these are the Shapley values of the columns. How sums of leaves become the answer (a mean,
log-odds, a calibration on top) is measured on the background, and must fit.

Reference: Lundberg et al., From local explanations to global understanding with explainable AI for trees, Nature
Machine Intelligence 2, 2020, algorithm 3 (interventional feature perturbation).
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.explain.shipped import Inputs, Shipped, replaced
from volvelle.model.branches import Branches, Exposed, expose
from volvelle.model.session import Session

_MOST, _CLOSE = 4e8, 1e-4


class Trees:
    """The trees of a shipped graph before a background; make it by `of`."""

    def __init__(self, shipped: Shipped, exposed: Exposed, background: Inputs) -> None:
        self._shipped, self._exposed = shipped, exposed
        self._session = Session(exposed.content)
        rows = len(next(iter(background.values())))
        most = max(8, int(_MOST / max(1, len(exposed.branches.question))))
        self._background = {t: m[: min(rows, most)] for t, m in background.items()}
        self._whole = background

    @classmethod
    def of(cls, shipped: Shipped, background: Inputs) -> Trees | None:
        """The trees, or None where the graph holds none."""
        exposed = expose(shipped.content)
        return None if exposed is None else cls(shipped, exposed, background)

    def shares(self, row: Inputs, answer: Callable[[Inputs], NDArray[np.float64]]) -> tuple[float, list[float]] | None:
        """The mean answer of the background and each column's amount.

        None where the answer is no linear function of the sums, or a feature is made of several columns.
        """
        joined = {t: np.concatenate([m, row[t]]) for t, m in self._whole.items()}
        told = self._session.run(joined)
        link = _link(np.asarray(told[self._exposed.sums], dtype=np.float64), answer(joined))
        owners = self._owners(row) if link is not None else None
        if link is None or owners is None:
            return None
        few = len(next(iter(self._background.values())))
        features = np.asarray(told[self._exposed.features])
        amounts = shapley(self._exposed.branches, features[-1:], features[:few], owners, link)
        return float(answer(self._background).mean()), [float(a) for a in amounts]

    def _owners(self, row: Inputs) -> NDArray[np.int64] | None:
        """The column that each feature is made of, -1 for none; None where one is made of several."""
        plain = np.asarray(self._session.run(self._whole)[self._exposed.features])
        mine = np.asarray(self._session.run(row)[self._exposed.features])
        owners = np.full(plain.shape[1], -1, dtype=np.int64)
        rows = len(plain)
        wide = {t: np.repeat(m, rows, axis=0) for t, m in row.items()}
        for number, place in enumerate(self._shipped.places()):
            cells = self._whole[place.tensor][:, place.at]
            moved = _differ(self._features(replaced(self._whole, place, np.roll(cells, 1, axis=0))), plain)
            moved |= _differ(self._features(replaced(self._whole, place, row[place.tensor][0, place.at])), plain)
            moved |= _differ(self._features(replaced(wide, place, cells)), mine)
            if (owners[moved] >= 0).any():
                return None
            owners[moved] = number
        return owners

    def _features(self, inputs: Inputs) -> NDArray[np.float32]:
        return np.asarray(self._session.run(inputs)[self._exposed.features])


def shapley(
    branches: Branches,
    row: NDArray[np.float32],
    background: NDArray[np.float32],
    owners: NDArray[np.int64],
    link: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The amount of each column, ``[columns]``.

    Args:
        branches: the trees.
        row: features of the row, ``[1, f]``.
        background: features of the background rows, ``[n, f]``.
        owners: the column of each feature; -1 where none moves it.
        link: what a unit of each sum adds to the answer, ``[targets]``.
    """
    columns = int(owners.max(initial=-1)) + 1
    owner = owners[branches.feature[branches.question]]
    # Steps of one leaf that ask the same column are one condition.
    key = branches.leaf * (columns + 1) + owner + 1
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.append(True, np.diff(key[order]) != 0)) if len(order) else np.empty(0, dtype=np.int64)
    leaf, column = branches.leaf[order][begins], owner[order][begins]
    firsts = np.flatnonzero(np.append(True, np.diff(leaf) != 0)) if len(leaf) else np.empty(0, dtype=np.int64)
    amount = np.zeros(columns + 1)
    if not len(leaf):
        return amount[1:]
    size = np.diff(np.append(firsts, len(leaf)))
    adds = (branches.weight * link[branches.target])[leaf[firsts]]

    def through(x: NDArray[np.float32]) -> NDArray[np.bool_]:
        open_ = branches.answers(x)[0, branches.question] == branches.yes
        return np.asarray(np.logical_and.reduceat(open_[order], begins))

    mine = through(row)
    table = _weights(int(size.max()) + 1)
    for other in background:
        theirs = through(other.reshape(1, -1))
        only_mine, only_theirs = mine & ~theirs, theirs & ~mine
        a, c = np.add.reduceat(only_mine, firsts, dtype=np.int64), np.add.reduceat(only_theirs, firsts, dtype=np.int64)
        closed = np.add.reduceat(~(mine | theirs), firsts, dtype=np.int64) > 0
        each = np.where(closed, 0.0, adds)
        gains = np.repeat(each * table[np.maximum(a - 1, 0), c], size) * only_mine
        losses = np.repeat(each * table[a, np.maximum(c - 1, 0)], size) * only_theirs
        amount += np.bincount(column + 1, weights=gains - losses, minlength=columns + 1)
    return np.asarray(amount[1:] / len(background))


def _weights(deepest: int) -> NDArray[np.float64]:
    """``p! q! / (p + q + 1)!`` for all p and q up to the number of columns on a path."""
    return np.asarray(
        [[factorial(p) * factorial(q) / factorial(p + q + 1) for q in range(deepest)] for p in range(deepest)]
    )


def _differ(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Features in which some row differs."""
    return np.asarray(((a != b) & ~(np.isnan(a) & np.isnan(b))).any(axis=0))


def _link(sums: NDArray[np.float64], answers: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """What a unit of each sum adds to the answer; None where no straight line fits."""
    design = np.column_stack([sums - sums.mean(axis=0), np.ones(len(sums))])
    weights = np.linalg.lstsq(design, answers, rcond=None)[0]
    missed = np.abs(design @ weights - answers).max()
    size = max(1e-12, float(np.abs(answers - answers.mean()).max()))
    return np.asarray(weights[:-1]) if missed <= _CLOSE * size else None
