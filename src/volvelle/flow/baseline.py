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

from volvelle.catalog import ESTIMATORS, METRICS
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
_LEAST, _ERRORS, _ABOVE = 0.05, 3.0, 0.02
"""How far a bound lies behind the baseline at least (of a loss: as a share), in standard errors, and before chance."""


class Proposed(NamedTuple):
    """Gates, and a sentence on where they come from."""

    gates: tuple[str, ...]
    reason: str


def propose(spec: Spec, frame: pl.DataFrame, dataset: Dataset) -> Proposed | None:
    """Gates that a simple model would probably pass; None where it cannot be trained on a few rows.

    Two estimators with their defaults, three folds of at most 2,000 rows, about four seconds of processor time.
    A bound lies behind the better one's mean by three standard errors of a test side of the size that the spec
    asks for.
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
    ends = time.process_time() + SECONDS
    for name in _MODELS[signature.task]:
        found = _scores(lesson, folds, name, tuple(metrics), ends, spec.search.seed)
        if found and (best is None or statistics.fmean(found[first]) > statistics.fmean(best[1][first])):
            best = (name, found)
    if best is None:
        return None
    shrunk = math.sqrt(len(rows) / len(folds) / max(1.0, spec.split.test * len(known)))
    gates = tuple(_gate(metric, best[1][metric], shrunk, chance) for metric, chance in metrics.items())
    means = {metric: statistics.fmean(best[1][metric]) for metric in metrics}
    told = " and ".join(
        f"{metric} {mean:,.0f}" if mean > 1000 else f"{metric} {mean:.3g}" for metric, mean in means.items()
    )
    reason = (
        f"Proposed a little behind a quick baseline: {best[0]} with {told} on {len(rows):,} rows in "
        f"{len(folds)} folds. Set these to what {spec.problem.name} must achieve."
    )
    return Proposed(gates, reason)


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
        return {"r2": 0.0, "mae": float(np.abs(lesson.target - np.median(lesson.target)).mean())}
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
        if time.process_time() > ends or learnt.size > _CELLS:
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


def _gate(metric: str, scores: list[float], shrunk: float, chance: float) -> str:
    """A line of the spec; `shrunk` is the standard error on the test side, as a share of that on one fold."""
    mean, error = statistics.fmean(scores), statistics.pstdev(scores) * shrunk
    if METRICS.fact(metric, "DIRECTION") == "up":
        return f"{metric} >= {_floor(mean, error, chance):.15g}"
    return f"{metric} <= {_ceiling(mean, error, chance):.15g}"


def _floor(mean: float, error: float, chance: float) -> float:
    """A bound below the mean, in hundredths, yet above chance.

    >>> _floor(0.75, 0.0, 0.5), _floor(0.5, 0.0, 0.5)
    (0.7, 0.52)
    """
    bound = math.floor(round((mean - max(_LEAST, _ERRORS * error)) * 100, 6)) / 100
    return max(bound, math.ceil(round((chance + _ABOVE) * 100, 6)) / 100)


def _ceiling(mean: float, error: float, chance: float) -> float:
    """A bound above the mean of a loss, in two digits, yet below chance.

    >>> _ceiling(1234.0, 0.0, 5000.0), _ceiling(0.0121, 0.0, 0.0125)
    (1300.0, 0.012)
    """
    bound = max(mean + max(_LEAST * mean, _ERRORS * error), _LEAST * chance)
    most = chance * (1 - _ABOVE)
    digits = 1 - math.floor(math.log10(min(bound, most)))
    if bound < most:
        return math.ceil(round(bound * 10.0**digits, 6)) / 10.0**digits
    return math.floor(round(most * 10.0**digits, 6)) / 10.0**digits
