"""What retraining shows: columns removed, fewer rows, other seeds; and what follows from it in words.

All of it is measured on rows of the training side that are held back fold by fold. The test side stays out: who
drops columns by what they do to the test side has fitted the model to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from volvelle.evaluate.compare import difference
from volvelle.evaluate.contract import Side
from volvelle.evaluate.explain.records import Ablated, Finding
from volvelle.evaluate.measure import load, value
from volvelle.evaluate.records import Measured
from volvelle.model.signature import ModelTask


def joined(sides: Sequence[Side]) -> Side:
    """The rows of several sides, one after the other; groups keep their numbers."""
    groups = [s.groups for s in sides if s.groups is not None]
    return Side(
        y=np.concatenate([s.y for s in sides]),
        labels=np.concatenate([s.labels for s in sides]),
        scores=np.concatenate([s.scores for s in sides]),
        groups=np.concatenate(groups) if len(groups) == len(sides) else None,
        given=sides[0].given,
    )


def ablated(
    columns: Sequence[str], whole: Side, without: Side, metric: str, task: ModelTask, level: float, seed: int
) -> Ablated:
    """What some columns are worth: the metric with them minus without, positive where they help.

    Reference: Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, Distribution-free predictive inference for
    regression, JASA 113, 2018 (leave-one-covariate-out); the interval is a paired bootstrap.
    """
    left = value(metric, without, task)
    found = difference(metric, whole, without, task, level=level, seed=seed)
    if load(metric, task).DIRECTION == "down":
        turned = [None if v is None else -v for v in (found.value, found.high, found.low)]
        found = Measured(
            value=turned[0],
            low=turned[1],
            high=turned[2],
            rows=found.rows,
            note=found.note,
            sampled=found.sampled,
            resamples=found.resamples,
        )
    return Ablated(columns=tuple(columns), value=left if math.isfinite(left) else None, gain=found, note=found.note)


def more_rows(half: Side, whole: Side, metric: str, task: ModelTask, level: float, seed: int) -> Finding:
    """Whether more rows would help: what doubling the rows has brought at last."""
    found = difference(metric, whole, half, task, level=level, seed=seed)
    sign = 1.0 if load(metric, task).DIRECTION == "up" else -1.0
    gained = None if found.value is None else sign * found.value
    sure = found.low is not None and found.high is not None and (found.low > 0 or found.high < 0)
    shown = "nothing that can be measured" if gained is None else f"{gained:.3g} of {metric}"
    if gained is not None and gained > 0 and sure:
        return Finding(
            topic="rows",
            weight="note",
            headline="More rows would help",
            detail=f"the last doubling of the rows has brought {shown}",
            advice="each further doubling may bring about as much, or somewhat less",
        )
    return Finding(
        topic="rows",
        weight="good",
        headline="More rows of this kind would hardly help",
        detail=f"the last doubling of the rows has brought {shown}, which is within chance",
        advice="other columns may help where more rows do not",
    )


def seeds(values: Sequence[float], error: float, metric: str) -> Finding | None:
    """Whether the seed of training matters, against the standard error over the folds."""
    known = [v for v in values if math.isfinite(v)]
    if len(known) < 2:
        return None
    reach = max(known) - min(known)
    shaky = reach > 2 * error and reach > 1e-9
    return Finding(
        topic="stability",
        weight="warn" if shaky else "good",
        headline="The result depends on the seed" if shaky else "The seed does not matter",
        detail=f"{metric} from {min(known):.4g} to {max(known):.4g} over {len(known)} seeds",
        advice="average several models, or take a candidate with less chance in it" if shaky else "",
    )
