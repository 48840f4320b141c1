"""Reductions along axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing


def reduced(how: Callable[..., Any], node: Node, x: NDArray[Any], axes: NDArray[Any] | None) -> NDArray[Any]:
    """A reduction in NumPy; axes as an input or an attribute, all if none is told."""
    return np.asarray(
        how(x, axis=_axes(node, x.ndim, axes), keepdims=bool(node.attributes.get("keepdims", 1))), dtype=x.dtype
    )


def apart(node: Node, new: Writing) -> list[Node] | None:
    """A reduction over axes that are no neighbours, with them brought to the end; None where they are neighbours."""
    shape = new.tensor(node.inputs[0]).shape
    axes = sorted(_axes(node, len(shape), new.known(node.inputs[1]) if len(node.inputs) > 1 else None))
    wide = [a for a in axes if shape[a] > 1]
    if not any(a not in wide and shape[a] > 1 for a in range(wide[0], wide[-1])) if wide else True:
        return None
    made = Chain(new)
    order = [a for a in range(len(shape)) if a not in axes] + axes
    ahead = made("transpose", node.inputs[0], perm=order)
    made(node.op, ahead, axes=list(range(len(shape) - len(axes), len(shape))), keepdims=0)
    made("reshape", made.nodes[-1].outputs[0], list(new.tensor(node.outputs[0]).shape))
    return made.into(node)


def write(node: Node, code: Code, what: str) -> None:
    """A reduction in C; the axes that go are neighbours.

    Args:
        node: the operator.
        code: to write into.
        what: sum, prod, mean, max or min.
    """
    tensor = code.tensor(node.inputs[0])
    told = code.tensor(node.inputs[1]).value if len(node.inputs) > 1 and node.inputs[1] else None
    axes = sorted(_axes(node, len(tensor.shape), told))
    wide = [a for a in axes if tensor.shape[a] > 1] or axes[:1]
    first, last = (wide[0], wide[-1]) if wide else (0, -1)
    outer, below = int(np.prod(tensor.shape[:first])), int(np.prod(tensor.shape[last + 1 :]))
    count = int(np.prod(tensor.shape[first : last + 1]))
    kind = code.kind(node.inputs[0])
    x = code.element(node.inputs[0], f"(o * {count} + k) * {below} + i")
    begin = code.element(node.inputs[0], f"o * {count * below} + i")
    none = f" || {x} != {x}" if tensor.dtype.kind == "f" else ""
    step = {
        "sum": f"sum += {x};",
        "mean": f"sum += {x};",
        "prod": f"sum *= {x};",
        "max": f"if ({x} > sum{none}) sum = {x};",
        "min": f"if ({x} < sum{none}) sum = {x};",
    }[what]
    done = f"sum / {count}" if what == "mean" else "sum"
    code.add(
        f"for (int o = 0; o < {outer}; o++) for (int i = 0; i < {below}; i++) {{",
        f"    {kind} sum = {begin};",
        f"    for (int k = 1; k < {count}; k++) {step}",
        f"    {code.element(node.outputs[0], f'o * {below} + i')} = {done};",
        "}",
    )


def _axes(node: Node, dimensions: int, told: NDArray[Any] | None) -> tuple[int, ...]:
    named = node.attributes.get("axes") if told is None else told
    if named is None or not len(named):
        return () if node.attributes.get("noop_with_empty_axes") else tuple(range(dimensions))
    return tuple(int(a) % dimensions for a in named)
