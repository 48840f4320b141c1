"""Counting in C what an emulated core runs."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.prove import compiled
from volvelle.errors import InputError


def heavy(times: int) -> bytes:
    """A model that multiplies a large matrix so many times."""
    weights = helper.make_tensor("w", TensorProto.FLOAT, (64, 64), np.full(64 * 64, 0.01))
    nodes = [helper.make_node("MatMul", ["x" if not k else f"v{k}", "w"], [f"v{k + 1}"]) for k in range(times)]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 64]) for n in ("x", f"v{times}")]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4f", "rv32imac", "x86-64"])
def test_what_is_counted_in_c_is_what_a_hook_in_python_sees(core: str) -> None:
    """The sum over all blocks that a watcher is told of equals the count, row by row, and twice the same."""
    made, wish = compiled(heavy(2)), device(core)
    emulated = EMULATORS.load("unicorn").Core(TOOLCHAINS.load("zig").build(made.sources, wish), wish)
    row, ends = [np.linspace(-1, 1, 64, dtype=np.float32)], [(np.dtype(np.float32), 64)]
    plain = emulated.run(row, ends).instructions
    told: list[int] = []
    emulated.watch = lambda address, size, instructions: told.append(instructions)
    watched = emulated.run(row, ends).instructions
    emulated.watch = None
    assert plain == watched == sum(told) == emulated.run(row, ends).instructions


def test_a_row_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that takes more instructions than allowed ends with one error, and the core works on."""
    made, wish = compiled(heavy(3)), device("cortex-m4f")
    module = EMULATORS.load("unicorn")
    row, ends = [np.zeros(64, dtype=np.float32)], [(np.dtype(np.float32), 64)]
    image = TOOLCHAINS.load("zig").build(made.sources, wish)
    whole = module.Core(image, wish).run(row, ends).instructions
    monkeypatch.setattr(module, "MOST", whole // 4)
    with pytest.raises(InputError, match="one row takes more than"):
        module.Core(image, wish).run(row, ends)
