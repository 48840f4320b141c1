"""What a kernel writes over what it reads: as far as its operator says, answers keep every bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]
from onnxruntime.quantization import QuantType
from test_integer import quantised  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS
from volvelle.compiler import place, sources
from volvelle.compiler.device import device
from volvelle.compiler.golden import golden
from volvelle.compiler.host import Host, sanitized
from volvelle.compiler.offsets import Over
from volvelle.compiler.place import Plan
from volvelle.compiler.prove import Compiled, compiled
from volvelle.compiler.toolchains import zig

Rows = NDArray[np.float32]
Case = tuple[bytes, Rows]
OWN_PLACE, OWN_OVERS = place.place, place._overs


def between(op: str, shape: tuple[int, ...], constants: dict[str, NDArray[Any]], random: Any, **more: Any) -> Case:
    """One operator between two others, so that what it reads and what it makes both lie in working memory."""
    nodes = [
        helper.make_node("Neg", ["x"], ["a"]),
        helper.make_node(op, ["a", *constants], ["b"], **more),
        helper.make_node("Neg", ["b"], ["y"]),
    ]
    content = model(nodes, {"x": (TensorProto.FLOAT, ["N", *shape])}, ["y"], constants, opset=17)
    return content, random.normal(size=(6, *shape)).astype(np.float32)


def window(random: Any, sides: int = 2) -> tuple[list[int], dict[str, Any]]:
    """The sides of a picture, and a window that fits it, with strides and margins."""
    kernel = random.integers(1, 4, sides)
    dilation = random.integers(1, 3, sides)
    size = (kernel - 1) * dilation + 1 + random.integers(0, 6, sides)
    pads = [int(random.integers(0, k)) for k in (*kernel, *kernel)]
    told = {"strides": random.integers(1, 4, sides).tolist(), "pads": pads, "dilations": dilation.tolist()}
    return size.tolist(), {"kernel_shape": kernel.tolist(), **told}


def convolution(random: Any, kind: str) -> Case:
    """Depthwise, pointwise, in groups, or plain."""
    size, told = window(random)
    groups, inner, made = (int(v) for v in random.integers(1, 5, 3))
    match kind:
        case "depthwise":
            groups, inner, made = groups + 1, 1, 1
        case "pointwise":
            groups, told = 1, {"kernel_shape": [1, 1]}
        case "plain":
            groups = 1
    weights = {"w": random.normal(size=(groups * made, inner, *told["kernel_shape"])).astype(np.float32)}
    weights["c"] = random.normal(size=groups * made).astype(np.float32)
    return between("Conv", (groups * inner, *size), weights, random, group=groups, **told)


def drawn(kind: str, random: Any) -> Case:
    """A case of a kind."""
    size, told = window(random)
    shape = (int(random.integers(1, 5)), *size)
    match kind:
        case "max":
            return between("MaxPool", shape, {}, random, **told)
        case "mean":
            told.pop("dilations")
            shape = (shape[0], *(s + 4 for s in size))
            return between("AveragePool", shape, {}, random, count_include_pad=int(random.integers(0, 2)), **told)
        case "whole":
            return between("GlobalAveragePool", shape, {}, random)
        case "softmax":
            return between("Softmax", shape, {}, random, axis=-1)
        case "dense":
            n, m = (int(v) for v in random.integers(1, 20, 2))
            weights = {"w": random.normal(size=(n, m)).astype(np.float32)}
            return between("Gemm", (n,), weights | {"c": np.ones(m, np.float32)}, random)
        case "matrix":
            rows, n, m = (int(v) for v in random.integers(1, 9, 3))
            return between("MatMul", (rows, n), {"w": random.normal(size=(n, m)).astype(np.float32)}, random)
        case _:
            return convolution(random, kind)


KINDS = ("depthwise", "pointwise", "grouped", "plain", "max", "mean", "whole", "softmax", "dense", "matrix")


def tight(monkey: pytest.MonkeyPatch, closer: int = 0, level: bool = True, only: str = "") -> list[tuple[str, str]]:
    """From now on every pair that may overlap does so as far as it may, or further; gives the pairs that did.

    What is in no pair lies behind all; `only` names the operator whose pairs count.
    """
    told: dict[tuple[str, str], Over] = {}
    done: list[tuple[str, str]] = []

    def noted(*given: Any) -> dict[tuple[str, str], Over]:
        told.clear()
        made = {o for n in given[0].nodes if only in ("", n.op) for o in n.outputs}
        told.update({pair: over for pair, over in OWN_OVERS(*given).items() if pair[0] in made})
        return told

    def placed(*given: Any) -> Plan:
        plan = OWN_PLACE(*given)
        sizes = {s.name: s.size for s in plan.slots}
        where = {s.name: s.offset for s in plan.slots}
        pools = dict(plan.pools)
        for (made, read), over in told.items():
            shift = over.level if level and over.level is not None else over.most + closer
            below = max(0, -shift)
            where |= {read: below, made: below + shift}
            pool = next(s.pool for s in plan.slots if s.name == made)
            pools[pool] = max(pools[pool], *(where[n] + sizes[n] for n in (made, read)))
            done.append((made, read))
        for slot in plan.slots:
            if not any(slot.name in pair for pair in told):
                where[slot.name], pools[slot.pool] = pools[slot.pool], pools[slot.pool] + slot.size
        slots = tuple(replace(s, offset=where[s.name]) for s in plan.slots)
        return Plan(plan.views, slots, pools)

    monkey.setattr(place, "_overs", noted)
    monkey.setattr(sources, "place", placed)
    return done


def both(content: bytes, level: bool = True, closer: int = 0, only: str = "") -> tuple[Compiled, Compiled, int]:
    """The C with everything apart, and with what may overlap as near as it may; how many pairs overlap."""
    with pytest.MonkeyPatch.context() as monkey:
        monkey.setattr(place, "_overs", lambda *_: {})
        apart = compiled(content)
    with pytest.MonkeyPatch.context() as monkey:
        done = tight(monkey, closer, level, only)
        return apart, compiled(content), len(done)


def bits(made: Compiled, rows: Rows) -> bytes:
    """All answers of this machine."""
    return Host(made.sources).run([rows.reshape(len(rows), -1)])[0].tobytes()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1), level=st.booleans())
def test_overlapped_buffers_give_the_bits_of_separate_ones(kind: str, seed: int, level: bool) -> None:
    """Whatever sizes, windows, strides and margins, the tightest overlap that an operator allows changes no bit."""
    content, rows = drawn(kind, np.random.default_rng(seed))
    apart, over, pairs = both(content, level)
    assert bits(over, rows) == bits(apart, rows)
    assert pairs or kind == "matrix", "only a matrix of several rows has to lie apart"


@pytest.mark.parametrize("kind", ["depthwise", "max", "mean"])
def test_nearer_than_allowed_changes_answers(kind: str) -> None:
    """Of windows of three with a margin the rule is exact: one element nearer, and something is read too late."""
    random = np.random.default_rng(3)
    told: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    if kind == "depthwise":
        weights = {"w": random.uniform(1, 2, (3, 1, 3, 3)).astype(np.float32)}
        content, rows = between("Conv", (3, 6, 7), weights, random, group=3, **told)
    else:
        content, rows = between("MaxPool" if kind == "max" else "AveragePool", (3, 6, 7), {}, random, **told)
    apart, over, _ = both(content)
    _, near, _ = both(content, closer=1)
    assert bits(apart, rows) == bits(over, rows) != bits(near, rows)


@pytest.mark.parametrize("kind", ["depthwise", "pointwise", "packed", "grouped", "plain", "max", "mean", "dense"])
@pytest.mark.parametrize("core", ["host", "cortex-m4f", "cortex-m3"])
def test_overlapped_whole_numbers_keep_their_bits(kind: str, core: str, tmp_path: Path) -> None:
    """Quantised kernels, with and without instructions for two products at once, under sanitizers where they exist."""
    random = np.random.default_rng(11)
    if kind in ("pointwise", "packed"):
        weights = {"w": random.normal(size=(9, 60, 1, 1)).astype(np.float32)}
        weights["w"][random.random(weights["w"].shape) < 0.9 * (kind == "packed")] = 0
        content, rows = between("Conv", (60, 3, 5), weights, random)
    elif kind in ("grouped", "plain"):
        # Rows so long that four places are made at a time, and the last four again.
        groups = 2 if kind == "grouped" else 1
        weights = {"w": random.normal(size=(4, 4 // groups, 3, 3)).astype(np.float32)}
        content, rows = between("Conv", (4, 5, 11), weights, random, group=groups, pads=[1, 1, 1, 1])
    elif kind == "depthwise":
        weights = {"w": random.normal(size=(5, 1, 3, 3)).astype(np.float32)}
        content, rows = between("Conv", (5, 8, 9), weights, random, group=5, pads=[1, 1, 1, 1])
    else:
        content, rows = drawn(kind, random)
    small = quantised(content, rows, tmp_path, QuantType.QUInt8, each=True)
    apart, over, pairs = both(small)
    assert pairs
    wanted = bits(apart, rows)
    if core == "host":
        assert bits(over, rows) == wanted
        flat = [rows.reshape(len(rows), -1)]
        assert sanitized(over.sources, golden(over.sources, flat, Host(apart.sources).run(flat))) in ("", None)
        return
    board = device(core)
    emulated = EMULATORS.load("unicorn").Core(zig.build(over.sources, board), board)
    ends = [(np.dtype(np.float32), over.sources.outputs[0][2])]
    assert b"".join(emulated.run([row], ends).outputs[0].tobytes() for row in rows) == wanted
