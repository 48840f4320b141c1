"""Elementwise operators: neighbours of one shape become one loop, and what only they read stays in registers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from volvelle.catalog import OPERATORS
from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import C_NAMES, literal
from volvelle.compiler.ir import Graph, Node, Tensor

_SMALL = frozenset({"int8_t", "uint8_t", "int16_t", "uint16_t"})
_RANK = {"bool": 0, "int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int32_t": 3, "int64_t": 4}
_UNSIGNED = {"int32_t": "uint32_t", "int64_t": "uint64_t"}
_DIRECT = 40
"""Up to so long an expression that is read once is written in its place."""


@dataclass(frozen=True, slots=True)
class Loop:
    """Elementwise nodes over one shape, and the values that are read outside of them."""

    nodes: tuple[Node, ...]
    shape: tuple[int, ...]
    kept: tuple[str, ...]


def elementwise(node: Node) -> bool:
    """Whether a node maps elements to elements."""
    return OPERATORS.fact(node.op, "ELEMENTWISE") is True


def grouped(graph: Graph) -> list[Node | Loop]:
    """The nodes in order, neighbours of one shape as loops."""
    done: list[Node | Loop] = []
    open_: list[Node] = []

    def close() -> None:
        if open_:
            done.append(_loop(graph, tuple(open_)))
            open_.clear()

    for node in graph.nodes:
        if not elementwise(node):
            close()
            done.append(node)
            continue
        if open_ and graph.tensors[open_[0].outputs[0]].shape != graph.tensors[node.outputs[0]].shape:
            close()
        open_.append(node)
    close()
    return done


def inner(groups: list[Node | Loop]) -> frozenset[str]:
    """Values that never leave their loop."""
    loops = [g for g in groups if isinstance(g, Loop)]
    return frozenset(n.outputs[0] for g in loops for n in g.nodes if n.outputs[0] not in g.kept)


def _loop(graph: Graph, nodes: tuple[Node, ...]) -> Loop:
    numbers = {id(n) for n in nodes}
    outside = {i for n in graph.nodes if id(n) not in numbers for i in n.inputs} | set(graph.outputs)
    made = [n.outputs[0] for n in nodes]
    return Loop(nodes, graph.tensors[made[0]].shape, tuple(m for m in made if m in outside))


def write(loop: Loop, code: Code) -> None:
    """The loop in C; a single element has no loop around it."""
    size = int(np.prod(loop.shape))
    index = "i" if size > 1 else "0"
    reads = [i for n in loop.nodes for i in n.inputs if i]
    held: dict[str, str] = {}
    lines: list[str] = []
    for node in loop.nodes:
        out = node.outputs[0]
        text = _expression(node, loop, code, held, index)
        kind = code.kind(out)
        if reads.count(out) == 1 and out not in loop.kept and len(text) <= _DIRECT:
            held[out] = f"({text})"
            continue
        if reads.count(out):
            variable = code.fresh("v")
            lines.append(f"const {kind} {variable} = {text};")
            held[out], text = variable, variable
        if out in loop.kept:
            alone = out in code.local and code.scalar(out)
            lines.append(f"{alone or code.element(out, index)} = {text};")
    if size == 1:
        code.add("{", *(f"    {line}" for line in lines), "}")
        return
    code.add(f"for (int i = 0; i < {size}; i++) {{", *(f"    {line}" for line in lines), "}")


def _expression(node: Node, loop: Loop, code: Code, held: dict[str, str], index: str) -> str:
    present = [i for i in node.inputs if i]
    module = OPERATORS.load(node.op)
    tables = {node.inputs[k] for k in getattr(module, "TABLES", ())}
    operands = [
        code.table(code.tensor(i).value) if i in tables else held.get(i) or _operand(i, loop.shape, code, index)
        for i in present
    ]
    kinds = tuple(code.kind(i) for i in present)
    to = code.kind(node.outputs[0])
    whole = [k for k in kinds if k in _RANK]
    if to in _UNSIGNED and whole and all(_RANK[k] < _RANK[to] for k in whole) and node.op != "cast":
        # The result needs more bits than what it is made of.
        operands[0] = f"({to}){operands[0]}"
    kinds = (*kinds, to)
    wraps = to in _UNSIGNED and code.tensor(node.outputs[0]).low is None and getattr(module, "WRAPS", False)
    if wraps:
        # C leaves overflow of signed numbers undefined; unsigned ones wrap, as the standard's implementations do.
        operands = [f"({_UNSIGNED[to]}){o}" for o in operands]
    slots = dict(zip((k for k, i in enumerate(node.inputs) if i), operands, strict=True))
    text = module.express(node, kinds, *(slots.get(k, "") for k in range(len(node.inputs))))
    widest = max(whole, key=lambda k: _RANK[k], default="")
    if wraps or to in _SMALL or (to == "int32_t" and widest == "int64_t"):
        return f"({to})({text})"
    return str(text)


def _operand(name: str, shape: tuple[int, ...], code: Code, index: str) -> str:
    tensor = code.tensor(name)
    if tensor.value is not None:
        flat = tensor.value.reshape(-1)
        if flat.size == 1 or (flat.tobytes() == np.repeat(flat[:1], flat.size).tobytes()):
            return literal(flat[0])
    if tensor.size == 1:
        return code.element(name, "0")
    place = _index(tensor, shape, index)
    return code.element(name, place) if tensor.value is None else code.constant(tensor.value, place)


def _index(tensor: Tensor, shape: tuple[int, ...], index: str) -> str:
    """Where the element of a value lies that belongs to one of a broadcast shape."""
    own = (1,) * (len(shape) - len(tensor.shape)) + tensor.shape
    if tensor.size == int(np.prod(shape)):
        return index
    wide = [k for k, n in enumerate(shape) if n > 1]
    kept = [k for k in wide if own[k] > 1]
    inner_size = int(np.prod(shape[kept[-1] + 1 :]))
    if kept == list(range(kept[0], kept[-1] + 1)) or all(
        shape[k] == 1 for k in range(kept[0], kept[-1]) if k not in kept
    ):
        text = f"{index} / {inner_size}" if inner_size > 1 else index
        before = int(np.prod(shape[: kept[0]]))
        return f"{text} % {tensor.size}" if before > 1 else text
    terms, stride = [], 1
    for k in reversed(wide):
        below = int(np.prod(shape[k + 1 :]))
        if own[k] > 1:
            terms.append(f"({index} / {below} % {shape[k]}) * {stride}")
            stride *= own[k]
    return " + ".join(reversed(terms))


def kind_of(tensor: Tensor) -> str:
    """The C type of a value."""
    return C_NAMES[tensor.dtype]
