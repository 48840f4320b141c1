"""What a graph may be known to be between two passes: each tells its first fault, or nothing."""

from __future__ import annotations

import numpy as np

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph
from volvelle.compiler.writing import Writing


def sound(graph: Graph) -> str | None:
    """Every value is made before it is read, by one operator, and every output is made."""
    known = {*graph.inputs, *(n for n, t in graph.tensors.items() if t.value is not None)}
    made: set[str] = set()
    for node in graph.nodes:
        lost = [i for i in node.inputs if i and i not in known]
        if lost:
            return f"{node.op} reads {lost[0]!r} before it is made"
        twice = [o for o in node.outputs if o and o in made]
        if twice:
            return f"{node.op} makes {twice[0]!r}, which is there already"
        known.update(node.outputs)
        made.update(node.outputs)
    return next((f"nothing makes the output {o!r}" for o in graph.outputs if o not in known), None)


def written_out(graph: Graph) -> str | None:
    """No operator is short for others."""
    for node in graph.nodes:
        expanded = getattr(OPERATORS.load(node.op), "expanded", None)
        if expanded and expanded(node, Writing(dict(graph.tensors))) is not None:
            return f"{node.op} is short for other operators"
    return None


def folded(graph: Graph) -> str | None:
    """No operator computes a constant."""
    return next(
        (
            f"{n.op} computes a constant"
            for n in graph.nodes
            if all(graph.constant(i) is not None for i in n.inputs if i)
        ),
        None,
    )


def lean(graph: Graph) -> str | None:
    """Every operator makes something that is read."""
    read = graph.users()
    return next((f"nobody reads what {n.op} makes" for n in graph.nodes if not any(o in read for o in n.outputs)), None)


def narrowed(graph: Graph) -> str | None:
    """No whole number that is known to fit 32 bits takes 64."""
    limit = np.iinfo(np.int32)
    for name, tensor in graph.tensors.items():
        known = tensor.dtype == np.int64 and tensor.low is not None and tensor.high is not None
        if known and limit.min <= (tensor.low or 0) and (tensor.high or 0) <= limit.max:
            return f"{name!r} takes 64 bits"
    return None
