"""Why this prediction: one answer as a base and a contribution of each column, adding up to it.

All contributions are Shapley values of one game: columns of the row are put, in any order, into background rows of
the training side, and each column gets the mean change that it makes. Four ways lead there. Where a calibration
stands in the way, the scores before it are taken apart:

- *additive*: where the answer is a sum over columns (linear models, naive Bayes), each column's share is its own
  change, exactly. Whether it is one is tried on the row itself, not guessed from the estimator's name.
- *trees*: exact from the leaves of the shipped graph.
- *members*: of a weighted mean, the weighted mean of its members' contributions, where each of them is exact in the
  unit that is averaged. That holds for any mean of values, and for probabilities of forests; not for those of boosted
  trees or logistic models, which are sums in log-odds.
- *sampled*: for all other models, over random orders, with intervals; the sum is exact all the same.

References: Shapley 1953; Štrumbelj and Kononenko, Knowledge and Information Systems 41, 2014; Lundberg et
al., Nature Machine Intelligence 2, 2020 (trees, interventional form).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.explain.orders import sampled
from volvelle.evaluate.explain.records import Attribution, Part
from volvelle.evaluate.explain.shipped import Inputs, Shipped, cell_text, replaced
from volvelle.evaluate.explain.tree_shares import Trees

Answer = Callable[[Inputs], NDArray[np.float64]]
_SMALLEST = 1e-37
CLOSE = 2e-4
"""A sum that misses the answer by no more than this share of its size is exact: the graph computes in float32."""


def attribute(shipped: Shipped, row: Inputs, background: Inputs, seed: int = 0) -> Attribution:
    """The answer for one row, taken apart.

    Args:
        shipped: the model.
        row: one encoded row.
        background: encoded rows of the training side, at most a few hundred.
        seed: of the orders, where they are sampled.
    """
    labels, scores = shipped.answers(row)
    regression = shipped.signature.task == "regression"
    k = 0 if regression else 1 if shipped.signature.task == "binary" else int(labels[0])
    seen = k, labels, scores
    found = _exact(shipped, row, background, k)
    if found is not None:
        return _told(shipped, row, seen, found[:2], found[2], background)
    before = shipped.uncalibrated()
    found = None if before is None else _exact(before, row, background, k)
    if found is not None:
        return _told(shipped, row, seen, (found[0], f"{found[1]} before calibration"), found[2], background)
    plain, _ = _answers(shipped, k)
    base, amounts = sampled(shipped, row, background, plain, seed)
    whole = (base, float(plain(row)[0]), amounts)
    return _told(shipped, row, seen, ("sampled", "value" if regression else "probability"), whole, background)


def _exact(shipped: Shipped, row: Inputs, background: Inputs, k: int) -> tuple[str, str, Whole] | None:
    """Method, unit and amounts of class k; None where no exact way is known."""
    plain, odds = _answers(shipped, k)
    regression = shipped.signature.task == "regression"
    ways = ((plain, "value"),) if regression else ((plain, "probability"), (odds, "log-odds"))
    for answer, unit in ways:
        whole = _additive(shipped, row, background, answer)
        if whole is not None:
            return "additive", unit, whole
    trees = Trees.of(shipped, background)
    for answer, unit in ways:
        found = trees.shares(row, answer) if trees else None
        if found is not None:
            base, values = found
            return "trees", unit, (base, float(answer(row)[0]), [(v, None, None) for v in values])
    whole = _averaged(shipped, row, background, k)
    return None if whole is None else ("members", ways[0][1], whole)


def _averaged(shipped: Shipped, row: Inputs, background: Inputs, k: int) -> Whole | None:
    """The weighted mean of the members' amounts, which are Shapley values of the mean; None unless all are exact.

    Members are averaged as values or probabilities, so that is where each must be taken apart: what is exact in
    log-odds alone, such as boosted trees of classes, does not add up to a mean of probabilities.
    """
    base, answer, total = 0.0, 0.0, np.zeros(len(shipped.places()))
    members = shipped.members()
    for member, weight in members:
        found = _exact(member, row, background, k)
        if found is None or found[1] == "log-odds":
            return None
        base += weight * found[2][0]
        answer += weight * found[2][1]
        total += weight * np.array([amount for amount, _, _ in found[2][2]])
    return (base, answer, [(float(t), None, None) for t in total]) if members else None


def _answers(shipped: Shipped, k: int) -> tuple[Answer, Answer]:
    """The score of class k, and its log-odds against the other classes' geometric mean."""

    def plain(inputs: Inputs) -> NDArray[np.float64]:
        return np.asarray(shipped.answers(inputs)[1][:, k])

    def odds(inputs: Inputs) -> NDArray[np.float64]:
        logs = np.log(np.maximum(shipped.answers(inputs)[1], _SMALLEST))
        others = np.delete(logs, k, axis=1).mean(axis=1)
        return np.asarray(logs[:, k] - others)

    return plain, odds


Amount = tuple[float, float | None, float | None]
Whole = tuple[float, float, list[Amount]]


def _additive(shipped: Shipped, row: Inputs, background: Inputs, answer: Answer) -> Whole | None:
    """Each column's own change from the mean of the background; None where they do not add up to the answer.

    A sum over columns must also give the answer of every background row, not only of this one.
    """
    rows = len(next(iter(background.values())))
    plain, mine = answer(background), float(answer(row)[0])
    middle = {t: m[[rows // 2]] for t, m in background.items()}
    anchor = float(answer(middle)[0])
    size = max(1e-12, float(np.abs(plain - plain.mean()).max()), abs(mine - float(plain.mean())))
    rebuilt, own = np.full(rows, anchor), anchor
    amounts: list[Amount] = []
    for place in shipped.places():
        spread = {t: np.repeat(m, rows, axis=0) for t, m in middle.items()}
        changed = answer(replaced(spread, place, background[place.tensor][:, place.at])) - anchor
        alone = float(answer(replaced(middle, place, row[place.tensor][0, place.at]))[0]) - anchor
        rebuilt += changed
        own += alone
        amounts.append((alone - float(changed.mean()), None, None))
    missed = max(float(np.abs(rebuilt - plain).max()), abs(own - mine))
    return (float(plain.mean()), mine, amounts) if missed <= CLOSE * size * math.sqrt(len(amounts)) else None


def _told(
    shipped: Shipped,
    row: Inputs,
    seen: tuple[int, NDArray[np.int64], NDArray[np.float64]],
    how: tuple[str, str],
    whole: Whole,
    background: Inputs,
) -> Attribution:
    k, labels, scores = seen
    base, answer, amounts = whole
    parts = [
        Part(
            column=place.feature.name,
            cell=cell_text(place, row[place.tensor][0, place.at]),
            amount=amount,
            low=low,
            high=high,
        )
        for place, (amount, low, high) in zip(shipped.places(), amounts, strict=True)
    ]
    parts.sort(key=lambda p: (-abs(p.amount), p.column))
    regression = shipped.signature.task == "regression"
    return Attribution(
        method=how[0],  # type: ignore[arg-type]
        unit=how[1],
        prediction=f"{float(scores[0, 0]):.6g}" if regression else shipped.names[int(labels[0])],
        of="" if regression else shipped.names[k],
        probability=None if regression else float(scores[0, k]),
        base=base,
        answer=answer,
        parts=tuple(parts),
        background=len(next(iter(background.values()))),
        remainder=answer - base - sum(p.amount for p in parts),
    )
