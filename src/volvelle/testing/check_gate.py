"""Does a file hold a proper gate? `check_gate` says yes, or raises and says what is wrong."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np

from volvelle.evaluate.contract import Facts, Side
from volvelle.evaluate.records import Measured
from volvelle.model.signature import ModelTask
from volvelle.testing.check_metric import check_documented, check_literals

DIMENSIONS = ("1", "bytes", "seconds", "1/seconds", "count")
_METRIC: dict[ModelTask, str] = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "rmse"}


def check_gate(gate: ModuleType) -> None:
    """Hold a gate against its contract (`evaluate.contract.Gate`).

    Raises:
        AssertionError: one sentence that says what is wrong.
    """
    name = gate.__name__
    check_documented(gate)
    check_literals(gate, ("UNIT", "DIRECTION"))
    assert gate.UNIT in DIMENSIONS, f"UNIT of {name} must be one of {', '.join(DIMENSIONS)}, not {gate.UNIT!r}"
    assert gate.DIRECTION in ("up", "down"), f"DIRECTION of {name} must be 'up' or 'down', not {gate.DIRECTION!r}"
    for task in _METRIC:
        for rows in (0, 1, 50):
            facts = _facts(task, rows)
            before = [_content(facts.train), _content(facts.test)]
            found = gate.measure(facts)
            _check_measured(name, found)
            assert before == [_content(facts.train), _content(facts.test)], f"measure of {name} changes the facts"
            assert gate.measure(facts) == found, f"measure of {name} gives two answers to the same facts"


def _check_measured(name: str, found: object) -> None:
    assert isinstance(found, Measured), f"measure of {name} returns {type(found).__name__}, not Measured"
    if found.value is None:
        assert found.note, f"measure of {name} gives no value and no note that says why"
        return
    assert math.isfinite(found.value), f"measure of {name} gives {found.value}; where there is no number, give None"
    assert (found.low is None) == (found.high is None), f"measure of {name} gives half an interval"
    if found.low is not None and found.high is not None:
        inside = found.low <= found.value <= found.high
        assert inside, f"measure of {name} gives {found.value} outside its interval {found.low} to {found.high}"


def _facts(task: ModelTask, rows: int) -> Facts:
    rng = np.random.default_rng(rows)
    return Facts(
        task=task,
        metric=_METRIC[task],
        train=_side(task, 2 * rows, rng),
        test=_side(task, rows, rng),
        model_size=4096,
        parity=1e-6,
        level=0.95,
        seed=1,
    )


def _side(task: ModelTask, rows: int, rng: np.random.Generator) -> Side:
    if task == "regression":
        y = rng.normal(size=rows)
        return Side(y=y, labels=np.empty(0, dtype=np.int64), scores=(y + rng.normal(size=rows)).reshape(-1, 1))
    classes = 2 if task == "binary" else 3
    scores = rng.dirichlet(np.ones(classes), rows).reshape(rows, classes)
    labels = scores.argmax(axis=1).astype(np.int64)
    return Side(y=rng.integers(0, classes, rows), labels=labels, scores=scores)


def _content(side: Side) -> tuple[bytes, bytes, bytes]:
    return side.y.tobytes(), side.labels.tobytes(), side.scores.tobytes()
