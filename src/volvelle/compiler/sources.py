"""A graph as C: one header, one source file, the same bytes for the same ONNX file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from volvelle.catalog import OPERATORS
from volvelle.compiler import loops, packing
from volvelle.compiler.code import WISH, Code, Wish
from volvelle.compiler.ctypes import C_NAMES, literal
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.layers import heading
from volvelle.compiler.naming import argument, c_name
from volvelle.compiler.place import Plan, place
from volvelle.compiler.texts import declared, defined
from volvelle.compiler.typed import Typed, typed
from volvelle.model.signature import Signature

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
    """

    name: str
    header: str
    source: str
    plan: Plan
    inputs: tuple[tuple[str, str, int], ...]
    outputs: tuple[tuple[str, str, int], ...]
    typed: Typed | None = None


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
    plan = place(graph, never | singles, together)
    names: dict[str, str] = {}
    for value in (*graph.inputs, *graph.outputs):
        names.setdefault(value, argument(value, frozenset(names.values())))
    code = Code(graph, plan, names, singles, wish)
    code.packed = packing.chosen(graph) if wish.goal == "size" else {}
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
    head = _header(name, digest, arguments, ends, plan, told, declared(name, graph.words))
    return Sources(name, head, _source(name, code, plan, singles, arguments), plan, ends[0], ends[1], told)


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
            *(_DSP if any("VV_DSP" in k for k in code.kernels()) else ()),
            "#define VV_INF ((float)(1e300 * 1e300))",
            "#define VV_NAN (VV_INF - VV_INF)",
            "",
            *code.kernels(),
            code.tables(),
            *pools,
            *_asserted(plan),
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


def _asserted(plan: Plan) -> list[str]:
    """What the plan and the kernels take for granted, asked of the compiler."""
    sizes = {C_NAMES[kind]: kind.itemsize for kind in C_NAMES}
    lines = ['_Static_assert(sizeof(float) == 4 && FLT_MANT_DIG == 24, "float is not IEEE 754 binary32");']
    for pool, count in sorted(plan.pools.items()):
        if count:
            name = f"pool_{pool.removesuffix('_t')}"
            lines.append(f'_Static_assert(sizeof {name} == {count * sizes[pool]}, "working memory is not as planned");')
    return lines


def _header(
    name: str,
    digest: str,
    arguments: str,
    ends: list[tuple[tuple[str, str, int], ...]],
    plan: Plan,
    told: Typed | None,
    words: list[str],
) -> str:
    guard = f"{name.upper()}_H"
    sizes = [f"#define {name.upper()}_{n.upper()}_SIZE {size}" for n, _, size in (*ends[0], *ends[1])]
    return "\n".join(
        [
            f"/* Model {name}; SHA-256 of its ONNX file: {digest}.",
            f"   Working memory: {plan.bytes} bytes, static, so that one call runs at a time. */",
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
