"""Gates from a quick baseline: two simple models on a small part of the rows, and bounds a little below them."""

from __future__ import annotations

import math
import statistics
import time
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from volvelle.catalog import ESTIMATORS
from volvelle.data.records import Dataset
from volvelle.errors import InputError
from volvelle.evaluate.contract import Side
from volvelle.evaluate.measure import value
from volvelle.evaluate.sides import side
from volvelle.flow.lesson import Training, keys
from volvelle.model.derive import derive, known_target, target_codes
from volvelle.model.encode import encode
from volvelle.model.signature import ModelTask
from volvelle.prepare import recipe as preparing
from volvelle.prepare import split as splitting
from volvelle.prepare.split import Index, Method
from volvelle.spec.requirements import Spec
from volvelle.train.contract import Estimator, Lesson, defaults

ROWS, FOLDS, SECONDS = 2_000, 3, 4.0
_CELLS = 2_000_000
"""More features times rows than this would take too long."""
_MODELS: dict[ModelTask, tuple[str, ...]] = {
    "binary": ("decision_tree", "logistic"),
    "multiclass": ("decision_tree", "logistic"),
    "regression": ("decision_tree", "linear"),
}
_RARE = 0.1
"""A positive class with a smaller share is judged by PR-AUC: labels at 0.5 would hardly ever say yes."""
_LEAST, _ERRORS = 0.05, 3.0
"""How far below the baseline a bound lies at least, and in standard errors."""


class Proposed(NamedTuple):
    """Gates, and a sentence on where they come from."""

    gates: tuple[str, ...]
    reason: str


def propose(spec: Spec, frame: pl.DataFrame, dataset: Dataset) -> Proposed | None:
    """Gates that a simple model would probably pass; None where it cannot be trained on a few rows.

    Two estimators with their defaults, three folds of at most 2,000 rows, about four seconds. A bound lies below
    the better one's mean by three standard errors of a test side of the size that the spec asks for.
    """
    known, _ = known_target(frame, spec.problem.target)
    rows = _drawn(len(known), spec.search.seed)
    part = known[rows]
    try:
        signature, notes = derive(spec, dataset, part)
        codes = target_codes(part, signature)
        lesson = Training(part, signature, encode(part, signature), codes, notes)
        folds = _folds(spec, lesson)
    except InputError:
        return None
    metrics = _metrics(lesson)
    first = next(iter(metrics))
    best: tuple[str, dict[str, list[float]]] | None = None
    ends = time.monotonic() + SECONDS
    for name in _MODELS[signature.task]:
        found = _scores(lesson, folds, name, tuple(metrics), ends, spec.search.seed)
        if found and (best is None or statistics.fmean(found[first]) > statistics.fmean(best[1][first])):
            best = (name, found)
    if best is None:
        return None
    test = max(1.0, spec.split.test * len(known))
    lines, told = [], []
    for metric, chance in metrics.items():
        mean, bound = _bound(best[1][metric], len(rows) / len(folds), test, chance)
        lines.append(f"{metric} >= {bound:g}")
        told.append(f"{metric} {mean:.2f}")
    reason = (
        f"Proposed a little below a quick baseline: {best[0]} with {' and '.join(told)} on {len(rows):,} rows in "
        f"{len(folds)} folds. Set these to what {spec.problem.name} must achieve."
    )
    return Proposed(tuple(lines), reason)


def _drawn(count: int, seed: int) -> Index:
    if count <= ROWS:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, ROWS, replace=False))


def _folds(spec: Spec, lesson: Training) -> list[tuple[Index, Index]]:
    regression = lesson.signature.task == "regression"
    data = spec.data
    method: Method = "time" if data.time else "group" if data.group else "random" if regression else "stratified"
    return splitting.folds(
        lesson.frame,
        keys(spec, lesson.frame),
        task="regression" if regression else "classification",
        method=method,
        count=FOLDS,
        seed=spec.search.seed,
    )


def _metrics(lesson: Training) -> dict[str, float]:
    """Metrics that gates are proposed for, the one that counts first, and what chance gives."""
    signature = lesson.signature
    if signature.task == "regression":
        return {"r2": 0.0}
    shares = np.bincount(lesson.target, minlength=len(signature.classes)) / len(lesson.target)
    if signature.positive is None:
        return {"balanced_accuracy": 1 / len(shares), "accuracy": float(shares.max())}
    positive = float(shares[signature.positive])
    return {"roc_auc": 0.5, **({"pr_auc": positive} if positive < _RARE else {"balanced_accuracy": 0.5})}


def _scores(
    lesson: Training, folds: list[tuple[Index, Index]], name: str, metrics: tuple[str, ...], ends: float, seed: int
) -> dict[str, list[float]]:
    """Each metric over the folds; nothing where the time ended, a fold could not be learnt or a metric is undefined."""
    task = lesson.signature.task
    found: dict[str, list[float]] = {metric: [] for metric in metrics}
    try:
        for truth in _answers(lesson, folds, name, ends, seed):
            for metric in found:
                found[metric].append(value(metric, truth, task))
    except (InputError, ValueError, ArithmeticError, np.linalg.LinAlgError):
        return {}
    whole = all(len(v) == len(folds) and all(map(math.isfinite, v)) for v in found.values())
    return found if whole else {}


def _answers(lesson: Training, folds: list[tuple[Index, Index]], name: str, ends: float, seed: int) -> Iterator[Side]:
    """The scored side of each fold, until the time ends."""
    estimator: Estimator = ESTIMATORS.load(name)
    signature = lesson.signature
    for train, valid in folds:
        recipe = preparing.fit({t: a[train] for t, a in lesson.inputs.items()}, signature, estimator.VIEW, {})
        learnt, asked = (
            preparing.features(recipe, signature, {t: a[rows] for t, a in lesson.inputs.items()})
            for rows in (train, valid)
        )
        if time.monotonic() > ends or learnt.size > _CELLS:
            return
        taught = Lesson(
            x=learnt,
            y=lesson.target[train],
            task=signature.task,
            classes=len(signature.classes),
            categorical=preparing.categorical(recipe),
            seed=seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scores = estimator.predict(estimator.fit(taught, defaults(estimator.SPACE)), asked)
        scores = np.asarray(scores, dtype=np.float64)
        yield side(lesson.target[valid], np.argmax(scores, axis=1), scores, signature)


def _bound(scores: list[float], fold: float, test: float, chance: float) -> tuple[float, float]:
    """The mean and a bound below it, in hundredths, yet above chance.

    >>> _bound([0.75, 0.75, 0.75], 100, 100, 0.5)
    (0.75, 0.7)
    """
    mean = statistics.fmean(scores)
    error = statistics.pstdev(scores) * math.sqrt(fold / test)
    bound = math.floor(round((mean - max(_LEAST, _ERRORS * error)) * 100, 6)) / 100
    return mean, max(bound, math.ceil(round((chance + 0.02) * 100, 6)) / 100)
