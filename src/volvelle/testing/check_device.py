"""What every core and board must keep to."""

from __future__ import annotations

import numpy as np

from volvelle.catalog import DEVICES
from volvelle.compiler.device import device
from volvelle.compiler.foretellers.counted import FLASH, WORK
from volvelle.compiler.prove import compiled, prove
from volvelle.compiler.records import Device
from volvelle.model.graph import Graph

CLASSES = frozenset({"simple", "memory", "branch", "multiply", "divide", "real", "real divide"})


def check_device(name: str) -> None:
    """Compile a small model for the device, run it there, and check its facts.

    Args:
        name: of the file, as the catalog knows it.

    Raises:
        AssertionError: says which promise is broken.
    """
    found = device(name)
    assert found.core.replace("-", "_") in DEVICES, f"CORE of {name} names {found.core!r}, which is no device"
    assert set(found.cycles) == CLASSES, f"CYCLES of {name} must have {sorted(CLASSES)}"
    assert all(count > 0 for count in found.cycles.values()), f"CYCLES of {name} must be above zero"
    costs = DEVICES.fact(found.core.replace("-", "_"), "COSTS") or {}
    missing = {*FLASH, *WORK, "cycles"} - set(costs)
    assert not costs or not missing, f"COSTS of {name} lacks {sorted(missing)}: python -m bench.foretell gives them"
    if found.name != found.core:
        assert all((found.flash, found.ram, found.clock)), f"the board {name} must tell FLASH, RAM and CLOCK"
    _check_answers(found)


def _check_answers(found: Device) -> None:
    content = _model()
    proof = prove(content, compiled(content, "check"), found)
    assert proof.agrees(), f"a model on {found.name} answers otherwise than onnxruntime: {proof.parity}"
    assert proof.flash > 0, f"a program on {found.name} takes no flash"
    assert proof.ram > 0, f"a program on {found.name} takes no memory"
    assert proof.instructions.least > 0, f"a program on {found.name} executes nothing"
    again = prove(content, compiled(content, "check"), found)
    assert again == proof, f"two proofs on {found.name} differ"


def _model() -> bytes:
    """Arithmetic of every kind: real, double, whole and 64 bits wide."""
    graph = Graph("check")
    x, times = graph.input("numbers", "float", 3), graph.input("times", "int64", 1)
    weights = graph.constant(np.linspace(-1, 1, 6, dtype=np.float64).reshape(3, 2))
    wide = graph.cast(graph.node("Max", x, graph.constant(np.array([0.5], np.float32))), "double")
    product = graph.node("Gemm", wide, weights, width=2)
    shares = graph.cast(graph.node("Softmax", product, axis=1), "float")
    hour = graph.node(
        "Mod",
        graph.node("Div", times, graph.constant(np.array([3600], np.int64))),
        graph.constant(np.array([24], np.int64)),
    )
    graph.output("scores", shares)
    graph.output("hour", graph.cast(hour, "float"))
    return graph.finish()
