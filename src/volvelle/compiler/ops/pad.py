"""x with a margin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Node
from volvelle.compiler.limits import room
from volvelle.compiler.writing import Chain, Writing

OP = "Pad"
DOMAIN = ""
CONSTANT = (1, 2, 3)


_MARGINS: dict[str, Literal["edge", "reflect", "wrap"]] = {"edge": "edge", "reflect": "reflect", "wrap": "wrap"}


def evaluate(
    node: Node,
    x: NDArray[Any],
    pads: NDArray[Any] | None = None,
    value: NDArray[Any] | None = None,
    axes: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Constant, at the edge, reflected or from the other side; a negative margin takes away."""
    width = widths(node, x.ndim, pads, axes)
    room(tuple(d + b + e for d, (b, e) in zip(x.shape, width, strict=True)))
    cut = x[tuple(slice(max(-b, 0), d - max(-e, 0)) for d, (b, e) in zip(x.shape, width, strict=True))]
    added = [(max(b, 0), max(e, 0)) for b, e in width]
    name = mode(node)
    if name != "constant":
        how = _MARGINS[name]
        return np.asarray(np.pad(cut, added, mode=how))
    filled = node.attributes.get("value", 0.0) if value is None else np.asarray(value).reshape(-1)[0]
    return np.pad(cut, added, constant_values=filled)


def expanded(node: Node, new: Writing) -> list[Node] | None:
    """All but a constant margin, and negative ones, as a gather along every axis."""
    x = node.inputs[0]
    shape = new.tensor(x).shape
    told = [new.known(i) for i in (*node.inputs[1:], "", "", "")[:3]]
    width = widths(node, len(shape), told[0], told[2])
    if mode(node) == "constant" and all(e >= 0 for pair in width for e in pair):
        return None
    made = Chain(new)
    cut = all(e <= 0 for pair in width for e in pair)
    for axis, (begin, end) in enumerate(width):
        if mode(node) == "constant":
            places = np.arange(max(-begin, 0), shape[axis] - max(-end, 0))
        else:
            places = np.asarray(evaluate(_flat(node), np.arange(shape[axis]), np.asarray([begin, end])))
        x = made("gather", x, places, axis=axis)
    if mode(node) == "constant" and not cut:
        rest = np.asarray([max(pair[k], 0) for k in (0, 1) for pair in width])
        made("pad", x, rest, *node.inputs[2:3])
    return made.into(node)


def emit(node: Node, code: Code) -> None:
    """The margin first, x into it."""
    x, out = code.tensor(node.inputs[0]), code.tensor(node.outputs[0])
    told = [code.tensor(i).value if i else None for i in (*node.inputs[1:], "", "", "")[:3]]
    width = widths(node, len(x.shape), told[0], told[2])
    filled = node.attributes.get("value", 0.0) if told[1] is None else told[1].reshape(-1)[0]
    value = literal(np.asarray(filled, dtype=out.dtype)[()])
    code.add(f"for (int i = 0; i < {out.size}; i++) {code.element(node.outputs[0], 'i')} = {value};")
    wide = [a for a in range(len(x.shape)) if x.shape[a] > 1]
    below = [int(np.prod(x.shape[a + 1 :])) for a in range(len(x.shape))]
    above = [int(np.prod(out.shape[a + 1 :])) for a in range(len(x.shape))]
    start = sum(width[a][0] * above[a] for a in range(len(x.shape)))
    loops = "".join(f"for (int a{a} = 0; a{a} < {x.shape[a]}; a{a}++) " for a in wide)
    source = " + ".join(f"a{a} * {below[a]}" for a in wide) or "0"
    target = " + ".join([*(f"a{a} * {above[a]}" for a in wide), str(start)])
    code.add(f"{loops}{code.element(node.outputs[0], target)} = {code.element(node.inputs[0], source)};")


def mode(node: Node) -> str:
    """Where the margin comes from: constant, edge, reflect or wrap."""
    told = node.attributes.get("mode", b"constant")
    return told.decode() if isinstance(told, bytes) else str(told)


def _flat(node: Node) -> Node:
    return replace(node, inputs=("",), attributes={"mode": mode(node)})


def widths(node: Node, dimensions: int, pads: NDArray[Any] | None, axes: NDArray[Any] | None) -> list[tuple[int, int]]:
    """The margin before and behind along every axis; a negative one takes away."""
    told = [int(p) for p in (node.attributes["pads"] if pads is None else np.asarray(pads).reshape(-1))]
    named = range(dimensions) if axes is None else [int(a) % dimensions for a in np.asarray(axes).reshape(-1)]
    found = [(0, 0)] * dimensions
    for place, axis in enumerate(named):
        found[axis] = told[place], told[place + len(told) // 2]
    return found
