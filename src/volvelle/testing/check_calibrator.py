"""Does a file hold a proper calibrator? `check_calibrator` says yes, or raises and says what is wrong.

For our own files and for third parties'::

    from volvelle.testing.check_calibrator import check_calibrator

    def test_my_calibrator():
        check_calibrator(my_package.my_calibrator)
"""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph
from volvelle.model.session import Session
from volvelle.testing.check_metric import check_documented, check_literals

_TASKS = {"binary": 2, "multiclass": 4}
_ROWS, _CLOSE = 3000, 1e-6


def check_calibrator(calibrator: ModuleType) -> None:
    """Hold a calibrator against its contract (`train.contract.Calibrator`).

    Raises:
        AssertionError: one sentence that says what is wrong.
    """
    check_documented(calibrator)
    check_literals(calibrator, ("TASKS",))
    name = calibrator.__name__
    assert calibrator.TASKS, f"TASKS of {name} is empty"
    assert set(calibrator.TASKS) <= set(_TASKS), f"TASKS of {name} must be some of {', '.join(_TASKS)}"
    for task in calibrator.TASKS:
        for power in (0.4, 2.5):
            _check(calibrator, _TASKS[task], power)


def _check(calibrator: ModuleType, classes: int, power: float) -> None:
    """Scores that are honest probabilities raised to a power: too timid below 1, too extreme above."""
    name, rng = calibrator.__name__, np.random.default_rng(8)
    honest = rng.dirichlet(np.full(classes, 0.6), _ROWS)
    y = (honest.cumsum(axis=1) < rng.random((_ROWS, 1))).sum(axis=1).clip(max=classes - 1)
    raised = honest**power
    scores = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
    half = _ROWS // 2
    before = scores.copy()
    params = calibrator.fit(scores[:half], y[:half])
    assert params is not None, f"fit of {name} gives up on scores that rise with the classes"
    assert np.array_equal(before, scores), f"fit of {name} changes the scores that it is given"
    assert json.loads(json.dumps(params)) == params, f"params of {name} must survive JSON"
    assert params == calibrator.fit(scores[:half], y[:half]), f"fit of {name} gives something else the second time"
    edge = np.eye(classes, dtype=np.float32)
    rows = np.concatenate([scores[half:], edge, np.full((1, classes), 1 / classes, dtype=np.float32)])
    made = calibrator.apply(params, rows)
    assert made.shape == rows.shape, f"apply of {name} gives shape {made.shape}, not {rows.shape}"
    assert np.isfinite(made).all(), f"apply of {name} gives what is no number, perhaps for scores of 0 or 1"
    assert np.abs(made.sum(axis=1) - 1).max() < _CLOSE, f"probabilities of {name} do not sum to one"
    far = float(np.abs(_graph(calibrator, params, rows) - made).max())
    assert far <= _CLOSE, f"the graph of {name} differs from apply by {far:.1e}"
    lost = _loss(made[: _ROWS - half], y[half:]) - _loss(scores[half:], y[half:])
    assert lost < 0, f"{name} does not lower the log loss of scores raised to the power of {power}"


def _graph(calibrator: ModuleType, params: dict[str, Any], scores: NDArray[np.float32]) -> NDArray[np.float64]:
    graph = Graph("calibrated")
    x = graph.input("numbers", "float", scores.shape[1])
    graph.output("scores", calibrator.emit(graph, x, params))
    return np.asarray(Session(graph.finish()).run({"numbers": scores})["scores"], dtype=np.float64)


def _loss(scores: NDArray[np.float32], y: NDArray[Any]) -> float:
    return -float(np.log(np.maximum(scores[np.arange(len(y)), y], 1e-12)).mean())
