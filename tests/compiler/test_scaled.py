"""Batch normalisations behind convolutions."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.compiler.host import Host
from volvelle.compiler.limits import read
from volvelle.compiler.prove import compiled
from volvelle.model.session import Session

RANDOM = np.random.default_rng(11)
node = helper.make_node


def network(*, shared: bool) -> bytes:
    """A convolution, its normalisation, and what reads it; shared, the convolution is read by a second operator."""
    constants = {
        "w": RANDOM.normal(size=(4, 2, 3)).astype(np.float32),
        "s": RANDOM.normal(size=4).astype(np.float32),
        "b": RANDOM.normal(size=4).astype(np.float32),
        "m": RANDOM.normal(size=4).astype(np.float32),
        "v": RANDOM.uniform(0.5, 2, 4).astype(np.float32),
    }
    nodes = [
        node("Conv", ["x", "w"], ["c"], pads=[1, 1]),
        node("BatchNormalization", ["c", "s", "b", "m", "v"], ["n"]),
        node("Add", ["n", "c" if shared else "n"], ["a"]),
        node("Relu", ["a"], ["y"]),
    ]
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", 2, 5])}, ["y"], constants, opset=17))


def test_a_batch_normalisation_becomes_weights() -> None:
    """No multiplication is left behind the convolution, and the answers stay."""
    for shared, left in ((False, ["conv", "add", "relu"]), (True, ["conv", "mul", "add", "add", "relu"])):
        content = network(shared=shared)
        made = compiled(content)
        assert [n.op for n in made.graph.nodes] == left
        rows = RANDOM.normal(size=(20, 2, 5)).astype(np.float32)
        wanted = np.asarray(Session(content, check=read).run({"x": rows})["y"]).reshape(20, -1)
        assert np.allclose(Host(made.sources).run([rows])[0], wanted, rtol=1e-5, atol=1e-5)
