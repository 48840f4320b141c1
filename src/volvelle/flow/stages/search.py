"""Search: try candidates on the training side, by cross-validation, within the time budget."""

from __future__ import annotations

import time

import msgspec
import numpy as np
from msgspec import structs

from volvelle.catalog import METRICS
from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes, to_bytes
from volvelle.evaluate.budget import Budget
from volvelle.evaluate.measure import stated
from volvelle.flow import candidates, out_of_fold
from volvelle.flow.context import Context
from volvelle.flow.lesson import Training, fold_count, keys, training
from volvelle.flow.students import Students
from volvelle.flow.trials import Folds, Trials
from volvelle.model.signature import ModelTask
from volvelle.prepare import split as splitting
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec, Task
from volvelle.spec.units import quantity
from volvelle.train import search as searching
from volvelle.train.records import Searched, Trial

METRIC: dict[ModelTask, str] = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}
"""What is optimised where the spec names nothing."""


def search(spec: Spec, dataset: Dataset, split: Split, budget: Budget, context: Context) -> Searched:
    """Measure candidates until the budget is spent; an interrupted search goes on where it stopped.

    Raises:
        InputError: no candidate can be trained.
    """
    began = time.monotonic()
    lesson = training(spec, dataset, split, context)
    metric = spec.search.metric or METRIC[lesson.signature.task]
    limit = spec.search.trials
    plan, folds = candidates.plan(spec, lesson, budget), _folds(spec, lesson, split.method)
    goal = searching.Goal(
        metric=metric,
        direction=METRICS.fact(metric, "DIRECTION"),
        budget=quantity(spec.search.budget, "seconds"),
        trials=limit,
        method=spec.search.method,
        seed=spec.search.seed,
        folds=fold_count(spec, len(lesson.target)),
        ensemble=spec.search.ensemble,
        shares=tuple(len(learnt) / len(lesson.target) for learnt, _ in folds),
    )
    if budget.limits:
        plan = plan._replace(student=_students(lesson, folds, goal.direction, context).next)
    kept = _unfinished(context)

    def told(trial: Trial, best: Trial | None) -> None:
        kept.append(trial)
        context.keep_unfinished([msgspec.to_builtins(t) for t in kept])
        context.notify("trial", {"trial": trial, "best": best, "goal": goal})

    said = stated(metric, spec.require)
    with Trials(lesson, metric, folds, goal.seed, context.put, given=said, budget=budget) as trials:
        found = searching.search(plan, trials.measure, goal, finished=tuple(kept), notify=told, began=began)
    return structs.replace(
        found,
        layout=context.put(to_bytes(out_of_fold.layout(folds, lesson.target))),
        answers=structs.replace(lesson.signature, features=()),
    )


def _students(lesson: Training, folds: Folds, direction: str, context: Context) -> Students:
    y = lesson.target[np.concatenate([valid for _, valid in folds])]
    classes = len(lesson.signature.classes)
    truth = np.eye(classes)[y.astype(np.int64)] if classes else np.asarray(y, dtype=np.float64).reshape(-1, 1)
    return Students(lambda digest: from_bytes(context.get(digest)).to_numpy().astype(np.float32), truth, direction)


def _unfinished(context: Context) -> list[Trial]:
    """Trials of a killed search, up to the first whose predictions are lost."""
    kept: list[Trial] = []
    for entry in context.unfinished():
        trial = msgspec.convert(entry, Trial)
        if trial.predictions and not context.keeps(trial.predictions):
            break
        kept.append(trial)
    return kept


def _folds(spec: Spec, lesson: Training, method: splitting.Method) -> Folds:
    task: Task = "regression" if lesson.signature.task == "regression" else "classification"
    return splitting.folds(
        lesson.frame,
        keys(spec, lesson.frame),
        task=task,
        method=method,
        count=fold_count(spec, len(lesson.target)),
        seed=spec.search.seed,
    )
