"""Search: try candidates on the training side, by cross-validation, within the time budget."""

from __future__ import annotations

import msgspec

from volvelle.catalog import ESTIMATORS, METRICS
from volvelle.data.records import Dataset
from volvelle.errors import SpecError
from volvelle.flow.context import Context
from volvelle.flow.lesson import Training, keys, overrides, training
from volvelle.flow.trials import Folds, Trials
from volvelle.model.signature import ModelTask
from volvelle.prepare import split as splitting
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec, Task
from volvelle.spec.units import quantity
from volvelle.train import search as searching
from volvelle.train.contract import Space
from volvelle.train.records import Searched, Trial

METRIC: dict[ModelTask, str] = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}
"""What is optimised where the spec names nothing."""


def search(spec: Spec, dataset: Dataset, split: Split, context: Context) -> Searched:
    """Measure candidates until the budget is spent; an interrupted search goes on where it stopped.

    Raises:
        InputError: no candidate can be trained.
    """
    lesson = training(spec, dataset, split, context)
    metric = spec.search.metric or METRIC[lesson.signature.task]
    limit = spec.search.trials
    goal = searching.Goal(
        metric=metric,
        direction=METRICS.fact(metric, "DIRECTION"),
        budget=quantity(spec.search.budget, "seconds"),
        trials=limit,
        method=spec.search.method,
        seed=spec.search.seed,
        folds=spec.search.folds,
    )
    kept: list[Trial] = [msgspec.convert(t, Trial) for t in context.unfinished()]

    def told(trial: Trial, best: Trial | None) -> None:
        kept.append(trial)
        context.keep_unfinished([msgspec.to_builtins(t) for t in kept])
        context.notify("trial", {"trial": trial, "best": best, "goal": goal})

    with Trials(lesson, metric, _folds(spec, lesson, split.method), goal.seed, overrides(spec)) as trials:
        return searching.search(
            _spaces(spec, lesson.signature.task), trials.measure, goal, finished=tuple(kept), notify=told
        )


def _spaces(spec: Spec, task: ModelTask) -> dict[str, Space]:
    """Spaces of the estimators that fit the task, cheapest first."""
    names = spec.search.estimators or ESTIMATORS.names()
    loaded = {name: ESTIMATORS.load(name) for name in dict.fromkeys(names)}
    fitting = {name: module for name, module in loaded.items() if task in module.TASKS}
    if not fitting:
        able = [n for n in ESTIMATORS.names() if task in (ESTIMATORS.fact(n, "TASKS") or ())]
        raise SpecError(
            f"none of {', '.join(names)} learns a {task} target",
            where="search.estimators",
            next_move=f"name some of {', '.join(able)}",
        )
    ordered = sorted(fitting, key=lambda n: (fitting[n].COST, n))
    return {name: fitting[name].SPACE for name in ordered}


def _folds(spec: Spec, lesson: Training, method: splitting.Method) -> Folds:
    task: Task = "regression" if lesson.signature.task == "regression" else "classification"
    return splitting.folds(
        lesson.frame,
        keys(spec, lesson.frame),
        task=task,
        method=method,
        count=spec.search.folds,
        seed=spec.search.seed,
    )
