"""The memory plan."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.compiler.front import front
from volvelle.compiler.lower import lower
from volvelle.compiler.place import _packed, place

NEED = st.tuples(st.integers(1, 40), st.integers(0, 8), st.integers(0, 8))


@given(st.lists(NEED, min_size=1, max_size=10))
def test_what_is_needed_at_one_time_never_overlaps(needs: list[tuple[int, int, int]]) -> None:
    """Two values that live at the same time lie beside each other, and no plan is below what is alive at once."""
    named = [(str(k), size, min(a, b), max(a, b)) for k, (size, a, b) in enumerate(needs)]
    placed = _packed(named)
    assert sorted(n for n, _ in placed) == sorted(named)
    for k, ((_, size, first, last), at) in enumerate(placed):
        for (_, other, begin, end), start in placed[k + 1 :]:
            if begin <= last and first <= end:
                assert at + size <= start or start + other <= at
    alive = max(sum(n[1] for n in named if n[2] <= t <= n[3]) for t in range(9))
    assert max(at + n[1] for n, at in placed) >= alive


def test_parts_of_a_concatenation_are_made_in_their_place() -> None:
    """Values that are only put side by side are written there at once."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("MatMul", ["x", "v"], ["b"]),
        helper.make_node("Concat", ["a", "b"], ["c"], axis=1),
        helper.make_node("Softmax", ["c"], ["y"], axis=1),
    ]
    weights = {"w": np.ones((3, 4), np.float32), "v": np.full((3, 2), 2, np.float32)}
    graph = lower(front(model(nodes, {"x": (TensorProto.FLOAT, ["N", 3])}, ["y"], weights)))
    plan = place(graph)
    assert plan.views["a"].root == plan.views["b"].root == "c"
    assert (plan.views["a"].offset, plan.views["b"].offset) == (0, 4)
    assert plan.bytes == 6 * 4
