"""The estimator kit refuses estimators that break a promise, each with a sentence that names it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.testing.check_estimator import check_estimator, compare
from volvelle.train.contract import Choice, Float, Int, Lesson
from volvelle.train.estimators import constant


def broken(**changes: Any) -> SimpleNamespace:
    """The constant baseline with some of its names replaced."""
    names = {n: getattr(constant, n) for n in ("TASKS", "VIEW", "SPACE", "COST", "fit", "predict", "emit")}
    return SimpleNamespace(**{n: v for n, v in (names | changes).items() if v is not None})


def first_column(graph: Graph, x: Value, fitted: Any) -> Value:
    """Where the first feature is above 0.3, the answer is turned round."""
    wrong = graph.node("Greater", graph.columns(x, [0]), graph.constant(np.array([0.3], dtype=np.float32)), kind="bool")
    shares = graph.constant(fitted.reshape(1, -1))
    turned = graph.constant(np.ascontiguousarray(fitted[::-1]).reshape(1, -1))
    return graph.node("Where", wrong, turned, shares, kind="float", width=len(fitted))


def slightly_off(graph: Graph, x: Value, fitted: Any) -> Value:
    return constant.emit(graph, x, (fitted + np.array([2e-5, -2e-5], dtype=np.float32)).astype(np.float32))


def shrunk(lesson: Lesson, settings: dict[str, Any]) -> Any:
    """Forgets classes that the lesson lacks."""
    shares = np.bincount(lesson.y) / len(lesson.y)
    return shares[shares > 0].astype(np.float32)


def scaling(lesson: Lesson, settings: dict[str, Any]) -> Any:
    lesson.x[...] *= 2
    return constant.fit(lesson, settings)


def forgetful(lesson: Lesson, settings: dict[str, Any]) -> Any:
    settings.clear()
    return constant.fit(lesson, settings)


def dice() -> Callable[[Lesson, dict[str, Any]], Any]:
    """A fit that gives something else every time."""
    rng = np.random.default_rng(0)

    def fit(lesson: Lesson, settings: dict[str, Any]) -> Any:
        share = np.float32(rng.random())
        present = np.unique(lesson.y)
        answer = np.zeros(lesson.classes, dtype=np.float32)
        answer[present] = [share, 1 - share] if len(present) == 2 else [1.0]
        return answer

    return fit


def threaded(lesson: Lesson, settings: dict[str, Any]) -> Any:
    """An answer that depends on the number of threads."""
    shares = constant.fit(lesson, settings)
    return np.array([0.75, 0.25], dtype=np.float32) if lesson.threads > 1 else shares


def failing(lesson: Lesson, settings: dict[str, Any]) -> Any:
    raise ValueError("class 1 has only one row")


def unnormed(lesson: Lesson, settings: dict[str, Any]) -> Any:
    return constant.fit(lesson, settings) * np.float32(0.5)


def unsure(lesson: Lesson, settings: dict[str, Any]) -> Any:
    return constant.fit(lesson, settings) * np.float32(np.nan)


BINARY = ("binary",)
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("no predict", {"predict": None}, "has no predict"),
    ("unknown task", {"TASKS": ("ranking",)}, "TASKS names 'ranking'"),
    ("no task", {"TASKS": ()}, "at least one task"),
    ("unknown view", {"VIEW": "wide"}, "VIEW is 'wide'"),
    ("cost out of scale", {"COST": 11}, "COST must be"),
    ("space of another type", {"SPACE": {"depth": 3}}, r"SPACE\['depth'\] must be"),
    ("default outside", {"SPACE": {"depth": Int(low=1, high=3, default=4)}}, "lies outside"),
    ("log scale from zero", {"SPACE": {"l2": Float(low=0, high=3, default=1, log=True)}}, "logarithmic"),
    ("range turned round", {"SPACE": {"l2": Float(low=3, high=1, default=2)}}, "low < high"),
    ("default no option", {"SPACE": {"kind": Choice(options=("a",), default="b")}}, "none of its options"),
    ("another label", {"TASKS": BINARY, "emit": first_column}, "gives another label"),
    ("scores too far off", {"TASKS": BINARY, "emit": slightly_off}, "is 2e-05 off"),
    ("absent classes dropped", {"TASKS": ("multiclass",), "fit": shrunk}, "predict gives shape"),
    ("changes x", {"fit": scaling}, "fit changes x"),
    ("changes settings", {"fit": forgetful, "SPACE": {"depth": Int(low=1, high=3, default=2)}}, "changes the settings"),
    ("not repeatable", {"TASKS": BINARY, "fit": dice()}, "different bytes"),
    ("depends on threads", {"TASKS": BINARY, "fit": threaded}, "two threads"),
    ("fails on rare classes", {"fit": failing}, "fit fails on .*only one row"),
    ("does not sum to one", {"TASKS": BINARY, "fit": unnormed}, "do not sum to 1"),
    ("not a number", {"TASKS": BINARY, "fit": unsure}, "NaN or infinity"),
]


def test_a_sound_estimator_passes() -> None:
    """The baseline that the broken ones are made from keeps every promise."""
    check_estimator(broken())


@pytest.mark.parametrize(("changes", "sentence"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_broken_promise_is_named(changes: dict[str, Any], sentence: str) -> None:
    """An estimator with one fault is refused with the sentence about that fault."""
    with pytest.raises(AssertionError, match=sentence):
        check_estimator(broken(**changes))


def test_a_graph_that_answers_a_batch_differently_is_refused() -> None:
    """Scores that depend on the other rows of the batch, in Python and ONNX alike, are found row by row."""
    low, high = np.array([[0.75, 0.25]], dtype=np.float32), np.array([[0.25, 0.75]], dtype=np.float32)

    def predict(fitted: Any, x: NDArray[np.float32]) -> NDArray[np.float32]:
        known = np.nan_to_num(x[:, :1], nan=0.0)
        return np.where(known < known.max(), low, high)

    def emit(graph: Graph, x: Value, fitted: Any) -> Value:
        first = graph.columns(x, [0])
        zero = graph.constant(np.zeros(1, dtype=np.float32))
        known = graph.node("Where", graph.node("IsNaN", first, kind="bool"), zero, first, kind="float", width=1)
        top = graph.node("ReduceMax", known, graph.constant(np.array([0])), keepdims=1)
        below = graph.node("Less", known, top, kind="bool")
        return graph.node("Where", below, graph.constant(low), graph.constant(high), kind="float", width=2)

    with pytest.raises(AssertionError, match="a batch of one row answers differently"):
        check_estimator(broken(TASKS=BINARY, predict=predict, emit=emit))


def test_compare_counts_labels_and_distances() -> None:
    """Labels by the largest score, distances absolute for classes and relative for large values; NaN is far."""
    one, two = np.array([[0.2, 0.8], [0.5, 0.5]]), np.array([[0.8, 0.2], [0.5, 0.5]])
    assert compare(one, two, "binary").labels == 1
    assert compare(np.array([[200.0]]), np.array([[202.0]]), "regression").largest == pytest.approx(0.01)
    assert compare(np.array([[np.nan]]), np.array([[1.0]]), "regression").largest == np.inf
