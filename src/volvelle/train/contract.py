"""What a file in ``train/estimators/`` must hold, and the spaces that a search walks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.prepare.contract import View as View
from volvelle.spec.requirements import Record


class Float(Record, frozen=True, tag=True):
    """A real hyperparameter in ``[low, high]``."""

    low: float
    high: float
    default: float
    log: bool = False


class Int(Record, frozen=True, tag=True):
    """A whole hyperparameter in ``[low, high]``."""

    low: int
    high: int
    default: int
    log: bool = False


class Choice(Record, frozen=True, tag=True):
    """One of a few values."""

    options: tuple[str | int | float | bool | None, ...]
    default: str | int | float | bool | None


Space = dict[str, Float | Int | Choice]
Settings = dict[str, Any]
"""One point of a space: hyperparameter name to value."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an estimator learns from.

    Attributes:
        x: features, float32 ``[n, f]``.
        y: class positions int64 ``[n]``, or float64 ``[n]`` for regression.
        task: binary, multiclass or regression.
        classes: number of classes, 0 for regression.
        categorical: positions of columns that hold category codes (views ordinal and raw).
        seed: of every random choice.
        threads: CPU threads to use; the result does not depend on it.
    """

    x: NDArray[np.float32]
    y: NDArray[Any]
    task: ModelTask
    classes: int
    categorical: tuple[int, ...] = ()
    seed: int = 0
    threads: int = 1


class Grown(NamedTuple):
    """What `grow_until` of an estimator gives."""

    learnt: Any
    """Whatever `cut` needs; where there are no losses, what `fit` gives."""
    losses: tuple[float, ...]
    """Of the rows held out, after each step; empty where they cannot tell when to stop."""
    found: Settings
    """Other settings that were found."""


class Estimator(Protocol):
    """A learner that writes what it learnt into an ONNX graph.

    A file may also hold:

    - ``PORTFOLIO``: a tuple of settings (defaults elsewhere) that often win; the search tries them, in order, after
      the defaults and before any proposal.
    - ``settle(lesson, settings)``: settings that it takes from the rows, such as a number of trees by early stopping.
      It is asked once a trial, with the last fold's training rows; what it gives is kept with the trial and used for
      the other folds and the last fit. ``SETTLED`` names these settings, so that a spec may give them by hand;
      ``LAST`` those among them that only the last fit is given, not the folds: what makes a model better for sure but
      is not worth its time in every trial; ``GROWS`` those that the last fit is given more of, for it has more rows
      (`volvelle.train.rows.growth`).
    - ``grow_until(lesson, held, settings)`` and ``cut(grown, steps)``, for one that adds step to step, as many as the
      first of ``GROWS`` says: the one goes on until the rows of the lesson `held` say to stop, the other gives what
      `fit` gives with so many steps. Where all folds learn from about as many rows this takes the place of `settle`,
      which costs fits of its own: each fold stops where the others' losses are least (`volvelle.train.stops`).
      ``instead(grown, settings)``: settings to try in the place of some that did not stop, or None.
    - ``small(leaves)``: settings of models whose trees have at most so many leaves together, tried in place of the
      portfolio where the budget of a device leaves little room, and ``SMALL``, the space of such models. Where it has
      ``leaves`` (of one tree) and ``trees``, proposals are held to the leaves that there is room for; where another
      setting tells how many a tree may have, ``leaves(settings)`` reads it.
    - ``real(fitted)``: of a model in whole numbers the same one in real numbers, which is measured beside it; None of
      any other.
    - ``unpruned(fitted)``: of a model that was pruned the same one with all its weights; None of any other.
    """

    TASKS: tuple[ModelTask, ...]
    VIEW: View
    SPACE: Space
    COST: int
    """How dear a fit is among the others, from 0 to 9: the search tries defaults from the cheapest on."""

    def fit(self, lesson: Lesson, settings: Settings) -> Any:
        """Learn. The same lesson and settings give the same result, whatever the number of threads."""
        ...

    def predict(self, fitted: Any, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
        """The library's own answer: probabilities ``[n, classes]``, or values ``[n, 1]``."""
        ...

    def emit(self, graph: Graph, x: Value, fitted: Any) -> Value:
        """Write the fitted estimator into the graph: float probabilities ``[N, classes]`` or values ``[N, 1]``."""
        ...


Params = dict[str, Any]
"""What a calibrator learnt: numbers and lists of numbers, so that a record can hold them."""


class Calibrator(Protocol):
    """Turns the scores of a trained model into better probabilities, and writes itself behind its graph.

    TASKS is a literal. Columns are the classes in the order of the signature.
    """

    TASKS: tuple[ModelTask, ...]

    def fit(self, scores: NDArray[np.float32], y: NDArray[np.int64]) -> Params | None:
        """Learn from scores ``[n, classes]`` of rows that the model had not learnt from; None where it cannot."""
        ...

    def apply(self, params: Params, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities ``[n, classes]`` that sum to one, the same as the graph gives."""
        ...

    def emit(self, graph: Graph, scores: Value, params: Params) -> Value:
        """`apply` in the graph, float ``[N, classes]``."""
        ...


def defaults(space: Space) -> Settings:
    """The default point of a space.

    >>> defaults({"depth": Int(low=1, high=9, default=3)})
    {'depth': 3}
    """
    return {name: dimension.default for name, dimension in space.items()}
