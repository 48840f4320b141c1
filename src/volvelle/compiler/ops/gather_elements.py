"""Elements of x at positions along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node

OP = "GatherElements"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any], index: NDArray[Any]) -> NDArray[Any]:
    """Negative positions count from the end."""
    axis = node.attributes.get("axis", 0)
    cut = tuple(slice(None) if a == axis % x.ndim else slice(n) for a, n in enumerate(index.shape))
    return np.take_along_axis(x[cut], index.astype(np.int64), axis)


def emit(node: Node, code: Code) -> None:
    """An index that is computed is held inside x."""
    shape, index = code.tensor(node.inputs[0]).shape, code.tensor(node.inputs[1])
    axis = node.attributes.get("axis", 0) % len(shape)
    loops = "".join(f"for (int a{k} = 0; a{k} < {n}; a{k}++) " for k, n in enumerate(index.shape) if n > 1)
    here = " + ".join(f"a{k} * {int(np.prod(index.shape[k + 1 :]))}" for k, n in enumerate(index.shape) if n > 1)
    told = code.element(node.inputs[1], here or "0")
    terms = [f"vv_inside((int64_t){told}, {shape[axis]}) * {int(np.prod(shape[axis + 1 :]))}"]
    others = (k for k, n in enumerate(index.shape) if n > 1 and k != axis)
    terms += [f"a{k} * {int(np.prod(shape[k + 1 :]))}" for k in others]
    source = code.element(node.inputs[0], " + ".join(terms))
    code.add(f"{loops}{code.element(node.outputs[0], here or '0')} = {source};")


def bounds(node: Node, x: tuple[int, int] | None, index: tuple[int, int] | None) -> tuple[int, int] | None:
    """Those of x."""
    return x
