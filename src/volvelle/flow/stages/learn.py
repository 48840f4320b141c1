"""Learn: the candidate's learning curve, and how much its seed matters."""

from __future__ import annotations

from typing import Any

import numpy as np

from volvelle.data.records import Dataset
from volvelle.errors import InputError
from volvelle.evaluate.contract import Side
from volvelle.evaluate.explain import retrained
from volvelle.evaluate.explain.records import Learning, Lesson
from volvelle.evaluate.measure import measure, value
from volvelle.flow.context import Context
from volvelle.flow.refit import Ground, Refits
from volvelle.model.signature import ModelTask
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec
from volvelle.train.records import Candidate, Model

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
SEEDS = 3
FEWEST = 10
"""Rows below which nothing is trained."""


def learn(spec: Spec, dataset: Dataset, split: Split, candidate: Candidate, model: Model, context: Context) -> Learning:
    """Train on growing shares of every fold's rows, then on all of them with other seeds.

    Rows are taken in random order; where they are ordered in time, the newest are taken.
    """
    metric, task, level, seed = candidate.metric, model.task, spec.require.confidence, spec.search.seed
    with Refits(Ground(spec, dataset, split, candidate, model), context) as refits:
        folds = refits.folds()
        steps, done = (len(SHARES) + SEEDS) * len(folds), 0

        def trained(share: float, other: int | None = None) -> tuple[list[Side], Side] | None:
            """The sides learnt from, and all held rows; None where so few rows cannot be learnt from."""
            nonlocal done
            learnt, held = [], []
            for rows, hold in folds:
                done += 1
                context.notify("step", {"stage": "learn", "step": done, "steps": steps})
                taken = _taken(rows, share, seed, newest=split.method == "time")
                try:
                    sides = refits.sides(taken, hold, seed=other) if len(taken) >= FEWEST else None
                except InputError:
                    sides = None
                if sides is None:
                    return None
                learnt.append(sides[0])
                held.append(sides[1])
            return learnt, retrained.joined(held)

        curve = {share: found for share in SHARES if (found := trained(share)) is not None}
        others = [found for k in range(SEEDS) if (found := trained(1.0, candidate.seed + 1 + k)) is not None]
    told = []
    if {0.5, 1.0} <= set(curve):
        told.append(retrained.more_rows(curve[0.5][1], curve[1.0][1], metric, task, level, seed))
    values = [v for _, held in others if np.isfinite(v := value(metric, held, task))]
    shaky = retrained.seeds(values, candidate.spread / max(1, len(folds) - 1) ** 0.5, metric)
    return Learning(
        metric=metric,
        lessons=tuple(_lesson(learnt, held, metric, task, level, seed) for learnt, held in curve.values()),
        seeds=tuple(values),
        findings=tuple(filter(None, (*told, shaky))),
        folds=len(folds),
    )


def _lesson(learnt: list[Side], held: Side, metric: str, task: ModelTask, level: float, seed: int) -> Lesson:
    return Lesson(
        rows=round(float(np.mean([len(s.y) for s in learnt]))),
        train=_finite(float(np.mean([value(metric, s, task) for s in learnt]))),
        valid=measure(metric, held, task, level=level, seed=seed),
    )


def _taken(rows: Any, share: float, seed: int, *, newest: bool) -> Any:
    count = max(1, round(share * len(rows)))
    if count == len(rows):
        return rows
    return rows[-count:] if newest else np.sort(np.random.default_rng(seed).permutation(rows)[:count])


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None
