"""(x - mean) / root of (variance + epsilon), times scale, plus bias, for every channel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing
from volvelle.errors import ModelError

OP = "BatchNormalization"
DOMAIN = ""
CONSTANT = (1, 2, 3, 4)


def evaluate(node: Node, x: NDArray[Any], *given: NDArray[Any]) -> NDArray[Any]:
    """One factor and one number for every channel."""
    factor, rest = _affine(node, *given)
    return np.asarray(x * factor.reshape(_wide(x.ndim)) + rest.reshape(_wide(x.ndim)), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x, parameters = node.inputs[0], node.inputs[1:5]
    known = [new.known(i) for i in parameters]
    factor, rest = _affine(node, *(np.asarray(k) for k in known))
    shape = _wide(len(new.tensor(x).shape))
    made("add", made("mul", x, factor.reshape(shape)), rest.reshape(shape))
    return made.into(node)


def _affine(node: Node, *given: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    if node.attributes.get("training_mode") or node.attributes.get("spatial", 1) != 1:
        raise ModelError("BatchNormalization in training mode is not supported", next_move="export for inference")
    scale, bias, mean, variance = (g.astype(np.float64) for g in given[:4])
    factor = scale / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    return factor.astype(given[0].dtype), (bias - mean * factor).astype(given[0].dtype)


def _wide(dimensions: int) -> tuple[int, ...]:
    return (-1, *(1,) * (dimensions - 2))
