"""What a model will take on a device, foretold without a C compiler.

The C is written and not compiled. Its tables are counted to the byte, working memory is the plan's, and the rest is a
linear model: bytes for the words of the program by the kind of number that they work on, bytes for the arithmetic that
a core lacks, instructions for what one row asks for. The constants of each core stand in its file; `python -m
bench.foretell` measures them. A core without any is taken to be as dear in everything as the dearest.

Trees are counted along the mean way from root to leaf, and a network or a table of coefficients by its products, so
that instructions are right within a factor and flash within bytes: docs/device.md has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import inf, prod

import numpy as np

from volvelle.catalog import DEVICES, OPERATORS
from volvelle.compiler import packing
from volvelle.compiler.ctypes import C_NAMES
from volvelle.compiler.forest import LEAF, Forest
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.limits import read
from volvelle.compiler.ops import q_rows
from volvelle.compiler.parity import Rows
from volvelle.compiler.prove import Compiled, compiled, single_enough
from volvelle.compiler.records import Device, Foretold, Goal
from volvelle.compiler.suited import precise, suited
from volvelle.model.effort import operations

_SIZES = {name: kind.itemsize for kind, name in C_NAMES.items()}
_TABLE = re.compile(r"static (?:const|VV_CONST) (\w+) \w+\[(\d+)\] = \{[^}]*\};")
_APART = re.compile(r"/\*.*?\*/|^#[^\n]*$", re.M | re.S)
_DSP = re.compile(r"^#if defined\(VV_DSP\)\n(.*?)(?:^#else\n(.*?))?^#endif\n", re.M | re.S)
_TREE = re.compile(r"^static void tree\d+\(.*?^\}\n", re.M | re.S)
_BRANCHES, _SCALED = re.compile(r"\btree\d+\("), re.compile(r"\(float\)t\d+\[asked\]")
_WORD = re.compile(r"\w[\w.]*|[^\s\w(){};,\[\]]")
_FUNCTIONS = frozenset("exp log_softmax sigmoid softmax softplus sqrt tanh erf log".split())
FLASH = ("real", "double", "whole", "tree", "wide", "wide_division", "division", "always")
WORK = tuple("question scaled_question branch leaf product element function power".split()) + tuple(
    "wide_product wide_element wide_function whole_product rescaled marks prefix".split()
)
"""Names of the constants of a core: bytes of flash, and instructions."""
_WHOLE = frozenset("quantize_linear q_dense q_conv q_join q_add q_mul q_pair q_mean q_pool q_rows".split())
LEAST_LEAF, USUAL_LEAF = 3, 6
"""Bytes of a leaf with its share of the questions: hardly ever less, and usually."""


def foretell(
    content: bytes, device: Device, rows: Rows | None = None, most: float = inf, goal: Goal = "size"
) -> Foretold:
    """Flash, static memory, instructions and cycles of an ONNX file on a device, without compiling its C.

    Args:
        content: the ONNX file.
        device: where it must run.
        rows: some real rows of every input ``[n, ...]``, which tell whether single precision is enough.
        most: bytes of flash that there are: trees that are far above are told roughly, for writing them takes seconds.
        goal: what the C is written for where there is a choice.

    Raises:
        ModelError: it is damaged, or uses what is not supported, or what the device cannot compute.
    """
    costs = costs_of(device.core)
    leaves = _leaves(content)
    if leaves * LEAST_LEAF > most:
        rough, work = leaves * USUAL_LEAF, round(operations(content) * costs["question"])
        cycles = round(work * costs["cycles"])
        return Foretold(flash=rough, tables=rough, ram=0, instructions=work, cycles=cycles, leaves=leaves)
    narrow = device.narrow
    made = compiled(content, goal=goal, precision="single", narrow=narrow)
    if made.precision == "single" and not _forests(made.graph) and not single_enough(content, made, rows):
        made = compiled(content, goal=goal, precision="as written", narrow=narrow)
    precise(made.sources, device)
    tables, text = flash_of(made, "-DVV_DSP" in device.target)
    code = sum(costs[name] * count for name, count in text.items())
    instructions = sum(costs[name] * count for name, count in work_of(made).items())
    if tables + code <= most:
        suited(made.sources, device)
    return Foretold(
        flash=round(tables + code),
        tables=tables,
        ram=made.sources.plan.bytes,
        instructions=round(instructions),
        cycles=round(instructions * costs["cycles"]),
        leaves=leaves,
    )


def _leaves(content: bytes) -> int:
    """Leaves of all trees."""
    found = 0
    for node in read(content).graph.node:
        given = {a.name: a for a in node.attribute}
        if "nodes_modes" in given and "leaf_targetids" in given:
            found += len(given["leaf_targetids"].ints)
        elif "nodes_modes" in given:
            found += sum(mode == b"LEAF" for mode in given["nodes_modes"].strings)
    return found


def costs_of(core: str) -> Mapping[str, float]:
    """The constants of a core; the largest of all known ones where it has none."""
    own = DEVICES.fact(core.replace("-", "_"), "COSTS")
    if own:
        return dict(own)
    known = [found for name in DEVICES.names() if (found := DEVICES.fact(name, "COSTS"))]
    return {name: max(float(c[name]) for c in known) for name in (*FLASH, *WORK, "cycles")}


def flash_of(made: Compiled, dsp: bool) -> tuple[int, dict[str, float]]:
    """Bytes of tables, and what else decides the flash: words of C by kind, and which arithmetic is called.

    Kernels have lines for cores with instructions for two products at once (`dsp`), and others for those without.
    """
    source = _DSP.sub(lambda found: found[1] if dsp else found[2] or "", made.sources.source)
    tables = sum(_SIZES[kind] * int(count) for kind, count in _TABLE.findall(source))
    code = _APART.sub("", _TABLE.sub("", source))
    found = dict.fromkeys(FLASH, 0.0)
    found["tree"] = float(sum(len(_WORD.findall(tree)) for tree in _TREE.findall(code)))
    code = _TREE.sub("", code)
    for part in re.split(r"(?<=\})\n", code):
        name = re.search(r"(\w+)\(", part)
        found[_kind(name[1] if name else "", part)] += len(_WORD.findall(part))
    found |= {"always": 1.0, "wide": float("double" in code), "division": float(" / " in code)}
    return tables, found | {"wide_division": found["wide"] * found["division"]}


def _kind(name: str, part: str) -> str:
    """What a function that is no tree works on."""
    if "double" in part and not name.endswith("_run"):
        return "double"
    return "real" if "float" in part else "whole"


def work_of(made: Compiled) -> dict[str, float]:
    """What one row asks for, by kind."""
    graph, source = made.graph, made.sources.source
    asked = "branch" if _BRANCHES.search(source) else "scaled_question" if _SCALED.search(source) else "question"
    found = dict.fromkeys(WORK, 0.0)
    forms = packing.for_goal(graph, made.goal, narrow=made.narrow)
    for node in graph.nodes:
        if node.op.startswith("tree_ensemble"):
            forest: Forest = OPERATORS.load(node.op).read(node)
            found[asked] += sum(_depth(forest, root) for root in forest.roots)
            terms = [len(adds) for adds in forest.adds.values()]
            # What a leaf between branches adds is counted with the branch before it.
            found["leaf"] += len(forest.roots) * float(np.mean(terms)) * (asked != "branch")
            continue
        if node.op in _WHOLE:
            for kind, amount in _whole(node, graph, forms):
                found[kind] += amount
            continue
        wide = any(graph.tensors[n].dtype == np.float64 for n in (*node.inputs, *node.outputs) if n)
        kind, amount = _asked(node, graph)
        found[f"wide_{kind}" if wide and kind != "power" else kind] += amount
    return found


def _asked(node: Node, graph: Graph) -> tuple[str, float]:
    """The kind of work of a node that is no forest, and how much of it."""
    size = max(graph.tensors[o].size for o in node.outputs if o)
    if products := _products(node, graph):
        return "product", products
    if node.op == "pow":
        return "power", size
    if node.op in _FUNCTIONS:
        return "function", size
    read = max((graph.tensors[i].size for i in node.inputs if i and graph.constant(i) is None), default=0)
    return "element", max(size, read) if node.op.startswith(("reduce_", "arg_", "top_")) else size


def _whole(node: Node, graph: Graph, forms: Mapping[str, packing.Packed]) -> Iterator[tuple[str, float]]:
    """Work between quantisers: products, zeros among them, what unpacks, and a rescaling of each answer."""
    out = graph.tensors[node.outputs[0]].size
    if node.op == "q_rows":
        for sums, products in q_rows.of(node, graph).work:
            yield "rescaled", sums
            yield "whole_product", products
        return
    yield "rescaled", out
    if node.op not in ("q_dense", "q_conv", "q_join"):
        return
    weights = np.asarray(graph.constant(node.inputs[1]))
    yield "whole_product", float(out * prod(weights.shape[1:]))
    if node.inputs[1] in forms:
        yield forms[node.inputs[1]].how, float(weights.size)


def _products(node: Node, graph: Graph) -> float:
    """Multiplications of a node with constant weights; weights of 0 are left out."""
    weights = graph.constant(node.inputs[1]) if len(node.inputs) > 1 else None
    out = graph.tensors[node.outputs[0]].size
    if node.op in ("gemm", "mat_mul") and weights is not None:
        rows = max(1, graph.tensors[node.inputs[0]].size // weights.shape[-2])
        return float(rows * np.count_nonzero(weights))
    if node.op == "squared_distances" and weights is not None:
        return float(weights.size)
    if node.op in ("conv", "join") and weights is not None:
        return float(out * prod(weights.shape[1:]))
    return float(len(node.attributes.get("coefficients", ())))


def _forests(graph: Graph) -> list[Forest]:
    return [OPERATORS.load(n.op).read(n) for n in graph.nodes if n.op.startswith("tree_ensemble")]


def _depth(forest: Forest, root: int) -> float:
    """Questions that a slow row asks of a tree: halfway from the mean over its leaves to the deepest."""
    level, depths, depth = [root], list[int](), 0
    while level:
        depths += [depth] * sum(forest.feature[n] == LEAF for n in level)
        level = [int(c) for n in level if forest.feature[n] != LEAF for c in (forest.yes[n], forest.no[n])]
        depth += 1
    return (float(np.mean(depths)) + max(depths)) / 2
