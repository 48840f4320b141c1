"""All layouts of trees against the evaluation in NumPy, bit for bit, over forests of every shape."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

from volvelle.catalog import EMULATORS
from volvelle.compiler import trees
from volvelle.compiler.branches import DEEP
from volvelle.compiler.code import PLACES, Code, Wish
from volvelle.compiler.device import device
from volvelle.compiler.forest import LEAF, Forest
from volvelle.compiler.host import Host
from volvelle.compiler.ir import Graph, Node, Tensor
from volvelle.compiler.leaves import leaves, whole_values
from volvelle.compiler.place import place
from volvelle.compiler.records import Goal
from volvelle.compiler.sources import Sources
from volvelle.compiler.stream import Stream
from volvelle.compiler.toolchains import zig
from volvelle.compiler.trees import LAYOUTS, Cost, Layout

FEATURES = 5
SHAPES = ("few", "single leaf", "deep", "wide")
LEAVES = ("whole", "shares", "floats", "one target")


def forest(seed: int, shape: str, kind: str, *, sets: bool, missing: bool) -> Forest:
    """A forest drawn from a seed.

    Args:
        seed: of everything.
        shape: how its trees grow.
        kind: what its leaves add.
        sets: whether some questions are about members.
        missing: whether some answer yes to no number.
    """
    random = np.random.default_rng(seed)
    targets = 1 if kind == "one target" else int(random.integers(2, 6))
    columns: dict[str, list[Any]] = {"feature": [], "split": [], "yes": [], "no": [], "missing": []}
    members: dict[int, tuple[int, ...]] = {}
    adds: dict[int, tuple[tuple[int, np.float32], ...]] = {}

    def node(feature: int) -> int:
        split = random.choice(np.array([0.0, -0.0, 1.5, -2.25, 7.0, 1e-40, random.normal()]))
        for name, value in zip(columns, (feature, split, 0, 0, missing and random.random() < 0.5), strict=True):
            columns[name].append(value)
        place = len(columns["feature"]) - 1
        if feature == LEAF:
            adds[place] = terms(random, kind, targets)
        elif sets and random.random() < 0.3:
            members[place] = tuple(sorted(random.choice(20, random.integers(0, 6), replace=False).tolist()))
        return place

    def grow(inner: int) -> int:
        """A tree of so many questions."""
        root = node(int(random.integers(FEATURES)) if inner else LEAF)
        waiting = [(root, inner - 1)] if inner else []
        while waiting:
            place, below = waiting.pop()
            first = (0 if shape == "deep" else int(random.integers(below + 1))) if below else 0
            for name, count in zip(random.permutation(["yes", "no"]), (first, below - first), strict=True):
                child = node(int(random.integers(FEATURES)) if count else LEAF)
                columns[name][place] = child
                waiting += [(child, count - 1)] if count else []
        return root

    inner = {"few": 6, "single leaf": 1, "deep": 3 * DEEP, "wide": 400}[shape]
    count = 1 if shape in ("deep", "wide") else 4
    roots = tuple(grow(int(random.integers(inner + 1)) if count > 1 else inner) for _ in range(count))
    start = random.normal(size=targets).astype(np.float32) if kind == "floats" else np.zeros(targets, np.float32)
    return Forest(
        roots=roots,
        feature=np.array(columns["feature"]),
        split=np.array(columns["split"], dtype=np.float32),
        yes=np.array(columns["yes"]),
        no=np.array(columns["no"]),
        missing=np.array(columns["missing"], dtype=bool),
        members=members,
        adds=adds,
        targets=targets,
        start=start,
    )


def terms(random: np.random.Generator, kind: str, targets: int) -> tuple[tuple[int, np.float32], ...]:
    """What one leaf adds."""
    if kind == "shares":
        parts = random.multinomial(16, random.dirichlet(np.full(targets, 0.4)))
        return tuple((t, np.float32(p / 16)) for t, p in enumerate(parts) if p)
    if kind == "floats":
        return tuple((t, np.float32(random.normal())) for t in range(targets) if random.random() < 0.6)
    value = np.float32(random.integers(-9, 9))
    return ((int(random.integers(targets)), value),) if random.random() < 0.9 else ()


def written(made: Forest, goal: Goal, layout: Layout | None = None, *, narrow: bool = False) -> Sources:
    """C with the sums of a forest alone."""
    shape = (1, made.targets)
    tensors = {"x": Tensor(np.dtype(np.float32), (1, FEATURES)), "y": Tensor(np.dtype(np.float32), shape)}
    graph = Graph("forest", (Node("tree_ensemble", ("x",), ("y",)),), tensors, ("x",), ("y",))
    plan = place(graph)
    code = Code(graph, plan, {"x": "x", "y": "y"}, frozenset(), Wish(goal, narrow=narrow))
    trees.write(made, "x", "y", code, layout)
    head = "#include <stdbool.h>\n#include <stdint.h>\nvoid m_run(const float *x, float *y);\n"
    body = "\n".join([f"    {line}" for line in code.body])
    source = "\n".join(
        [
            '#include "m.h"',
            *(PLACES if narrow else ()),
            "#define VV_INF ((float)(1e30f * 1e30f))",
            "#define VV_NAN (VV_INF - VV_INF)",
            *code.kernels(),
            code.tables(),
            *code.functions.values(),
            f"void m_run(const float *x, float *y) {{\n{body}\n}}\n",
        ]
    )
    return Sources("m", head, source, plan, (("x", "float", FEATURES),), (("y", "float", made.targets),))


def rows(seed: int) -> np.ndarray:
    """Numbers around the splits, codes, missing ones of both signs, and what breaks careless comparisons."""
    random = np.random.default_rng(seed)
    strange = [np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 1.5, -2.25, 7.0, 3.0, 19.0, 20.0, 3e9]
    made = random.normal(0, 3, (200, FEATURES))
    odd = random.random(made.shape) < 0.6
    made[odd] = random.choice(strange, int(odd.sum()))
    return made.astype(np.float32)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**31), st.sampled_from(SHAPES), st.sampled_from(LEAVES), st.booleans(), st.booleans())
def test_layouts_to_the_bit(seed: int, shape: str, kind: str, sets: bool, missing: bool) -> None:
    """Random forests give the very bits of the NumPy evaluation in every layout."""
    made = forest(seed, shape, kind, sets=sets, missing=missing)
    x = rows(seed)
    expected = made.evaluate(x)
    for layout in LAYOUTS:
        answer = Host(written(made, "size", layout)).run([x])[0]
        np.testing.assert_array_equal(answer.view(np.uint32), expected.view(np.uint32), err_msg=layout)


@pytest.mark.parametrize("shape", SHAPES)
def test_sizes_of_forests(shape: str) -> None:
    """The drawn forests are what their names say: single leaves, trees beyond one function, more than 256 leaves."""
    made = forest(3, shape, "floats", sets=True, missing=True)
    counts = [len(leaves(made, root)) for root in made.roots]
    found = {
        "few": max(counts) > 1,
        "single leaf": 1 in counts,
        "deep": counts == [3 * DEEP + 1],
        "wide": counts == [401],
    }
    assert found[shape]


def test_shares_leave_out_the_last_term() -> None:
    """Where all leaves add up to the same, a leaf of one class needs no value at all."""
    made = forest(1, "wide", "shares", sets=False, missing=False)
    stream = Stream(made, whole_values(made))
    assert stream.rest == 16 * round(1 / 16 / whole_values(made).unit)
    assert stream._leaf(next(n for n in leaves(made, made.roots[0]) if len(made.adds[n]) == 1))[-1][1] == stream.target


def test_small_forest_as_branches() -> None:
    """Wanted small, one question is nested code and hundreds of them are a stream."""
    small, large = (forest(5, s, "one target", sets=False, missing=False) for s in ("single leaf", "wide"))
    assert "vv_bits" not in written(small, "size").source
    assert "vv_bits" in written(large, "size").source


@pytest.mark.parametrize("kind", LEAVES)
@pytest.mark.parametrize("sets", [False, True])
@pytest.mark.parametrize("layout", ["stream", "table"])
def test_flash_is_foretold(kind: str, sets: bool, layout: Layout) -> None:
    """The model of cost meets the linked program within 64 bytes and 3 %."""
    made = forest(9, "wide", kind, sets=sets, missing=False)
    flash = zig.build(written(made, "size", layout), device("cortex-m4f")).flash
    assert abs(flash - Cost(made, whole_values(made)).flash(layout)) <= 64 + 0.03 * flash


def learnt(count: int) -> Forest:
    """Trees that were learnt from flowers: unlike in drawn ones, no question is answered by those before."""
    data = load_iris()
    model = RandomForestClassifier(count, random_state=0).fit(data.data[:, [0, 1, 2, 3, 0]], data.target == 2)
    parts = [e.tree_ for e in model.estimators_]
    begins = np.cumsum([0, *(t.node_count for t in parts)])[:-1]
    inner = np.concatenate([t.feature for t in parts]) >= 0
    follow = [
        np.concatenate([getattr(t, f"children_{w}") + b for t, b in zip(parts, begins, strict=True)])
        for w in ("left", "right")
    ]
    sure = np.concatenate([t.value[:, 0, 1] for t in parts])
    return Forest(
        roots=tuple(begins.tolist()),
        feature=np.where(inner, np.concatenate([t.feature for t in parts]), LEAF),
        split=np.concatenate([t.threshold for t in parts]).astype(np.float32),
        yes=follow[0],
        no=follow[1],
        missing=np.zeros(len(inner), bool),
        members={},
        adds={k: ((0, np.float32(round(sure[k]))),) for k in np.flatnonzero(~inner).tolist()},
        targets=1,
        start=np.zeros(1, np.float32),
    )


@pytest.mark.parametrize("count", [1, 20])
def test_the_model_orders_layouts_as_the_core_does(count: int) -> None:
    """On an emulated core what is chosen takes the least of what was wanted, and instructions are in order."""
    made = learnt(count)
    cost, board = Cost(made, whole_values(made)), device("cortex-m4f")
    x, ends = load_iris().data[:, [0, 1, 2, 3, 0]].astype(np.float32), [(np.dtype(np.float32), made.targets)]
    flash: dict[Layout, int] = {}
    work: dict[Layout, float] = {}
    for layout in LAYOUTS:
        image = zig.build(written(made, "size", layout), board)
        core = EMULATORS.load("unicorn").Core(image, board)
        flash[layout] = image.flash
        work[layout] = float(np.mean([core.run([row], ends).instructions for row in x]))
    assert sorted(LAYOUTS, key=cost.instructions) == sorted(LAYOUTS, key=lambda k: work[k])
    small, fast = min(LAYOUTS, key=lambda k: flash[k]), min(LAYOUTS, key=lambda k: work[k])
    assert written(made, "size").source == written(made, "size", small).source
    assert written(made, "speed").source == written(made, "speed", fast).source
