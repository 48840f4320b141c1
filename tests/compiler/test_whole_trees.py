"""Trees over whole numbers: compared as such where the type of an input proves them whole, with the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS
from volvelle.compiler import trees
from volvelle.compiler.device import device
from volvelle.compiler.host import Host
from volvelle.compiler.prove import Compiled, compiled
from volvelle.compiler.toolchains import zig
from volvelle.compiler.trees import LAYOUTS, Layout

SPLITS = (2.5, -3.0, 0.0, -0.5, 1000.25, 7.999, -70000.5, 3.0)


def forest(splits: tuple[float, ...], modes: tuple[str, ...] = ("BRANCH_LEQ", "BRANCH_LT")) -> dict[str, Any]:
    """Trees of two questions about the features in turn; a missing value would answer yes to some."""
    told: dict[str, list[Any]] = {}
    weights: dict[str, list[Any]] = {}

    def put(into: dict[str, list[Any]], **row: Any) -> None:
        for name, value in row.items():
            into.setdefault(name, []).append(value)

    for tree, split in enumerate(splits):
        for k in range(5):
            inner, asked = k < 2, splits[(tree + k) % len(splits)]
            put(told, nodes_treeids=tree, nodes_nodeids=k, nodes_featureids=(tree + k) % 3 if inner else 0)
            put(told, nodes_modes=modes[k] if inner else "LEAF", nodes_values=asked if inner else 0.0)
            put(told, nodes_truenodeids=(1, 3)[k] if inner else 0, nodes_falsenodeids=(2, 4)[k] if inner else 0)
            put(told, nodes_missing_value_tracks_true=int(inner and split > 0))
            if not inner:
                put(weights, target_treeids=tree, target_nodeids=k, target_ids=0)
                put(weights, target_weights=float(2**tree * (k - 1)))
    return {**told, **weights, "n_targets": 1}


def content(kind: int, splits: tuple[float, ...], *, cast: bool, more: str = "") -> bytes:
    """Trees over an input of a type, through a Cast or not, perhaps with an operator between."""
    nodes, x = [], "x"
    if cast:
        nodes.append(helper.make_node("Cast", ["x"], ["c"], to=TensorProto.FLOAT))
        x = "c"
    if more:
        nodes.append(helper.make_node(more, [x], ["m"]))
        x = "m"
    nodes.append(helper.make_node("TreeEnsembleRegressor", [x], ["y"], domain="ai.onnx.ml", **forest(splits)))
    return bytes(model(nodes, {"x": (kind, ["N", 3])}, ["y"]))


def rows(splits: tuple[float, ...], kind: Any = np.int64) -> NDArray[Any]:
    """Numbers around every split, and the largest there are."""
    near = [int(s) + d for s in splits if abs(s) < 2**31 for d in (-1, 0, 1)]
    ends = np.iinfo(kind)
    near += [2**24, 2**24 + 1, -(2**24) - 1, int(ends.min), int(ends.max), 0]
    return np.random.default_rng(1).choice(np.array(near), (400, 3)).astype(kind)


def reads_whole(made: Compiled) -> bool:
    """Whether the trees read the input itself."""
    return not any(n.op == "cast" for n in made.graph.nodes)


WHOLE = [(TensorProto.INT64, True), (TensorProto.INT32, True), (TensorProto.INT64, False)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("kind", "cast"), WHOLE)
def test_whole_numbers_are_compared_as_such(
    layout: Layout, kind: int, cast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every layout answers as onnxruntime around all splits and at the ends of the type, with no real split."""
    own = trees.write
    monkeypatch.setattr(trees, "write", lambda f, x, out, code: own(f, x, out, code, layout))
    made = compiled(content(kind, SPLITS, cast=cast))
    assert reads_whole(made)
    assert "vv_at_most" not in made.sources.source
    x = rows(SPLITS, np.int64 if kind == TensorProto.INT64 else np.int32)
    # onnxruntime knows trees over whole numbers only behind a Cast.
    wanted = onnxruntime.InferenceSession(content(kind, SPLITS, cast=True)).run(None, {"x": x})[0]
    assert np.array_equal(Host(made.sources).run([x])[0], wanted)


@pytest.mark.parametrize(
    ("kind", "splits", "more"),
    [
        (TensorProto.FLOAT, SPLITS, ""),
        (TensorProto.INT64, (*SPLITS, 2.0**24), ""),
        (TensorProto.INT64, (*SPLITS, float("inf")), ""),
        (TensorProto.INT8, SPLITS, ""),
        (TensorProto.INT64, SPLITS, "Neg"),
    ],
)
def test_what_is_not_proven_whole_stays_real(kind: int, splits: tuple[float, ...], more: str) -> None:
    """Real inputs, splits beyond 2^24, small types, and what is computed on the way are compared as they were."""
    file = content(kind, splits, cast=kind != TensorProto.FLOAT, more=more)
    made = compiled(file)
    assert kind == TensorProto.FLOAT or not reads_whole(made)
    types: dict[int, Any] = {TensorProto.FLOAT: np.float32, TensorProto.INT64: np.int64, TensorProto.INT8: np.int8}
    x = rows(splits, np.int8 if kind == TensorProto.INT8 else np.int64).astype(types[kind])
    wanted = onnxruntime.InferenceSession(file).run(None, {"x": x})[0]
    assert np.array_equal(Host(made.sources).run([x])[0], wanted)


def test_whole_numbers_take_less() -> None:
    """On a core without a floating-point unit trees over whole numbers take less memory, flash and work."""
    board, x = device("cortex-m0"), rows(SPLITS)
    taken = []
    for more in ("", "Identity", "Neg"):
        made = compiled(content(TensorProto.INT64, SPLITS, cast=True, more=more))
        image = zig.build(made.sources, board)
        run = EMULATORS.load("unicorn").Core(image, board).run([x[0]], [(np.dtype(np.float32), 1)])
        taken.append((image.flash, image.ram, run.instructions))
    whole, same, real = taken
    assert whole == same
    assert all(a < b for a, b in zip(whole, real, strict=True))
