"""Learns one model: an estimator, and for a regression perhaps the logarithm of its target.

With the setting ``log_target`` an estimator learns ``log(1 + y)`` and its answer is turned back by ``exp(v) - 1``,
in the graph by the operator Exp in double precision. Reference: Tukey, Exploratory Data Analysis, 1977, chapter 3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import ESTIMATORS
from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.contract import Choice, Estimator, Grown, Lesson, Settings

LOG_TARGET = "log_target"
LOG_CHOICE = Choice(options=(False, True), default=False)
PAIRS = "pairs"
PAIRS_CHOICE = Choice(options=(False, True), default=False)
"""Whether a candidate learns from features made of two columns as well; no estimator ever sees the setting."""
TEACHER = "teacher"
"""Models that a student learns from, as `volvelle.train.distil` has them; no estimator sees the setting."""
_OURS = (LOG_TARGET, PAIRS, TEACHER)
Beside = Literal["real", "unpruned"]
BESIDE: tuple[Beside, ...] = ("real", "unpruned")
"""Functions of an estimator that give what a model is measured beside."""
_HIGHEST = 80.0
"""Answers on the logarithm's side are held below it: its exponential still is a float32."""
_SKEWED = 1.0
_FEWEST = 10


class Learnt(NamedTuple):
    """A fitted estimator."""

    estimator: Estimator
    fitted: Any
    log_target: bool


def log_fits(y: NDArray[np.float64]) -> bool:
    """Whether a regression target is positive and clearly skewed to the right, so that its logarithm may be better.

    >>> log_fits(np.exp(np.linspace(0, 5, 100))), log_fits(np.linspace(0, 5, 100))
    (True, False)
    """
    if len(y) < _FEWEST or y.min() < 0 or y.std() == 0:
        return False
    return bool((((y - y.mean()) / y.std()) ** 3).mean() > _SKEWED)


def learn(name: str, lesson: Lesson, settings: Settings) -> Learnt:
    """Fit the estimator called `name`."""
    estimator: Estimator = ESTIMATORS.load(name)
    own, logged = _own(settings, lesson)
    return Learnt(estimator, estimator.fit(logged, own), logged is not lesson)


def settle(name: str, lesson: Lesson, settings: Settings) -> Settings:
    """Settings that the estimator takes from the rows before the folds are fitted; none for most."""
    estimator = ESTIMATORS.load(name)
    if not hasattr(estimator, "settle"):
        return {}
    own, logged = _own(settings, lesson)
    found: Settings = estimator.settle(logged, own)
    return found


def grows(name: str, settings: Settings) -> bool:
    """Whether an estimator finds by growing how many steps it needs: it can, and the settings do not say it."""
    estimator = ESTIMATORS.load(name)
    return hasattr(estimator, "grow_until") and estimator.GROWS[0] not in settings and TEACHER not in settings


def grow(name: str, lesson: Lesson, held: Lesson, settings: Settings) -> Grown:
    """Grow the estimator called `name` until the rows `held` say to stop; `learnt` is for `cut`."""
    own, logged = _own(settings, lesson)
    grown: Grown = ESTIMATORS.load(name).grow_until(logged, _own(settings, held)[1], own)
    return grown


def instead(name: str, grown: Grown, settings: Settings) -> Settings | None:
    """Settings to try in the place of some that did not stop."""
    own = {name: value for name, value in settings.items() if name not in _OURS}
    other: Settings | None = getattr(ESTIMATORS.load(name), "instead", lambda grown, own: None)(grown, own)
    return other


def cut(name: str, grown: Grown, settings: Settings, task: ModelTask, steps: int | None) -> Learnt:
    """The model of the first steps of what was grown; of all of them where that is None."""
    estimator = ESTIMATORS.load(name)
    logged = task == "regression" and bool(settings.get(LOG_TARGET))
    return Learnt(estimator, estimator.cut(grown, steps) if grown.losses else grown.learnt, logged)


def answer(learnt: Learnt, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """Probabilities ``[n, classes]`` or values ``[n, 1]``, float32."""
    given = learnt.estimator.predict(learnt.fitted, x)
    if not learnt.log_target:
        return given
    with np.errstate(over="ignore"):
        held = np.minimum(np.asarray(given, dtype=np.float64), _HIGHEST)
        return (np.exp(held) - 1.0).astype(np.float32)


def beside(learnt: Learnt) -> dict[Beside, Learnt]:
    """What a model was before it was made smaller in one way: the same in real numbers, and with all its weights."""
    made = {name: getattr(learnt.estimator, name, lambda fitted: None)(learnt.fitted) for name in BESIDE}
    return {name: learnt._replace(fitted=found) for name, found in made.items() if found is not None}


def write(graph: Graph, x: Value, learnt: Learnt) -> Value:
    """`answer` in the graph."""
    given = learnt.estimator.emit(graph, x, learnt.fitted)
    if not learnt.log_target:
        return graph.cast(given, "float")
    held = graph.node("Min", graph.cast(given, "double"), graph.constant(np.array([[_HIGHEST]])))
    value = graph.node("Sub", graph.node("Exp", held), graph.constant(np.array([1.0])))
    return graph.cast(value, "float")


def _own(settings: Settings, lesson: Lesson) -> tuple[Settings, Lesson]:
    """The estimator's own settings, and the lesson with the target that it learns."""
    own = {name: value for name, value in settings.items() if name not in _OURS}
    if lesson.task != "regression" or not settings.get(LOG_TARGET):
        return own, lesson
    return own, replace(lesson, y=np.log1p(lesson.y))
