"""A graph as C: one header, one source file, the same bytes for the same ONNX file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from volvelle.catalog import OPERATORS
from volvelle.compiler import loops, memory, packing
from volvelle.compiler.code import PLACES, WISH, Code, Wish
from volvelle.compiler.ctypes import C_NAMES, literal
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.layers import heading, needs_double
from volvelle.compiler.naming import argument, c_name
from volvelle.compiler.place import Plan, place
from volvelle.compiler.records import Stored
from volvelle.compiler.texts import declared, defined
from volvelle.compiler.typed import Typed, typed
from volvelle.model.signature import Signature

_ROWS = 40
"""Values of the memory plan that the header lists."""
_DSP = ("#if defined(__ARM_FEATURE_DSP) && !defined(VV_DSP)", "#define VV_DSP", "#endif", "")
"""Kernels have a form for cores that multiply two pairs of halves at once; some compilers do not say that they do."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The C of one model.

    Attributes:
        name: the prefix of everything that is public.
        header, source: texts.
        plan: of working memory.
        inputs, outputs: (C name, C type, elements) of what goes in and comes out.
        typed: the same by names of features and classes, where a signature tells them.
        weights: layers whose weights are packed.
    """

    name: str
    header: str
    source: str
    plan: Plan
    inputs: tuple[tuple[str, str, int], ...]
    outputs: tuple[tuple[str, str, int], ...]
    typed: Typed | None = None
    weights: tuple[Stored, ...] = ()


def sources(graph: Graph, name: str, digest: str, signature: Signature | None = None, wish: Wish = WISH) -> Sources:
    """Write a graph.

    Args:
        graph: lowered.
        name: a C name.
        digest: SHA-256 of the ONNX file, written into the header.
        signature: names of features and classes, if the model tells them; it fits the graph.
        wish: what is chosen where there is a choice.

    Raises:
        ModelError: an operator is used in a way that is not supported.
    """
    groups = loops.grouped(graph)
    never = loops.inner(groups)
    singles = frozenset(
        o
        for n in graph.nodes
        for o in n.outputs
        if o and graph.tensors[o].size == 1 and o not in graph.outputs and o not in never and loops.elementwise(n)
    )
    together = tuple(g.nodes if isinstance(g, loops.Loop) else (g,) for g in groups)
    packed = packing.for_goal(graph, wish.goal, narrow=wish.narrow)
    plan, kept = _placed(graph, never | singles, together, packed, wish.ram)
    names: dict[str, str] = {}
    for value in (*graph.inputs, *graph.outputs):
        names.setdefault(value, argument(value, frozenset(names.values())))
    code = Code(graph, plan, names, singles, wish)
    code.packed = {name: form for name, form in packed.items() if name not in kept}
    packing.keep(code, {name: packed[name] for name in sorted(kept)})
    for number, group in enumerate(groups):
        code.add("")
        before = len(code.body)
        if isinstance(group, loops.Loop):
            loops.write(group, code)
        else:
            _emit(group, code)
        if len(code.body) > before:
            code.body.insert(before, heading(number, together[number]))
    _copy_constants(graph, code, names)
    ends = [
        tuple((names[v], C_NAMES[graph.tensors[v].dtype], graph.tensors[v].size) for v in vs)
        for vs in (graph.inputs, graph.outputs)
    ]
    arguments = ", ".join([f"const {t} *{n}" for n, t, _ in ends[0]] + [f"{t} *{n}" for n, t, _ in ends[1]])
    told = typed(name, signature, (*ends[0], *ends[1])) if signature else None
    head = _header(name, digest, arguments, ends, _planned(plan, together), told, declared(name, graph.words))
    text = _source(name, code, plan, singles, arguments)
    layers = packing.stored(graph, packed, kept, _takers(together))
    return Sources(name, head, text, plan, ends[0], ends[1], told, layers)


def _placed(
    graph: Graph,
    local: frozenset[str],
    together: tuple[tuple[Node, ...], ...],
    packed: Mapping[str, packing.Packed],
    ram: int | None,
) -> tuple[Plan, frozenset[str]]:
    """The memory plan, and the packed weights for which there is room beside it."""
    plan = place(graph, local, together, packed)
    kept = packing.kept(graph, packed, plan.bytes, ram)
    return (place(graph, local, together, packed.keys() - kept) if kept else plan), kept


def _takers(together: tuple[tuple[Node, ...], ...]) -> dict[str, str]:
    """The part of the C that reads each value, the last if there are several."""
    return {i: heading(k, nodes).strip("/* ") for k, nodes in enumerate(together) for n in nodes for i in n.inputs}


def _emit(node: Node, code: Code) -> None:
    """An operator that is no view where it could be one is copied."""
    module = OPERATORS.load(node.op)
    if hasattr(module, "emit"):
        module.emit(node, code)
        return
    for position, out in enumerate(node.outputs):
        if out and not code.looks(out, node.inputs[0]):
            at = module.offset(node, code.graph, position)
            source, target = code.element(node.inputs[0], f"i + {at}"), code.element(out, "i")
            code.add(f"for (int i = 0; i < {code.tensor(out).size}; i++) {target} = {source};")


def _copy_constants(graph: Graph, code: Code, names: dict[str, str]) -> None:
    """Outputs that are constants."""
    made = {o for n in graph.nodes for o in n.outputs}
    for out in graph.outputs:
        if out not in made:
            size = graph.tensors[out].size
            code.add(f"for (int i = 0; i < {size}; i++) {names[out]}[i] = {code.table(graph.tensors[out].value)}[i];")


def _source(name: str, code: Code, plan: Plan, singles: frozenset[str], arguments: str) -> str:
    pools = [
        f"static {pool} pool_{pool.removesuffix('_t')}[{count}];" for pool, count in sorted(plan.pools.items()) if count
    ]
    declared = [f"    {code.kind(s)} {code.scalar(s)};" for s in sorted(singles)]
    lines = [f"    {line}" if line else "" for line in code.body]
    text = "\n".join(lines)
    unused = [f"    (void){n};" for n in re.findall(r"\*(\w+)", arguments) if not re.search(rf"\b{n}\b", text)]
    return "\n".join(
        [
            f'#include "{name}.h"',
            "",
            "#include <float.h>",
            "#include <stdbool.h>",
            "",
            *(PLACES if code.narrow else ()),
            *(_DSP if any("VV_DSP" in k for k in code.kernels()) else ()),
            "#define VV_INF ((float)(1e30f * 1e30f))",
            "#define VV_NAN (VV_INF - VV_INF)",
            "",
            *code.kernels(),
            code.tables(),
            *pools,
            *_asserted(plan, "\n".join([*code.kernels(), *code.functions.values(), text])),
            "",
            *code.functions.values(),
            *defined(name, code.graph.words),
            f"void {name}_run({arguments}) {{",
            *declared,
            *unused,
            *lines,
            "}",
            "",
        ]
    )


def _asserted(plan: Plan, text: str) -> list[str]:
    """What the plan and the kernels take for granted, asked of the compiler."""
    sizes = {C_NAMES[kind]: kind.itemsize for kind in C_NAMES}
    lines = ['_Static_assert(sizeof(float) == 4 && FLT_MANT_DIG == 24, "float is not IEEE 754 binary32");']
    if needs_double(text):
        lines.append('_Static_assert(sizeof(double) == 8, "double is not IEEE 754 binary64");')
    for pool, count in sorted(plan.pools.items()):
        if count:
            name = f"pool_{pool.removesuffix('_t')}"
            lines.append(f'_Static_assert(sizeof {name} == {count * sizes[pool]}, "working memory is not as planned");')
    return lines


def _planned(plan: Plan, together: tuple[tuple[Node, ...], ...]) -> list[str]:
    """The memory plan, for a comment: values are named by the operators that make them."""
    parts = {number: heading(number, nodes).strip("/* ") for number, nodes in enumerate(together)}
    table = memory.lines(memory.placed(plan), parts, _ROWS)
    told = f"   Working memory: {plan.bytes:,} bytes, static, so that one call runs at a time."
    where = "   What lies where in it, in bytes of the part for its type, and in which parts of the C it is needed:"
    return [told, *(["", where, *(f"   {line}" for line in table)] if table else [])]


def _header(
    name: str,
    digest: str,
    arguments: str,
    ends: list[tuple[tuple[str, str, int], ...]],
    planned: list[str],
    told: Typed | None,
    words: list[str],
) -> str:
    guard = f"{name.upper()}_H"
    sizes = [f"#define {name.upper()}_{n.upper()}_SIZE {size}" for n, _, size in (*ends[0], *ends[1])]
    return "\n".join(
        [
            f"/* Model {name}; SHA-256 of its ONNX file: {digest}.",
            *planned,
            "*/",
            f"#ifndef {guard}",
            f"#define {guard}",
            "",
            "#include <stdbool.h>",
            "#include <stdint.h>",
            "",
            "#ifdef __cplusplus",
            'extern "C" {',
            "#endif",
            "",
            *sizes,
            "",
            *words,
            *(told.declared if told else ()),
            "/* One row: arrays in, arrays out. */",
            f"void {name}_run({arguments});",
            *(told.defined if told else ()),
            "",
            "#ifdef __cplusplus",
            "}",
            "#endif",
            "#endif",
            "",
        ]
    )


__all__ = ["Sources", "c_name", "literal", "sources"]
