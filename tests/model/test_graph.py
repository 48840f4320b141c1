"""The graph builder."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from volvelle.errors import ContractBroken
from volvelle.model import parts
from volvelle.model.graph import OPERATORS, Graph, Value
from volvelle.model.limits import inspect
from volvelle.model.session import Session


def small() -> Graph:
    """Two columns swapped, doubled, and their sum beside them."""
    graph = Graph("small")
    x = graph.input("numbers", "float", 2)
    swapped = graph.columns(x, [1, 0])
    doubled = graph.node("Mul", swapped, graph.constant(np.array([2.0], dtype=np.float32)))
    total = graph.node("Add", graph.columns(x, [0]), graph.columns(x, [1]))
    graph.output("y", graph.concat([doubled, total]))
    graph.output(
        "large",
        graph.cast(graph.node("Greater", total, graph.constant(np.array([3], dtype=np.float32)), kind="bool"), "int64"),
    )
    return graph


def test_a_built_graph_runs() -> None:
    """What the builder writes is a model that onnxruntime runs, for any number of rows."""
    session = Session(small().finish())
    for rows in (0, 1, 5):
        x = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
        answers = session.run({"numbers": x})
        np.testing.assert_array_equal(answers["y"], np.column_stack([2 * x[:, 1], 2 * x[:, 0], x.sum(1)]))
        np.testing.assert_array_equal(answers["large"][:, 0], x.sum(1) > 3)


def test_the_same_calls_give_the_same_bytes() -> None:
    """Names are counted and attributes sorted, so that a graph's hash means something."""
    assert small().finish({"b": "2", "a": "1"}) == small().finish({"a": "1", "b": "2"})


def test_equal_constants_are_stored_once() -> None:
    """Two nodes that use the same numbers share one initialiser; types are kept apart."""
    graph = Graph("shared")
    x = graph.input("numbers", "float", 1)
    for _ in range(3):
        x = graph.node("Add", x, graph.constant(np.array([1.5], dtype=np.float32)))
    y = graph.node("Add", graph.cast(x, "double"), graph.constant(np.array([1.5], dtype=np.float64)))
    graph.output("y", y)
    assert len(onnx.load_from_string(graph.finish()).graph.initializer) == 2


@pytest.mark.parametrize("operator", ["Loop", "If", "StringNormalizer", "relu"])
def test_operators_outside_the_closed_set_are_refused(operator: str) -> None:
    """The compiler must know every operator, so none can slip in."""
    graph = Graph("bad")
    with pytest.raises(ContractBroken, match="closed set"):
        graph.node(operator, graph.input("x", "float", 1))


def test_every_operator_of_the_closed_set_is_a_standard_one() -> None:
    """The set names only operators that the ONNX standard defines at the opsets in use."""
    for domain, names in OPERATORS.items():
        for name in names:
            assert onnx.defs.has(name, domain=domain), name


def test_a_type_that_no_graph_holds_is_refused() -> None:
    """Only float32, float64, int64, int32, int8 and bool constants exist."""
    with pytest.raises(ContractBroken, match="int16"):
        Graph("bad").constant(np.array([1], dtype=np.int16))


def test_a_graph_that_is_resumed_gives_the_bytes_of_one_written_at_once() -> None:
    """Outputs are taken off, the rest goes on: names, constants and operator sets are those of a single writing."""
    mid = np.array([[2.0, 3.0]], dtype=np.float32)

    def first(graph: Graph) -> Value:
        return graph.node("Mul", graph.input("x", "float", 2), graph.constant(mid))

    def second(graph: Graph, made: Value) -> None:
        graph.output("y", graph.node("Add", made, graph.constant(mid)))
        graph.output("top", graph.node("ArgMax", made, kind="int64", width=1, axis=1, keepdims=0), vector=True)

    begun, whole = Graph("one"), Graph("one")
    begun.output("answers", first(begun))
    graph, outputs = Graph.resume(inspect(begun.finish()))
    assert {name: (v.kind, v.width) for name, v in outputs.items()} == {"answers": ("float", 2)}
    second(graph, outputs["answers"])
    second(whole, first(whole))
    assert graph.finish() == whole.finish()


def test_a_part_of_a_graph_stands_alone() -> None:
    """What leads to a value is kept and nothing else; it answers as the value did inside."""
    graph = Graph("two")
    x = graph.input("x", "float", 2)
    left, right = (graph.node("Mul", x, graph.constant(np.array([[k, k]], dtype=np.float32))) for k in (2.0, 5.0))
    graph.output("scores", graph.node("Add", left, right))
    content = graph.finish({"members": f'[["{left.name}", 0.5], ["{right.name}", 0.5]]'})
    assert parts.members(content) == [(left.name, 0.5), (right.name, 0.5)]
    alone = parts.part(content, right.name, "scores")
    assert [n.op_type for n in inspect(alone).graph.node] == ["Mul", "Identity"]
    assert len(inspect(alone).graph.initializer) == 1
    given = np.array([[1.0, -1.0]], dtype=np.float32)
    assert Session(alone).run({"x": given})["scores"].tolist() == [[5.0, -5.0]]
    assert parts.members(alone) == []
