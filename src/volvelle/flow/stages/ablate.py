"""Ablate: remove columns, one at a time, and train again."""

from __future__ import annotations

from volvelle.data.records import Dataset
from volvelle.errors import InputError
from volvelle.evaluate.contract import Side
from volvelle.evaluate.explain.records import Ablated, Ablation, Explanation
from volvelle.evaluate.explain.retrained import ablated, joined
from volvelle.evaluate.measure import measure
from volvelle.flow.context import Context
from volvelle.flow.refit import Ground, Refits
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec
from volvelle.train.records import Candidate, Model

MOST = 12
"""Columns that are removed one at a time: the most important ones."""


def ablate(
    spec: Spec,
    dataset: Dataset,
    split: Split,
    candidate: Candidate,
    model: Model,
    explanation: Explanation,
    context: Context,
) -> Ablation:
    """First all columns whose importance straddles zero at once, then the most important ones one by one."""
    metric, task, level = candidate.metric, model.task, spec.require.confidence
    known = [i for i in explanation.importances if i.value is not None]
    idle = tuple(i.column for i in known if i.low is None or i.low <= 0)
    sets = [idle] if 1 < len(idle) < len(model.signature.features) else []
    sets += [(i.column,) for i in known[:MOST]] if len(model.signature.features) > 1 else []
    with Refits(Ground(spec, dataset, split, candidate, model), context) as refits:
        folds = refits.folds()
        steps = len(folds) * (1 + len(sets))

        def held(without: tuple[str, ...], done: int) -> Side:
            sides = []
            for number, (learn, hold) in enumerate(folds):
                context.notify("step", {"stage": "ablate", "step": done * len(folds) + number + 1, "steps": steps})
                sides.append(refits.sides(learn, hold, without=without)[1])
            return joined(sides)

        whole = held((), 0)
        removed = []
        for number, columns in enumerate(sets):
            try:
                without = held(columns, number + 1)
            except InputError as error:
                removed.append(Ablated(columns=columns, value=None, note=error.problem))
                continue
            removed.append(ablated(columns, whole, without, metric, task, level, spec.search.seed))
    return Ablation(
        metric=metric,
        whole=measure(metric, whole, task, level=level, seed=spec.search.seed),
        removed=tuple(removed),
        folds=len(folds),
        rows=len(whole.y),
    )
