"""A part of a graph as a graph of its own: what leads to one value, given as the graph's output.

The file says in its metadata which values are worth it: the answers of the members of an ensemble with their weights,
and the scores that a calibration starts from.
"""

from __future__ import annotations

import json

from onnx import ModelProto, helper

from volvelle.model.limits import inspect

MEMBERS, UNCALIBRATED = "members", "uncalibrated"
"""Keys of the metadata: ``[[value, weight], ...]`` as JSON, and a value."""


def members(content: bytes) -> list[tuple[str, float]]:
    """The values whose weighted mean is the answer; empty for a single model, and where a calibration stands behind.

    Raises:
        ModelError: the file is damaged.
    """
    facts = _facts(content)
    told = [] if UNCALIBRATED in facts else json.loads(facts.get(MEMBERS, "[]"))
    return [(str(name), float(weight)) for name, weight in told]


def uncalibrated(content: bytes) -> str | None:
    """The value that the calibration starts from; None where there is none.

    Raises:
        ModelError: the file is damaged.
    """
    return _facts(content).get(UNCALIBRATED)


def part(content: bytes, value: str, output: str) -> bytes:
    """The graph that leads to `value`, given under the name of one of the outputs; the other outputs are taken off.

    Raises:
        ModelError: the file is damaged.
    """
    model = ModelProto()
    model.CopyFrom(inspect(content))
    graph = model.graph
    for node in graph.node:
        if output in node.output:
            node.input[0] = value
    wanted, kept = {output}, []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.append(node)
    nodes = [type(node).FromString(node.SerializeToString()) for node in reversed(kept)]
    tensors = [type(t).FromString(t.SerializeToString()) for t in graph.initializer if t.name in wanted]
    outputs = [type(o).FromString(o.SerializeToString()) for o in graph.output if o.name == output]
    for field, items in (("node", nodes), ("initializer", tensors), ("output", outputs)):
        graph.ClearField(field)
        getattr(graph, field).extend(items)
    found = {name for node in nodes for name in node.output}
    facts = {e.key: e.value for e in model.metadata_props}
    within = all(name in found - {value} for name, _ in json.loads(facts.get(MEMBERS, "[]")))
    helper.set_model_props(model, {MEMBERS: facts[MEMBERS]} if within and MEMBERS in facts else {})
    return bytes(model.SerializeToString())


def _facts(content: bytes) -> dict[str, str]:
    return {entry.key: entry.value for entry in inspect(content).metadata_props}
