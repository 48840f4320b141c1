"""The passes, in order. Each is a function from graph to graph that keeps every output: to the bit, or as it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volvelle.compiler import states
from volvelle.compiler.ir import Graph
from volvelle.compiler.passes.affine import affine
from volvelle.compiler.passes.channels import real_channels, whole_channels
from volvelle.compiler.passes.dead import dead
from volvelle.compiler.passes.distances import distances
from volvelle.compiler.passes.expand import expand
from volvelle.compiler.passes.fold import fold
from volvelle.compiler.passes.held import held
from volvelle.compiler.passes.integer import integer
from volvelle.compiler.passes.joined import joined
from volvelle.compiler.passes.limited import limited
from volvelle.compiler.passes.narrow import narrow
from volvelle.compiler.passes.padded import padded
from volvelle.compiler.passes.rows import rows
from volvelle.compiler.passes.same import same
from volvelle.compiler.passes.scaled import scaled
from volvelle.compiler.passes.skip import skip
from volvelle.compiler.passes.tabled import tabled
from volvelle.compiler.passes.thresholds import thresholds
from volvelle.compiler.passes.whole_trees import whole_trees
from volvelle.errors import ContractBroken

State = Callable[[Graph], str | None]


@dataclass(frozen=True, slots=True)
class Pass:
    """One rewriting.

    Attributes:
        run: the rewriting.
        needs: what the graph must be before; `states.sound` is asked of all.
        leaves: what it is behind, besides.
        relaxed: whether answers change in their last bits, so that it runs only where that is measured.
    """

    run: Callable[[Graph], Graph]
    needs: tuple[State, ...] = ()
    leaves: tuple[State, ...] = ()
    relaxed: bool = False


PASSES = (
    Pass(padded),
    Pass(integer),
    Pass(fold, leaves=(states.folded,)),
    Pass(expand, leaves=(states.written_out,)),
    Pass(fold, needs=(states.written_out,), leaves=(states.folded, states.written_out)),
    Pass(tabled, needs=(states.written_out, states.folded)),
    Pass(skip),
    Pass(distances, needs=(states.written_out, states.folded), relaxed=True),
    Pass(affine, needs=(states.written_out, states.folded), relaxed=True),
    Pass(scaled, needs=(states.written_out, states.folded)),
    Pass(held, needs=(states.folded,)),
    Pass(thresholds, needs=(states.written_out, states.folded)),
    Pass(limited, needs=(states.written_out, states.folded)),
    Pass(whole_channels, needs=(states.folded,)),
    Pass(real_channels, needs=(states.written_out, states.folded), relaxed=True),
    Pass(whole_trees, needs=(states.written_out,)),
    Pass(same, needs=(states.folded,)),
    Pass(dead, leaves=(states.lean,)),
    Pass(rows, needs=(states.folded, states.lean), leaves=(states.lean,)),
    Pass(joined, needs=(states.folded, states.lean), leaves=(states.lean,)),
    Pass(narrow, needs=(states.lean, states.written_out), leaves=(states.narrowed, states.lean, states.written_out)),
)


def lower(graph: Graph, relaxed: bool = False) -> Graph:
    """Run the passes.

    Args:
        graph: as it was read.
        relaxed: also those that change answers in their last bits.

    Raises:
        ContractBroken: a graph is not what a pass needs or leaves, or what goes in or out was changed.
    """
    for one in PASSES:
        if one.relaxed and not relaxed:
            continue
        _ask(graph, one, one.needs, "needs another graph")
        made = one.run(graph)
        if (made.inputs, made.outputs) != (graph.inputs, graph.outputs):
            raise ContractBroken(f"pass {one.run.__name__} changed what goes in or out")
        _ask(made, one, (states.sound, *one.leaves), "left another graph")
        graph = made
    return graph


def _ask(graph: Graph, one: Pass, wanted: tuple[State, ...], what: str) -> None:
    for state in wanted:
        fault = state(graph)
        if fault is not None:
            raise ContractBroken(f"pass {one.run.__name__} {what} ({state.__name__}): {fault}")
