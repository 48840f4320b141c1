"""The count of operations of one row."""

from __future__ import annotations

import numpy as np
import pytest

from volvelle.catalog import ESTIMATORS
from volvelle.errors import ModelError
from volvelle.model.effort import longest, operations
from volvelle.model.graph import Graph
from volvelle.train.contract import Lesson, Settings, defaults

RNG = np.random.default_rng(3)
X = RNG.normal(size=(300, 6)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)


def counted(name: str, settings: Settings | None = None) -> int:
    """Operations of an estimator fitted on a fixed table."""
    module = ESTIMATORS.load(name)
    fitted = module.fit(Lesson(x=X, y=Y, task="binary", classes=2), {**defaults(module.SPACE), **(settings or {})})
    graph = Graph("one")
    graph.output("scores", graph.cast(module.emit(graph, graph.input("x", "float", 6), fitted), "float"))
    return operations(graph.finish())


def test_every_estimator_is_counted() -> None:
    """All estimators that learn two classes write files whose work is known, and stored rows cost the most."""
    found = {n: counted(n) for n in ESTIMATORS.names() if "binary" in ESTIMATORS.fact(n, "TASKS")}
    assert all(count > 0 for count in found.values())
    assert found["constant"] < found["logistic"] < found["lightgbm"]
    assert max(found, key=lambda n: found[n]) in ("nearest_neighbours", "rbf_svm")


@pytest.mark.parametrize("name", ["lightgbm", "random_forest"])
def test_twice_the_trees_cost_about_twice(name: str) -> None:
    """Trees count their depth, in both forms in which they are written."""
    few, many = (counted(name, {"trees": t}) for t in (50, 100))
    assert 1.6 < many / few < 2.2


def test_a_product_counts_its_weights() -> None:
    """A matrix of 6 x 4 counts 24, the addition of 4 four, each name of an output its width."""
    graph = Graph("one")
    made = graph.node("MatMul", graph.input("x", "float", 6), graph.constant(np.ones((6, 4), np.float32)), width=4)
    graph.output("y", graph.node("Add", made, graph.constant(np.ones(4, np.float32))))
    assert operations(graph.finish()) == 24 + 4 + 4


def test_the_longest_way_counts_each_tree_once_a_level() -> None:
    """A chain of three questions beside a single one: four, however broad the trees are."""
    yes, no = np.array([1, 2, -1, -1]), np.array([-1, -1, -1, -1])
    assert longest([0, 3], [yes, no]) == 4
    assert longest([], [yes, no]) == 0


def test_a_damaged_file_is_refused() -> None:
    """What is no ONNX file has no count."""
    with pytest.raises(ModelError, match="cannot be decoded"):
        operations(b"nothing")
