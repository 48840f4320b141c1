"""A sum of kernels with support vectors; of one class, its sign."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.scores import transform
from volvelle.compiler.svm import Machine, closeness, machine, summed
from volvelle.compiler.writing import Chain, Writing
from volvelle.errors import ModelError

OP = "SVMRegressor"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """In float32, or in double precision if that is given; of one class 1 where the sum is above 0, else -1."""
    m = _machine(node, x.shape)
    real = x if x.dtype == np.float64 else x.astype(np.float32)
    made = np.asarray(closeness(m, real) @ m.coefficients.T + m.rho[:1], dtype=real.dtype)
    return np.where(made > 0, real.dtype.type(1), real.dtype.type(-1)) if node.attributes.get("one_class") else made


def expanded(node: Node, new: Writing) -> list[Node]:
    """As a kernel and a sum."""
    made = Chain(new)
    m = _machine(node, new.tensor(node.inputs[0]).shape)
    total = summed(m, made, node.inputs[0], (len(m.vectors), 0))
    if node.attributes.get("one_class"):
        made("where", made("greater", total, 0.0), np.ones(1, np.float32), -np.ones(1, np.float32))
    return made.into(node)


def _machine(node: Node, shape: tuple[int, ...]) -> Machine:
    if transform(node) != "NONE":
        raise ModelError("a machine for regression is supported without transformation of its sum")
    m = machine(node, shape, int(node.attributes.get("n_supports", 0)))
    if len(m.coefficients) != 1:
        raise ModelError(f"{m.coefficients.size} coefficients do not fit {len(m.vectors)} support vectors")
    return m
