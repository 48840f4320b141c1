"""Sides as metrics want them: in a binary task class 1 is the positive one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.errors import ContractBroken
from volvelle.evaluate.contract import Side
from volvelle.model.signature import Signature


def class_order(signature: Signature) -> tuple[int, ...]:
    """Positions of the signature's classes in the order of evaluation: the positive one last if binary.

    >>> class_order(Signature(features=(), target="t", task="binary", classes=("no", "yes"), positive=0))
    (1, 0)
    """
    if signature.task == "binary" and signature.positive == 0:
        return (1, 0)
    return tuple(range(len(signature.classes)))


def class_names(signature: Signature) -> tuple[str, ...]:
    """Class names in the order of evaluation, as in `Evidence.classes` and its confusion table."""
    return tuple(signature.classes[position] for position in class_order(signature))


def side(
    y: NDArray[Any],
    labels: NDArray[Any],
    scores: NDArray[Any],
    signature: Signature,
    groups: NDArray[np.int64] | None = None,
    given: Mapping[str, Any] | None = None,
) -> Side:
    """Truth and predictions by the signature's own positions, as a `Side`.

    Args:
        y: class positions or values, ``[n]``.
        labels: predicted class positions ``[n]``; not read for regression.
        scores: probabilities ``[n, classes]``, or values ``[n]`` or ``[n, 1]``.
        signature: of the model.
        groups: group number of each row, or None.
        given: what the spec states for metrics that take parameters.

    Raises:
        ContractBroken: lengths or widths do not agree.
    """
    table = np.asarray(scores, dtype=np.float64)
    regression = signature.task == "regression"
    if regression:
        table = table.reshape(len(table), -1)
    wanted = (len(y), 1 if regression else len(signature.classes))
    if table.shape != wanted or (not regression and len(labels) != len(y)):
        raise ContractBroken(f"{len(y)} true rows, scores {table.shape}, {len(labels)} labels")
    if regression:
        empty = np.empty(0, dtype=np.int64)
        return Side(y=np.asarray(y, dtype=np.float64), labels=empty, scores=table, groups=groups, given=given or {})
    order = np.asarray(class_order(signature), dtype=np.int64)
    place = np.argsort(order)
    return Side(
        y=place[np.asarray(y, dtype=np.int64)],
        labels=place[np.asarray(labels, dtype=np.int64)],
        scores=table[:, order],
        groups=groups,
        given=given or {},
    )


def constant(shares: tuple[float, ...], like: Side, signature: Signature) -> Side:
    """What the constant baseline answers on the rows of `like`.

    Args:
        shares: class shares of the training side by the signature's positions, or its mean.
        like: the side whose truth and groups are kept.
        signature: of the model.
    """
    order = class_order(signature) or (0,)
    answer = np.asarray([shares[position] for position in order], dtype=np.float64)
    rows = len(like.y)
    labels = np.full(0 if signature.task == "regression" else rows, int(answer.argmax()), dtype=np.int64)
    return Side(y=like.y, labels=labels, scores=np.tile(answer, (rows, 1)), groups=like.groups, given=like.given)


def part(whole: Side, chosen: NDArray[np.bool_]) -> Side:
    """The rows of a side where `chosen`."""
    labels = whole.labels[chosen] if len(whole.labels) else whole.labels
    groups = None if whole.groups is None else whole.groups[chosen]
    return Side(y=whole.y[chosen], labels=labels, scores=whole.scores[chosen], groups=groups, given=whole.given)
