"""A depthwise and a pointwise convolution in whole numbers row by row: what lies between them is never whole.

A pointwise convolution before them and a sum with what went in, as in an inverted residual block, may be part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.offsets import Overlap
from volvelle.compiler.ops import conv, q_conv, q_join
from volvelle.compiler.windows import Windows

OP = "QRows"
DOMAIN = "volvelle"
ROOM = (1,)
"""The second output is room that the kernel works in: rows that went before, and the row that is made."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What is carried out for every row.

    Attributes:
        wide: the pointwise convolution before the windows, if there is one.
        deep: that of each channel by itself.
        point: that across channels.
        sum: with what went in, if there is one.
        slide: the windows of `deep`.
        channels: that go in, that the windows slide over, that come out.
    """

    wide: Node | None
    deep: Node
    point: Node
    sum: Node | None
    slide: Windows
    channels: tuple[int, int, int]

    @property
    def lines(self) -> int:
        """Rows of a channel that lie where the windows read: as many as a window is tall, or all."""
        return self.slide.kernel[0] if self.wide else self.slide.size[0]

    @property
    def room(self) -> tuple[int, int, int]:
        """Elements of the rows before the windows, of the row behind them, and of the row that is to be added."""
        (_, inner, made), out = self.channels, self.slide.out[1]
        before = inner * self.lines * self.slide.size[1] if self.wide else 0
        return before, inner * out, made * out if self.sum else 0

    @property
    def work(self) -> Iterator[tuple[int, int]]:
        """Of every operator how many answers it makes, and how many products they take."""
        (given, inner, made), places = self.channels, prod(self.slide.out)
        if self.wide:
            yield inner * prod(self.slide.size), inner * prod(self.slide.size) * given
        yield inner * places, inner * places * prod(self.slide.kernel)
        yield made * places, made * places * inner
        if self.sum:
            yield made * places, 0

    def rest(self, row: int) -> int:
        """The first row of the input that convolutions have still to read when a row is written."""
        top = row * self.slide.stride[0] - self.slide.begin[0]
        return max(0, top + (self.slide.kernel[0] if self.wide else self.slide.stride[0]))


def read(node: Node, shape: tuple[int, ...], weights: list[NDArray[Any]]) -> Rows:
    """The parts of a node; `shape` is that of what goes in, `weights` those of its convolutions in order."""
    chain: tuple[Node, ...] = node.attributes["chain"]
    convs = [one for one in chain if one.op == "q_conv"]
    wide = convs[0] if len(convs) == 3 else None
    inner = len(weights[-2])
    slide = conv.check(convs[-2], (1, inner, *shape[2:]), weights[-2])
    end = chain[-1] if chain[-1].op in q_join.SUMS else None
    return Rows(wide, convs[-2], convs[-1], end, slide, (shape[1], inner, len(weights[-1])))


def evaluate(node: Node, x: NDArray[Any], *constants: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Those of the operators, one after the other; nothing is said of the room."""
    made, pairs = x, iter(zip(constants[::2], constants[1::2], strict=True))
    for one in node.attributes["chain"]:
        made = q_conv.evaluate(one, made, *next(pairs)) if one.op == "q_conv" else _sum(one, made, x)
    return made, np.zeros(node.attributes["room"], x.dtype)


def _sum(node: Node, made: NDArray[Any], x: NDArray[Any]) -> NDArray[Any]:
    return q_join.added(node, *((x, made) if node.attributes["turned"] else (made, x)))


def overlap(node: Node, graph: Graph) -> Overlap:
    """A row is written when all rows that it needs are read: level where rows of both lie at the same places."""
    rows = of(node, graph)
    (high, long), (tall, out) = rows.slide.size, rows.slide.out
    lead = 0
    for r in range(tall):
        below = min(rows.rest(r), r) if rows.sum else rows.rest(r)
        if below < high:
            lead = max(lead, (rows.channels[2] - 1) * tall * out + (r + 1) * out - below * long)
    level = (high, long) == (tall, out) and all(rows.rest(r) > r for r in range(tall))
    return Overlap(lead, level=level)


def of(node: Node, graph: Graph) -> Rows:
    """The parts of a node of a graph."""
    weights = [np.asarray(graph.constant(name)) for name in node.inputs[1::2]]
    return read(node, graph.tensors[node.inputs[0]].shape, weights)


def emit(node: Node, code: Code) -> None:
    """One loop over the rows that come out."""
    rows = of(node, code.graph)
    slide, (before, between, _) = rows.slide, rows.room
    (high, long), (tall, out) = slide.size, slide.out
    x, y, room = (code.pointer(n) for n in (node.inputs[0], *node.outputs))
    tables = _tables(node, code)
    top = f"r * {slide.stride[0]} - {slide.begin[0]}"
    lines = ["for (int r = 0, next = 0; r < {0}; r++) {{" if rows.wide else "for (int r = 0; r < {0}; r++) {{"]
    if rows.wide:
        call, ends, held = next(tables)
        line = f"{room} + next % {rows.lines} * {long}"
        lines += [
            f"    for (; next < {high} && next < {top} + {rows.lines}; next++)",
            f"        {call}({x} + next * {long}, {ends}, {line}, {long}, {high * long}, {rows.lines * long}, {held});",
        ]
    call, ends, held = next(tables)
    sides = f"{rows.channels[1]}, {top}, {rows.lines}, {high}, {long}, {out}, {slide.stride[1]}, {slide.begin[1]}"
    row, added = f"{room} + {before}", f"{room} + {before + between}"
    lines.append(
        f"    {call}({room if rows.wide else x}, {ends}, {row}, {rows.deep.attributes['back']}, {held}, {sides});"
    )
    call, ends, held = next(tables)
    to, far = (added, out) if rows.sum else (f"{y} + r * {out}", tall * out)
    lines.append(f"    {call}({row}, {ends}, {to}, {out}, {out}, {far}, {held});")
    if rows.sum:
        lines += _adding(rows, code, node, added)
    code.add(lines[0].format(tall), *lines[1:], "}")


def _tables(node: Node, code: Code) -> Iterator[tuple[str, str, str]]:
    """Of each convolution the kernel, the arguments that are tables, and those that hold its answers."""
    kind = code.suffix(node.inputs[0])
    convs = [one for one in node.attributes["chain"] if one.op == "q_conv"]
    for one, w, b in zip(convs, node.inputs[1::2], node.inputs[2::2], strict=True):
        how, weights = one.attributes["rescaling"], np.asarray(code.tensor(w).value)
        if one.attributes.get("group", 1) > 1:
            signs = {"even": f"vv_even_{kind}", "odd": f"vv_odd_{kind}"}
            call = code.special("q_row", kind=f"{kind}_t", tall=weights.shape[2], **signs)
        else:
            call = q_conv.across(code, kind, weights)
        ends = f"{code.pointer(w)}, {code.pointer(b)}, {code.table(how.scale)}"
        yield call, ends, f"{how.each}, {how.bounds(kind)}"


def _adding(rows: Rows, code: Code, node: Node, added: str) -> list[str]:
    """The sum with what went in, of a row of every channel."""
    assert rows.sum is not None
    (tall, out), made, turned = rows.slide.out, rows.channels[2], rows.sum.attributes["turned"]
    index = f"o * {tall * out} + r * {out} + i"
    pair = [f"({added})[o * {out} + i]", f"({code.pointer(node.inputs[0])})[{index}]"]
    kind = code.kind(node.inputs[0])
    total = q_join.written(rows.sum, kind, *(pair[::-1] if turned else pair))
    return [
        f"    for (int o = 0; o < {made}; o++)",
        f"        for (int i = 0; i < {out}; i++) ({code.pointer(node.outputs[0])})[{index}] = ({kind})({total});",
    ]
