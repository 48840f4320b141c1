"""The threshold curve: what other thresholds on the positive class's probability would give.

Lowering the threshold finds more positives and raises more false alarms. Gates on metrics of labels are
drawn in, so one sees whether any threshold meets them all. To choose it by this curve would be to
learn from the test side: it shows what is possible, and the choice belongs to the training side.

Reference: Provost and Fawcett, Robust classification for imprecise environments, Machine Learning 42, 2001.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import METRICS
from volvelle.evaluate.contract import Side
from volvelle.evaluate.explain.records import ThresholdLine, Thresholds
from volvelle.evaluate.judge import meets
from volvelle.evaluate.measure import bound
from volvelle.spec.gates import Gate

SHOWN = ("precision", "recall", "f1")
_EVEN, _RANKED = 41, 60


def thresholds(side: Side, gates: Sequence[Gate]) -> Thresholds | None:
    """Precision, recall, F1 and every gated metric of labels; None where a class is absent.

    Args:
        side: test side of a binary task.
        gates: all gates; those with a slice and those that do not read labels are passed over.
    """
    if len(np.unique(side.y)) < 2:
        return None
    drawn = [g for g in gates if not g.where and g.name in METRICS and METRICS.fact(g.name, "NEEDS") == "labels"]
    drawn = [g for g in drawn if hasattr(METRICS.load(g.name), "of_counts")]
    ranked = np.quantile(side.scores[:, 1], np.linspace(0, 1, _RANKED))
    at = np.unique(np.round(np.concatenate([np.linspace(0, 1, _EVEN), ranked]), 4))
    tables = counts(side.y, side.scores[:, 1], at)
    lines, met = [], np.ones(len(at), dtype=np.bool_)
    for name in dict.fromkeys((*SHOWN, *(g.name for g in drawn))):
        metric = bound(name, side, "binary")
        values = np.asarray(metric.of_counts(tables), dtype=np.float64)  # type: ignore[attr-defined]
        mine = [g for g in drawn if g.name == name]
        for gate in mine:
            met &= [bool(np.isfinite(v)) and meets(float(v), gate.comparison, gate.bound) for v in values]
        shown = tuple(float(v) if np.isfinite(v) else None for v in values)
        lines.append(ThresholdLine(metric=name, values=shown, bounds=tuple(g.bound for g in mine)))
    return Thresholds(
        at=tuple(float(a) for a in at),
        lines=tuple(lines),
        shipped=_shipped(side),
        meeting=_widest(at, met) if drawn else None,
        gates=len(drawn),
    )


def counts(y: NDArray[np.int64], score: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.int64]:
    """Tables of true and predicted class ``[t, 2, 2]``, a row being called positive from the threshold on.

    >>> counts(np.array([0, 1]), np.array([0.2, 0.7]), np.array([0.5]))[0].tolist()
    [[1, 0], [0, 1]]
    """
    below = [np.searchsorted(np.sort(score[y == k]), at, side="left") for k in (0, 1)]
    totals = [int((y == k).sum()) for k in (0, 1)]
    return np.stack([np.stack([below[k], totals[k] - below[k]], axis=-1) for k in (0, 1)], axis=-2)


def _shipped(side: Side) -> float | None:
    """Between the highest score that was called negative and the lowest that was called positive."""
    called, score = side.labels == 1, side.scores[:, 1]
    if called.all() or not called.any():
        return None
    low, high = float(score[~called].max()), float(score[called].min())
    if low > high:
        return None
    return 0.5 if low <= 0.5 <= high else (low + high) / 2


def _widest(at: NDArray[np.float64], met: NDArray[np.bool_]) -> tuple[float, float] | None:
    best: tuple[float, float] | None = None
    start = None
    for k in range(len(at) + 1):
        if k < len(at) and met[k]:
            start = k if start is None else start
        elif start is not None:
            here = (float(at[start]), float(at[k - 1]))
            best = here if best is None or here[1] - here[0] > best[1] - best[0] else best
            start = None
    return best
