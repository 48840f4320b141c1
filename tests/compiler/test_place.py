"""The memory plan."""

from __future__ import annotations

from itertools import combinations, pairwise, permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.compiler.front import front
from volvelle.compiler.lower import lower
from volvelle.compiler.offsets import Need, Over, at_once, packed, top
from volvelle.compiler.place import place

NEED = st.tuples(st.integers(1, 40), st.integers(0, 8), st.integers(0, 8))
FEW = st.tuples(st.integers(1, 4), st.integers(0, 3), st.integers(0, 3))


def apart(made: int, read: int, sizes: tuple[int, int], over: Over | None) -> bool:
    """Whether an output and an input, by where they begin, keep out of each other's way."""
    allowed = over is not None and (made - read <= over.most or made - read == over.level)
    return allowed or made + sizes[0] <= read or read + sizes[1] <= made


def least(needs: list[Need], overs: dict[tuple[str, str], Over]) -> int:
    """The memory of the best plan, by trying all offsets."""

    def fits(placed: list[int], top: int) -> bool:
        if len(placed) == len(needs):
            return True
        one = needs[len(placed)]
        for at in range(top - one.size + 1):
            for there, other in zip(placed, needs, strict=False):
                if one.first > other.last or other.first > one.last:
                    continue
                ways = [(one, at, other, there), (other, there, one, at)]
                a, i, b, j = next(w for w in ways if (w[2].name, w[0].name) not in overs)
                if not apart(i, j, (a.size, b.size), overs.get((a.name, b.name))):
                    break
            else:
                if fits([*placed, at], top):
                    return True
        return False

    return next(top for top in range(sum(n.size for n in needs) + 20) if fits([], top))


@settings(deadline=None, max_examples=40)
@given(st.lists(NEED, min_size=1, max_size=14))
def test_what_is_needed_at_one_time_never_overlaps(needs: list[tuple[int, int, int]]) -> None:
    """Two values that live at the same time lie beside each other, if nothing may lie over anything."""
    named = [Need(str(k), size, min(a, b), max(a, b)) for k, (size, a, b) in enumerate(needs)]
    placed = packed(named, {})
    assert sorted(placed) == sorted(n.name for n in named)
    for one, other in combinations(named, 2):
        if one.first <= other.last and other.first <= one.last:
            assert apart(placed[one.name], placed[other.name], (one.size, other.size), None)


@settings(deadline=None, max_examples=150)
@given(st.lists(FEW, min_size=1, max_size=5), st.data())
def test_of_few_values_no_plan_is_smaller(needs: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """With or without overlaps, trying all offsets finds nothing smaller, and the plan keeps what it was told."""
    named = [Need(str(k), size, min(a, b), max(a, b)) for k, (size, a, b) in enumerate(needs)]
    overs: dict[tuple[str, str], Over] = {}
    for made, read in permutations(named, 2):
        if made.first == read.last and made.last > made.first and data.draw(st.booleans()):
            most = data.draw(st.integers(-5, 2))
            overs[made.name, read.name] = Over(most, data.draw(st.sampled_from([None, 0, 1])))
    placed = packed(named, overs)
    for one, other in permutations(named, 2):
        if one.first <= other.last and other.first <= one.last and (other.name, one.name) not in overs:
            ends = placed[one.name], placed[other.name]
            assert apart(*ends, (one.size, other.size), overs.get((one.name, other.name)))
    assert at_once(named, overs) <= top(named, placed) == least(named, overs)


def test_a_chain_of_windows_walks_down() -> None:
    """Each value made over the one before, eleven lower: five take one and 44; beyond ten hops two take turns again."""
    chain = [Need(f"v{k:02}", 100, k, k + 1) for k in range(12)]
    overs = {(b.name, a.name): Over(-11) for a, b in pairwise(chain)}
    assert top(chain, packed(chain, {})) == 200
    assert top(chain[:5], packed(chain[:5], overs)) == 144
    assert top(chain, packed(chain, overs)) == 200


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
