"""What is made of one quantised value, element by element, is looked up in a table of 256 answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.loops import elementwise
from volvelle.compiler.scaling import SMALL
from volvelle.compiler.writing import Writing

Answers = tuple[str, NDArray[Any]]
"""A quantised value, and what becomes of each of the 256 numbers that it may be."""


def tabled(graph: Graph) -> Graph:
    """Evaluate elementwise operators for every number that may go in; where it stays the same nothing is to do."""
    new = Writing(dict(graph.tensors))
    users = graph.users()
    known: dict[str, Answers] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        found = _answers(node, graph, known) if elementwise(node) else None
        out = node.outputs[0]
        if found is not None:
            root, answers = found
            whole = answers.dtype in SMALL
            if whole and np.array_equal(answers, _numbers(graph, root)) and answers.dtype == graph.tensors[root].dtype:
                node = Node("identity", (root,), (out,))
            elif whole:
                node = Node("q_table", (root, new.constant(answers, answers.dtype)), (out,))
            # What others read as well is there anyway: from it the way is shorter.
            if not whole or users.get(out) == 1:
                known[out] = found
        kept.append(node)
    return replace(graph, tensors=new.tensors).with_nodes(tuple(kept))


def _answers(node: Node, graph: Graph, known: dict[str, Answers]) -> Answers | None:
    """Of a node all of whose elements depend on the element of one quantised value at their place."""
    roots: set[str] = set()
    given: list[NDArray[Any] | None] = []
    for name in node.inputs:
        value = graph.constant(name)
        if not name:
            given.append(None)
        elif value is not None and value.size == 1:
            given.append(value.reshape(()))
        elif name in known or (value is None and graph.tensors[name].dtype in SMALL):
            root, answers = known.get(name) or (name, _numbers(graph, name))
            roots.add(root)
            given.append(answers)
        else:
            return None
    sizes = {graph.tensors[n].size for n in (*roots, *node.outputs)}
    if len(roots) != 1 or len(sizes) != 1:
        return None
    with np.errstate(all="ignore"):
        return roots.pop(), np.asarray(OPERATORS.load(node.op).evaluate(node, *given))


def _numbers(graph: Graph, name: str) -> NDArray[Any]:
    kind = graph.tensors[name].dtype
    limits = np.iinfo(kind)
    return np.arange(limits.min, limits.max + 1).astype(kind)
