"""A Pad of constants becomes the margin of the convolution or pool behind it, which needs no copy of the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from volvelle.compiler.edges import Seen
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.ops import pad

_POSITIVE = frozenset({"relu", "sigmoid", "abs", "exp", "softmax"})


def padded(graph: Graph) -> Graph:
    """Fold every Pad whose only reader treats its own margin in the same way; answers stay to the bit."""
    users = graph.users()
    seen = Seen(graph)
    makers = seen.makers
    gone: set[str] = set()
    made: list[Node] = []
    for node in graph.nodes:
        source = makers.get(node.inputs[0]) if node.inputs else None
        apart = _through(node.inputs[0], seen) if source is not None and source.op == "dequantize_linear" else None
        source = apart or source
        if source is not None and source.op == "pad" and node.op in _ALLOWED:
            found = _wider(node, source, graph, makers) if apart or users[source.outputs[0]] == 1 else None
            if found is not None:
                gone.update(() if apart else source.outputs)
                node = found
        made.append(node)
    return graph.with_nodes(tuple(n for n in made if n.outputs[0] not in gone))


def _through(name: str, seen: Seen) -> Node | None:
    """A Pad behind which a value is only quantised and dequantised as what the Pad reads already is."""
    value = seen.before(name)
    end = seen.makers.get(value.name) if value else None
    source = seen.makers.get(end.inputs[0]) if end is not None and end.op == "quantize_linear" else None
    if value is None or end is None or source is None or source.op != "pad":
        return None
    scales = seen.before(source.inputs[0]), seen.quantised(end, value.name)
    return source if all(s is not None and s.like(value) for s in scales) else None


def _wider(node: Node, source: Node, graph: Graph, makers: Mapping[str, Node]) -> Node | None:
    """The node with the margin of a Pad beside its own."""
    shape = graph.tensors[source.inputs[0]].shape
    told = [graph.constant(i) if i else None for i in (*source.inputs[1:], "", "", "")[:3]]
    given = node.attributes
    how = given.get("auto_pad", b"NOTSET")
    plain = (how.decode() if isinstance(how, bytes) else how) in ("NOTSET", "VALID") and not given.get("ceil_mode")
    if pad.mode(source) != "constant" or not plain:
        return None
    width = pad.widths(source, len(shape), told[0], told[2])
    filled = source.attributes.get("value", 0.0) if told[1] is None else told[1].reshape(-1)[0]
    if any(e < 0 for pair in width for e in pair) or any(e for pair in width[:2] for e in pair):
        return None
    axes = len(shape) - 2
    own = list(given.get("pads", [0] * 2 * axes)) if how in (b"NOTSET", "NOTSET") else [0] * 2 * axes
    more = [int(pair[side]) for side in (0, 1) for pair in width[2:]]
    add = _ALLOWED[node.op](node, float(filled), own, _positive(source, makers) and _touching(node, graph, more))
    if add is None:
        return None
    kept = {k: v for k, v in given.items() if k not in ("auto_pad", "pads")}
    pads = [a + b for a, b in zip(own, more, strict=True)]
    return replace(node, inputs=(source.inputs[0], *node.inputs[1:]), attributes={**kept, "pads": pads, **add})


def _conv(node: Node, filled: float, own: list[int], positive: bool) -> dict[str, Any] | None:
    return {} if filled == 0 else None


def _mean(node: Node, filled: float, own: list[int], positive: bool) -> dict[str, Any] | None:
    """What was padded counts; so must a margin of its own."""
    counts = node.attributes.get("count_include_pad", 0) or not any(own)
    return {"count_include_pad": 1} if filled == 0 and counts else None


def _most(node: Node, filled: float, own: list[int], positive: bool) -> dict[str, Any] | None:
    """A margin is less than everything; 0 is not more than what is positive."""
    return {} if filled == -np.inf or (filled == 0 and positive) else None


def _positive(source: Node, makers: Mapping[str, Node]) -> bool:
    maker = makers.get(source.inputs[0])
    return maker is not None and maker.op in _POSITIVE


def _touching(node: Node, graph: Graph, more: list[int]) -> bool:
    """Whether every window of a pool holds an element of the picture."""
    if node.op != "max_pool" or any(d != 1 for d in node.attributes.get("dilations", [])):
        return False
    kernel = tuple(node.attributes["kernel_shape"])

    return all(edge < kernel[k % len(kernel)] for k, edge in enumerate(more)) and not any(
        node.attributes.get("pads", [])
    )


_ALLOWED = {"conv": _conv, "average_pool": _mean, "max_pool": _most}
