"""Does a file hold a proper metric? `check_metric` says yes, or raises and says what is wrong.

For our own files and for third parties'::

    from volvelle.testing.check_metric import check_metric

    def test_my_metric():
        check_metric(my_package.my_metric)
"""

from __future__ import annotations

import ast
import doctest
import math
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TASKS = ("binary", "multiclass", "regression")
_ROWS, _ROUNDS = 60, 12
Rows = tuple[NDArray[Any], NDArray[Any]]


def check_metric(metric: ModuleType) -> None:
    """Hold a metric against its contract (`evaluate.contract.Metric`).

    Raises:
        AssertionError: one sentence that says what is wrong.
    """
    check_documented(metric)
    check_literals(metric, ("TASKS", "DIRECTION", "RANGE", "NEEDS"))
    _check_facts(metric)
    for task in metric.TASKS:
        rng = np.random.default_rng(20)
        for noise in (0.1, 0.5, 1.0):
            y, p = _rows(task, metric.NEEDS, noise, rng)
            _check_value(metric, y, p)
            _check_forms(metric, y, p, task, rng)
        _check_edges(metric, task, rng)
        _check_direction(metric, task, rng)


def check_documented(module: ModuleType) -> None:
    """The file has a one-line summary, a source, and a doctest that passes.

    Raises:
        AssertionError: one of them is missing or wrong.
    """
    name, text = module.__name__, module.__doc__ or ""
    summary = text.strip().partition("\n")[0]
    assert summary.endswith("."), f"{name} needs a docstring whose first line is a sentence; it is {summary!r}"
    found = doctest.testmod(module)
    assert found.attempted, f"{name} needs a doctest that can be checked by hand"
    assert not found.failed, f"{found.failed} doctests of {name} fail"


def check_literals(module: ModuleType, names: tuple[str, ...]) -> None:
    """Facts that are read without importing the file are literals in its text.

    Raises:
        AssertionError: one is absent or computed.
    """
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    bound = {name: node.value for node in tree.body for name in _bound(node) if hasattr(node, "value")}
    for name in names:
        assert name in bound, f"{module.__name__} lacks {name}"
        try:
            ast.literal_eval(bound[name])
        except ValueError as error:
            raise AssertionError(f"{name} of {module.__name__} must be a literal (infinity is 1e999)") from error


def _bound(node: ast.stmt) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    yield from (t.id for t in targets if isinstance(t, ast.Name))


def _check_facts(metric: ModuleType) -> None:
    name = metric.__name__
    assert metric.TASKS, f"TASKS of {name} is empty"
    assert set(metric.TASKS) <= set(_TASKS), f"TASKS of {name} must be some of {', '.join(_TASKS)}"
    assert metric.DIRECTION in ("up", "down"), f"DIRECTION of {name} must be 'up' or 'down', not {metric.DIRECTION!r}"
    assert metric.NEEDS in ("labels", "scores", "values"), f"NEEDS of {name} must be labels, scores or values"
    fits = metric.NEEDS == "values" if "regression" in metric.TASKS else metric.NEEDS != "values"
    assert fits, f"{name} needs {metric.NEEDS}, which {metric.TASKS[0]} does not give"
    assert tuple(sorted(set(metric.RANGE))) == metric.RANGE, f"RANGE of {name} must be (lowest, highest)"


def _rows(task: str, needs: str, noise: float, rng: np.random.Generator, rows: int = _ROWS) -> Rows:
    """Truth and predictions; `noise` 0 is perfect, 1 has nothing to do with the truth."""
    if task == "regression":
        y = rng.normal(5.0, 2.0, rows)
        return y, y + noise * rng.normal(0.0, 3.0, rows)
    classes = 2 if task == "binary" else 4
    y = np.resize(rng.permutation(np.arange(rows) % classes), rows).astype(np.int64)
    wrong = rng.random(rows) < noise
    aimed = np.where(wrong, rng.integers(0, classes, rows), y).astype(np.int64)
    if needs == "labels":
        return y, aimed
    scores = np.eye(classes)[aimed] * (1 - 0.5 * noise) + rng.dirichlet(np.ones(classes), rows) * 0.5 * noise
    return y, scores / scores.sum(axis=1, keepdims=True)


def _score(metric: ModuleType, y: NDArray[Any], p: NDArray[Any]) -> float:
    found = metric.score(y, p)
    assert type(found) is float, f"score of {metric.__name__} returns {type(found).__name__}, not float"
    return float(found)


def _check_value(metric: ModuleType, y: NDArray[Any], p: NDArray[Any]) -> None:
    name, (low, high) = metric.__name__, metric.RANGE
    before = y.copy(), p.copy()
    found = _score(metric, y, p)
    kept = np.array_equal(before[0], y) and np.array_equal(before[1], p)
    assert kept, f"score of {name} changes the arrays that it is given"
    assert low <= found <= high, f"score of {name} gives {found}, outside its RANGE {metric.RANGE}"
    turned = np.arange(len(y))[::-1]
    again = _score(metric, y[turned], p[turned])
    assert math.isclose(found, again, abs_tol=1e-9), f"score of {name} depends on the order of the rows"


def _check_forms(metric: ModuleType, y: NDArray[Any], p: NDArray[Any], task: str, rng: np.random.Generator) -> None:
    """`of_counts`, `share` and `weighted`, where they exist, say the same as `score`."""
    name, truth = metric.__name__, _score(metric, y, p)
    if metric.NEEDS == "labels":
        k = 2 if task == "binary" else 4
        counts = np.bincount(y * k + p, minlength=k * k).reshape(k, k)
        if hasattr(metric, "of_counts"):
            found = np.asarray(metric.of_counts(np.stack([counts, 3 * counts])))
            assert np.allclose(found, truth), f"of_counts of {name} differs from score: {found} against {truth}"
        share = metric.share(counts) if hasattr(metric, "share") else None
        if share is not None:
            assert math.isclose(share[0] / share[1], truth), f"share of {name} differs from score"
    elif hasattr(metric, "weighted"):
        times = rng.integers(1, 4, len(y))
        repeated = _score(metric, np.repeat(y, times), np.repeat(p, times, axis=0))
        found = metric.weighted(y, p, np.stack([np.ones(len(y)), times.astype(np.float64)]))
        agree = np.shape(found) == (2,) and np.allclose(found, [truth, repeated])
        assert agree, f"weighted of {name} differs from score on repeated rows: {found}, {[truth, repeated]}"


def _check_edges(metric: ModuleType, task: str, rng: np.random.Generator) -> None:
    """Nothing there, one row, one class: a number within RANGE or NaN, never an exception."""
    name, (low, high) = metric.__name__, metric.RANGE
    y, p = _rows(task, metric.NEEDS, 0.5, rng)
    assert math.isnan(_score(metric, y[:0], p[:0])), f"score of {name} without rows must be NaN"
    for chosen in (np.arange(1), np.flatnonzero(y == y[0])):
        found = _score(metric, y[chosen], p[chosen])
        assert math.isnan(found) or low <= found <= high, f"score of {name} on one row or class gives {found}"


def _check_direction(metric: ModuleType, task: str, rng: np.random.Generator) -> None:
    """Perfect is best, and more noise is worse on average."""
    name, sign = metric.__name__, 1.0 if metric.DIRECTION == "up" else -1.0
    best = metric.RANGE[1] if sign > 0 else metric.RANGE[0]
    perfect = _score(metric, *_rows(task, metric.NEEDS, 0.0, rng))
    if math.isfinite(best):
        assert math.isclose(perfect, best, abs_tol=1e-9), f"{name} of a perfect prediction is {perfect}, not {best}"
    means = []
    for noise in (0.1, 0.4, 0.9):
        found = [_score(metric, *_rows(task, metric.NEEDS, noise, rng)) for _ in range(_ROUNDS)]
        assert max(sign * f for f in found) <= sign * perfect + 1e-9, f"{name} finds noise better than perfection"
        means.append(sign * float(np.mean(found)))
    ordered = means[0] > means[1] > means[2]
    assert ordered, f"{name} does not get worse with noise, but DIRECTION says {metric.DIRECTION!r}"
