"""The rule by which answers are compared: rows, what onnxruntime says of them, and what may differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph
from volvelle.compiler.limits import read
from volvelle.compiler.records import TOLERANCE, Parity
from volvelle.compiler.reference import exact, typed
from volvelle.compiler.texts import as_positions, without_maps
from volvelle.compiler.unsettled import ADDED_UP, unsettled
from volvelle.model.session import Session

Rows = Mapping[str, NDArray[Any]]
ALLOWED = 4.0
"""Where more than the tolerance differs, how many times the error of onnxruntime, or the rounding of the largest number
on the way, the C may be away from exact arithmetic."""
SANE = 8192.0
"""How many roundings of that number onnxruntime may be away from it, or what we take for the truth is none; sums inside
of an operator, such as those over support vectors, are larger than the numbers that are seen."""
_STEP = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, slots=True)
class Case:
    """Rows and what is said of them.

    Attributes:
        typed: rows of every input, in the types of the C.
        wanted: onnxruntime's answers.
        made: the lowered graph.
        read: the graph as it was read, whose double precision is the truth: no pass has touched it.
    """

    typed: list[NDArray[Any]]
    wanted: list[NDArray[Any]]
    made: Graph
    read: Graph

    def some(self, count: int) -> NDArray[np.int64]:
        """Positions of at most so many rows, spread evenly."""
        rows = len(self.typed[0])
        return np.unique(np.linspace(0, rows - 1, min(rows, count)).astype(np.int64))

    def part(self, rows: NDArray[np.int64]) -> Case:
        """Some of the rows."""
        return replace(self, typed=[a[rows] for a in self.typed], wanted=[w[rows] for w in self.wanted])

    def row(self, row: int) -> dict[str, NDArray[Any]]:
        """The inputs of one row, by their names."""
        return {n: a[row] for n, a in zip(self.made.inputs, self.typed, strict=True)}


def joined(rows: Rows | None, more: Rows, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Rows one behind the other, each flat; what is made up alone where nothing is given."""
    if rows is None:
        return dict(more)
    return {n: np.concatenate([rows[n].reshape(len(rows[n]), -1), more[n].reshape(len(more[n]), -1)]) for n in names}


def reference(content: bytes, given: Rows, graph: Graph) -> list[NDArray[Any]]:
    """onnxruntime's answers ``[n, size]``, in the types of the ONNX file."""
    session = Session(without_maps(content), check=read)
    count = len(next(iter(given.values())))
    if session.open_rows:
        answers = session.run({n: given[n].reshape(-1, *graph.tensors[n].shape[1:]) for n in graph.inputs})
        answers = {o: as_positions(a, graph.words) for o, a in answers.items()}
        if all(np.shape(answers[o])[:1] == (count,) for o in graph.outputs):
            return [np.asarray(answers[o]).reshape(count, -1) for o in graph.outputs]
    # A shape is fixed, or an operator mixes rows: they are asked one by one.
    shapes = {n: graph.tensors[n].shape for n in graph.inputs}
    single = [session.run({n: given[n][k].reshape(s) for n, s in shapes.items()}) for k in range(count)]
    return [np.stack([as_positions(s[o], graph.words).reshape(-1) for s in single]) for o in graph.outputs]


def compared(where: str, own: list[NDArray[Any]], case: Case, tolerance: float = TOLERANCE) -> Parity:
    """Compare answers; a row with a number that differs is held against exact arithmetic before it counts.

    Two orders of one sum may differ by more than the tolerance where large terms cancel; what counts is whether the
    C is farther from the truth than onnxruntime is, which must be near it. Whole numbers must be equal, and so must
    those that are dequantised, where all is whole numbers from where the input is quantised: a row in which one differs
    counts as a label that does. Rows that have no one answer (`volvelle.compiler.unsettled`) do not count.

    Args:
        where: the answers come from.
        own: every output ``[n, size]``.
        case: the rows, and what onnxruntime says.
        tolerance: how far a number may be off without being looked at.
    """
    names = case.made.outputs
    found = [_gaps_of(case.made, name, a, b) for name, a, b in zip(names, own, case.wanted, strict=True)]
    labels = np.any([wrong for wrong, _ in found], axis=0)
    far = np.stack([gap.max(axis=1, initial=0.0) for _, gap in found])
    for row in np.flatnonzero(labels | (far > tolerance).any(axis=0)).tolist():
        met = typed(case.made, case.row(row))
        if unsettled(case.made, met):
            labels[row], far[:, row] = False, 0.0
            continue
        known = exact(case.read, case.row(row))
        # A constant is on the way once it was reckoned with: bounds are as large as float32 goes, and no answer is.
        made = [a for name, a in known.items() if case.read.constant(name) is None and a.dtype == np.float64]
        largest = max(*map(_size, made), _added_up(case.made, met), 0.0)
        for at in np.flatnonzero(far[:, row] > tolerance):
            far[at, row] = _far(own[at][row], case.wanted[at][row], known[names[at]].reshape(-1), largest)
    most = float(np.max(far, initial=0.0))
    return Parity(where=where, rows=len(own[0]), label_differences=int(labels.sum()), largest=most)


def _gaps_of(
    graph: Graph, name: str, mine: NDArray[Any], theirs: NDArray[Any]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Of one output: rows in which a whole number differs, and how far real ones do."""
    if graph.tensors[name].dtype.kind in "iub":
        return np.asarray(np.any(mine.astype(np.int64) != theirs.astype(np.int64), axis=1)), np.zeros(mine.shape)
    gap = gaps(mine, theirs)
    return np.asarray(np.any(gap > 0, axis=1)) if dequantised(graph, name) else np.zeros(len(gap), bool), gap


def _far(mine: NDArray[Any], theirs: NDArray[Any], truth: NDArray[Any], largest: float) -> float:
    """How far one answer is off, numbers left out that are as near the truth as those of onnxruntime."""
    rounding = largest * _STEP / np.maximum(1.0, np.abs(truth))
    error = gaps(theirs, truth)
    closer = (gaps(mine, truth) <= ALLOWED * np.maximum(error, rounding)) & (error <= SANE * rounding)
    return float(np.max(np.where(closer, 0.0, gaps(mine, theirs)), initial=0.0))


def _added_up(graph: Graph, known: Mapping[str, NDArray[Any]]) -> float:
    """No sum of products with vectors that were added up beforehand is larger: one operator hides it before that."""
    found = [[known[i] for i in n.inputs[:2]] for n in graph.nodes if n.attributes.get(ADDED_UP)]
    return max((float(np.abs(x).sum(dtype=np.float64) * np.abs(w).max()) for x, w in found), default=0.0)


def _size(array: NDArray[Any]) -> float:
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def dequantised(graph: Graph, name: str) -> bool:
    """Whether a value stands for whole numbers that are made of whole numbers since the input was quantised."""
    makers = {o: n for n in graph.nodes for o in n.outputs}

    def seen(value: str) -> str:
        while value in makers and hasattr(OPERATORS.load(makers[value].op), "offset"):
            value = makers[value].inputs[0]
        return value

    last = makers.get(seen(name))
    if last is None or last.op != "dequantize_linear":
        return False
    ahead, known = [last.inputs[0]], set[str]()
    while ahead:
        value = ahead.pop()
        if value in known or graph.constant(value) is not None:
            continue
        known.add(value)
        node = makers.get(value)
        if graph.tensors[value].dtype.kind not in "iu":
            return False
        if node is not None and node.op == "quantize_linear":
            if seen(node.inputs[0]) not in graph.inputs:
                return False
        elif node is not None:
            ahead += [i for i in node.inputs if i]
    return True


def gaps(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """Differences relative to the larger of 1 and the size of b; infinite where one of the two is no number."""
    first, second = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.abs(first - second) / np.maximum(1.0, np.abs(second))
    gap[(first == second) | (np.isnan(first) & np.isnan(second))] = 0.0
    return np.where(np.isnan(gap), np.inf, gap)
