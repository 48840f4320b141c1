"""The passes, in order. Each is a function from graph to graph that keeps every output: to the bit, or as it tells."""

from __future__ import annotations

from collections.abc import Callable

from volvelle.compiler.ir import Graph
from volvelle.compiler.passes.dead import dead
from volvelle.compiler.passes.expand import expand
from volvelle.compiler.passes.fold import fold
from volvelle.compiler.passes.integer import integer
from volvelle.compiler.passes.narrow import narrow
from volvelle.compiler.passes.same import same
from volvelle.compiler.passes.scaled import scaled
from volvelle.compiler.passes.skip import skip
from volvelle.errors import ContractBroken

PASSES: tuple[Callable[[Graph], Graph], ...] = (
    integer,
    fold,
    expand,
    fold,
    skip,
    scaled,
    same,
    dead,
    narrow,
)


def lower(graph: Graph) -> Graph:
    """Run all passes; what each must leave is checked after it.

    Raises:
        ContractBroken: a pass left a value that nothing makes, or changed what goes in or out.
    """
    for one in PASSES:
        made = one(graph)
        known = {*made.inputs, *(n for n, t in made.tensors.items() if t.value is not None)}
        for node in made.nodes:
            lost = [i for i in node.inputs if i and i not in known]
            if lost:
                raise ContractBroken(f"pass {one.__name__}: {node.op} reads {lost[0]!r} before it is made")
            known.update(node.outputs)
        if (made.inputs, made.outputs) != (graph.inputs, graph.outputs) or not known.issuperset(made.outputs):
            raise ContractBroken(f"pass {one.__name__} changed what goes in or out")
        graph = made
    return graph
