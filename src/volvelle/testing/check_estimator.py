"""The conformance kit of estimators: does a file in ``train/estimators/`` keep its promises?

Call it from a test with your module, or with anything that has the same names::

    def test_estimator():
        check_estimator(my_package.my_estimator)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from volvelle.errors import VolvelleError
from volvelle.model.graph import Graph
from volvelle.model.session import Session
from volvelle.model.signature import ModelTask
from volvelle.prepare.contract import AS_THEY_COME
from volvelle.testing.fuzz import fuzzed_rows
from volvelle.train.contract import Choice, Float, Int, Lesson, Settings, View, defaults

TOLERANCE = 1e-5
FUZZED_ROWS = 300
FAULTS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError, VolvelleError)

LEAVES = 300
"""Of all trees of the small models that are asked for."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How two sets of scores differ.

    Attributes:
        rows: rows compared.
        labels: rows whose largest score lies at another place; 0 for regression.
        largest: largest absolute difference; relative to ``max(1, |value|)`` for regression.
    """

    rows: int
    labels: int
    largest: float


def compare(expected: NDArray[Any], found: NDArray[Any], task: ModelTask) -> Parity:
    """Compare two sets of scores ``[n, k]``; NaN on both sides is equal, on one side infinitely far.

    >>> compare(np.array([[0.6, 0.4]]), np.array([[0.4, 0.6]]), "binary").labels
    1
    """
    wide, other = expected.astype(np.float64), found.astype(np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.where(wide == other, 0.0, np.abs(wide - other))
    if task == "regression":
        apart = apart / np.maximum(1.0, np.abs(wide))
    apart = np.where(np.isnan(wide) & np.isnan(other), 0.0, np.where(np.isnan(apart), np.inf, apart))
    labels = 0 if task == "regression" else int((expected.argmax(axis=1) != found.argmax(axis=1)).sum())
    return Parity(len(expected), labels, float(apart.max(initial=0.0)))


def onnx_bytes(estimator: Any, fitted: Any, width: int) -> bytes:
    """The fitted estimator as an ONNX file from ``x`` ``[N, width]`` to ``scores``."""
    graph = Graph("estimator")
    x = graph.input("x", "float", width)
    graph.output("scores", estimator.emit(graph, x, fitted))
    return graph.finish()


def check_estimator(estimator: Any) -> None:
    """Check every promise of `volvelle.train.contract.Estimator`, cheapest first.

    Constants and space; a fit for every task with plain, rare, absent and single classes, a constant column, one
    feature; what `balanced` does for a rare class; what was grown and cut against what was fitted; every option of
    every Choice; the same bytes again and with two threads; inputs left as they were; ONNX against `predict` on
    training and fuzzed rows, in one batch and row by row.

    Raises:
        AssertionError: at the first broken promise, in one sentence.
    """
    _check_constants(estimator)
    for task in estimator.TASKS:
        for case, lesson in lessons(task, estimator.VIEW):
            _check_lesson(estimator, lesson, defaults(estimator.SPACE), f"{task}, {case}")
        plain = next(lessons(task, estimator.VIEW))[1]
        _check_repeatable(estimator, plain, task)
        if hasattr(estimator, "grow_until"):
            _check_grown(estimator, task)
        if "balanced" in estimator.SPACE and task != "regression":
            _check_balanced(estimator, task)
        for name, option in _options(estimator.SPACE):
            _check_lesson(estimator, plain, defaults(estimator.SPACE) | {name: option}, f"{task}, {name}={option!r}")


def lessons(task: ModelTask, view: View, rows: int = 90) -> Iterator[tuple[str, Lesson]]:
    """Small generated lessons with a name each; the first is the plain one."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=(rows, 4)).astype(np.float32)
    x[:, 1] = np.round(x[:, 1] * 2) / 2
    categorical = () if view == "dense" else (3,)
    if categorical:
        x[:, 3] = rng.integers(0, 6, rows)
    signal = x[:, 0] + np.where(np.isin(x[:, 3], (1, 4)), 1.0, 0.0) + 0.3 * rng.normal(size=rows)
    if view in AS_THEY_COME:
        x[rng.random(rows) < 0.15, 0] = np.nan
    if task == "regression":
        plain = Lesson(x, signal * 3 + 5, task, 0, categorical, seed=5)
        yield "plain", plain
        yield "a constant target", replace(plain, y=np.full(rows, 2.5))
        yield "a large target", replace(plain, y=plain.y * 1e6)
    else:
        count = 2 if task == "binary" else 4
        edges = np.quantile(signal, np.arange(1, count) / count)
        plain = Lesson(x, np.searchsorted(edges, signal).astype(np.int64), task, count, categorical, seed=5)
        yield "plain", plain
        rare = np.where(plain.y == 1, 0, plain.y)
        yield "only one class", replace(plain, y=np.full(rows, count - 1))
        yield "a class of two rows", replace(plain, y=np.where(np.arange(rows) < 2, 1, rare))
        yield "a class of one row", replace(plain, y=np.where(np.arange(rows) < 1, 1, rare))
        if count > 2:
            yield "an absent class", replace(plain, y=rare)
    constant = x.copy()
    constant[:, 2] = 7.0
    yield "a constant column", replace(plain, x=constant)
    yield "nothing but constant columns", replace(plain, x=np.ones_like(x), categorical=())
    yield "one feature", replace(plain, x=x[:, :1].copy(), categorical=())
    yield "six rows", replace(plain, x=x[:6].copy(), y=plain.y[:6])


def _check_constants(estimator: Any) -> None:
    for name in ("TASKS", "VIEW", "SPACE", "COST", "fit", "predict", "emit"):
        _promise(hasattr(estimator, name), f"the estimator has no {name}")
    known = get_args(ModelTask)
    tasks = estimator.TASKS
    _promise(isinstance(tasks, tuple) and len(tasks) > 0, "TASKS must be a tuple of at least one task")
    for task in tasks:
        _promise(task in known, f"TASKS names {task!r}; known: {', '.join(known)}")
    _promise(estimator.VIEW in get_args(View), f"VIEW is {estimator.VIEW!r}; known: {', '.join(get_args(View))}")
    _promise(estimator.COST in range(10), f"COST must be a whole number from 0 to 9, not {estimator.COST!r}")
    _promise(isinstance(estimator.SPACE, dict), "SPACE must be a dict of name to Float, Int or Choice")
    for name, dimension in estimator.SPACE.items():
        _check_dimension(name, dimension)
    known_settings = {*estimator.SPACE, *getattr(estimator, "SETTLED", ())}
    for entry in getattr(estimator, "PORTFOLIO", ()):
        _promise(set(entry) <= known_settings, f"the entry {entry} of PORTFOLIO sets what SPACE does not name")
    narrow = getattr(estimator, "SMALL", estimator.SPACE)
    for entry in estimator.small(LEAVES) if hasattr(estimator, "small") else ():
        _promise(set(entry) <= set(narrow), f"the entry {entry} of small() sets what SMALL does not name")
        _promise(entry.get("leaves", 0) * entry.get("trees", 1) <= LEAVES, f"{entry} has more than {LEAVES} leaves")


def _check_grown(estimator: Any, task: ModelTask) -> None:
    """What was grown until held-out rows said stop, cut to some steps, is to the bit what fits with so many."""
    lesson = next(lessons(task, estimator.VIEW, 300))[1]
    learnt, held = (replace(lesson, x=lesson.x[side], y=lesson.y[side]) for side in (slice(200), slice(200, None)))
    settings = defaults(estimator.SPACE)
    grown = _attempt(f"grow_until fails ({task})", lambda: estimator.grow_until(learnt, held, settings))
    _promise(len(grown.losses) > 1, f"grow_until tells no losses of rows that are held out ({task})")
    for steps in {1, len(grown.losses) // 2, len(grown.losses)}:
        cut = onnx_bytes(estimator, estimator.cut(grown, steps), lesson.x.shape[1])
        whole = estimator.fit(learnt, settings | {estimator.GROWS[0]: steps})
        same = cut == onnx_bytes(estimator, whole, lesson.x.shape[1])
        _promise(same, f"cut to {steps} steps is not what fit gives with so many ({task})")


def _check_dimension(name: str, dimension: Any) -> None:
    where = f"SPACE[{name!r}]"
    _promise(isinstance(dimension, Float | Int | Choice), f"{where} must be a Float, Int or Choice")
    if isinstance(dimension, Choice):
        _promise(len(dimension.options) > 0, f"{where} has no options")
        _promise(len(set(dimension.options)) == len(dimension.options), f"{where} has an option twice")
        _promise(dimension.default in dimension.options, f"the default of {where} is none of its options")
        return
    low, high, default = dimension.low, dimension.high, dimension.default
    _promise(isfinite(low) and isfinite(high) and low < high, f"{where} must have finite low < high")
    _promise(low <= default <= high, f"the default of {where}, {default}, lies outside [{low}, {high}]")
    _promise(not dimension.log or low > 0, f"{where} is logarithmic, so low must be above 0")
    if isinstance(dimension, Int):
        _promise(all(isinstance(v, int) for v in (low, high, default)), f"{where} is an Int with a fraction")


def _check_lesson(estimator: Any, lesson: Lesson, settings: Settings, case: str) -> None:
    x, y, asked = lesson.x.copy(), lesson.y.copy(), dict(settings)
    fitted = _attempt(f"fit fails on {case}", lambda: estimator.fit(lesson, settings))
    _promise(np.array_equal(x, lesson.x, equal_nan=True), f"fit changes x ({case})")
    _promise(np.array_equal(y, lesson.y), f"fit changes y ({case})")
    _promise(asked == settings, f"fit changes the settings ({case})")
    content = _attempt(f"emit fails on {case}", lambda: onnx_bytes(estimator, fitted, x.shape[1]))
    session = _attempt(f"the graph of {case} does not load", lambda: Session(content))
    raw = estimator.VIEW in AS_THEY_COME
    fuzzed = fuzzed_rows(x, FUZZED_ROWS, 3, missing=raw, categorical=lesson.categorical)
    for name, rows in (("training rows", x), ("fuzzed rows", fuzzed)):
        _check_rows(estimator, fitted, session, lesson, rows, f"{name} of {case}")
    _attempt(f"the graph of {case} fails on an empty batch", lambda: session.run({"x": x[:0]}))


def _check_rows(
    estimator: Any, fitted: Any, session: Session, lesson: Lesson, rows: NDArray[np.float32], case: str
) -> None:
    before = rows.copy()
    expected = _attempt(f"predict fails on {case}", lambda: np.asarray(estimator.predict(fitted, rows)))
    _promise(np.array_equal(before, rows, equal_nan=True), f"predict changes x ({case})")
    shape = (len(rows), max(lesson.classes, 1))
    _promise(expected.shape == shape, f"predict gives shape {expected.shape} for {case}; it must be {shape}")
    _promise(np.issubdtype(expected.dtype, np.floating), f"predict gives {expected.dtype}, not floats ({case})")
    found = _attempt(f"the graph fails on {case}", lambda: session.run({"x": rows})["scores"])
    _promise(found.shape == shape, f"the graph gives shape {found.shape} for {case}; it must be {shape}")
    _promise(found.dtype == np.float32, f"the graph gives {found.dtype} for {case}; it must be float32")
    for name, scores in (("predict", expected), ("the graph", found)):
        _promise(bool(np.isfinite(scores).all()), f"{name} gives NaN or infinity on {case}")
        if lesson.classes:
            inside = scores.min() >= 0 and scores.max() <= 1
            _promise(bool(inside), f"{name} gives a score outside [0, 1] on {case}")
            _promise(
                bool(np.abs(scores.sum(axis=1) - 1).max() <= TOLERANCE), f"scores of {name} do not sum to 1 ({case})"
            )
    absent = np.setdiff1d(np.arange(lesson.classes), lesson.y)
    _promise(not expected[:, absent].any(), f"a class that the lesson lacks scores above 0 ({case})")
    parity = compare(expected, found, lesson.task)
    _promise(parity.labels == 0, f"the graph gives another label on {parity.labels} of {parity.rows} {case}")
    _promise(parity.largest <= TOLERANCE, f"the graph is {parity.largest:.3g} off on {case}; allowed: {TOLERANCE}")
    single = np.concatenate([session.run({"x": rows[n : n + 1]})["scores"] for n in range(min(5, len(rows)))])
    alone = compare(found[: len(single)], single, lesson.task)
    _promise(alone.labels == 0 and alone.largest <= TOLERANCE, f"a batch of one row answers differently ({case})")


def _check_repeatable(estimator: Any, lesson: Lesson, task: str) -> None:
    def content(of: Lesson) -> bytes:
        return onnx_bytes(estimator, estimator.fit(of, defaults(estimator.SPACE)), of.x.shape[1])

    first = content(lesson)
    _promise(first == content(lesson), f"two fits of one lesson give different bytes ({task})")
    _promise(first == content(replace(lesson, threads=2)), f"two threads give other bytes than one ({task})")


def _check_balanced(estimator: Any, task: ModelTask) -> None:
    """Where a class has one row in ten and overlaps the others, weighing classes alike must raise its scores."""
    rng = np.random.default_rng(3)
    classes = 2 if task == "binary" else 3
    y = np.where(np.arange(400) % 10 == 0, classes - 1, np.arange(400) % (classes - 1))
    x = rng.normal(size=(400, 2)).astype(np.float32) + (y == classes - 1)[:, None].astype(np.float32)
    lesson = Lesson(x, y.astype(np.int64), task, classes, (), seed=5)

    def mean(balanced: bool) -> float:
        fitted = estimator.fit(lesson, defaults(estimator.SPACE) | {"balanced": balanced})
        return float(estimator.predict(fitted, x)[:, -1].mean())

    plain, even = mean(False), mean(True)
    _promise(even > plain + 0.02, f"balanced lifts the mean score of a rare class from {plain:.3f} to {even:.3f} only")


def _options(space: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, dimension in sorted(space.items()):
        if isinstance(dimension, Choice):
            yield from ((name, option) for option in dimension.options if option != dimension.default)


def _promise(kept: bool, sentence: str) -> None:
    if not kept:
        raise AssertionError(sentence)


def _attempt(sentence: str, action: Callable[[], Any]) -> Any:
    try:
        return action()
    except FAULTS as error:
        raise AssertionError(f"{sentence}: {type(error).__name__}: {error}") from error
