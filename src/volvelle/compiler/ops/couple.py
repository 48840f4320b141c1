"""Probabilities of classes from those of all their duels.

Source: T.-F. Wu, C.-J. Lin and R. C. Weng, Probability estimates for multi-class classification by pairwise coupling,
Journal of Machine Learning Research 5, 2004, algorithm 2, stopped as LIBSVM does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node

OP = "Couple"
DOMAIN = "volvelle"
_MOST, _NEAR = 100, 0.005


def evaluate(node: Node, won: NDArray[Any]) -> NDArray[Any]:
    """Of rows ``[n, duels]``, the share of the first of each pair: ``[n, classes]``.

    >>> evaluate(Node("", (), ()), np.array([[0.5, 0.5, 0.5]])).round(6).tolist()
    [[0.333333, 0.333333, 0.333333]]
    """
    return np.stack([_coupled(row) for row in won])


def _coupled(won: NDArray[Any]) -> NDArray[Any]:
    k = _classes(len(won))
    share = np.zeros((k, k), won.dtype)
    share[np.triu_indices(k, 1)] = won
    share.T[np.triu_indices(k, 1)] = 1 - won
    q = -share.T * share
    q[np.diag_indices(k)] = (share * share).sum(axis=0)
    p = np.full(k, 1 / k, won.dtype)
    for _ in range(max(_MOST, k)):
        qp = q @ p
        both = p @ qp
        # What is no number is larger than nothing, as in C.
        if np.fmax.reduce(np.abs(qp - both), initial=0.0) < _NEAR / k:
            break
        for t in range(k):
            step = (both - qp[t]) / q[t, t]
            p[t] += step
            both = (both + step * (step * q[t, t] + 2 * qp[t])) / (1 + step) / (1 + step)
            qp = (qp + step * q[t]) / (1 + step)
            p = p / (1 + step)
    return p


def emit(node: Node, code: Code) -> None:
    """Row by row, with the matrix of one row on the stack."""
    won, out = node.inputs[0], node.outputs[0]
    rows, duels = code.tensor(won).shape
    k = _classes(duels)
    name = code.special("couple", real=code.kind(won), classes=k, most=max(_MOST, k))
    for row in range(rows):
        at = [f" + {row * n}" if row else "" for n in (duels, k)]
        code.add(f"{name}({code.pointer(won)}{at[0]}, {code.pointer(out)}{at[1]});")


def _classes(duels: int) -> int:
    return int((1 + (1 + 8 * duels) ** 0.5) / 2 + 0.5)
