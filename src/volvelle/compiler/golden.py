"""A program that holds rows with the answers they must get, for the machine of whoever receives the C."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import literal
from volvelle.compiler.sources import Sources
from volvelle.compiler.typed import Typed, accepted

_HEAD = """#include <math.h>
#include <stdio.h>
#include <string.h>

#include "{name}.h"

#define VV_INF ((float)INFINITY)
#define VV_NAN ((float)NAN)
"""
_SAME = """
static int same(double a, double b) {
    const double size = b < 0 ? -b : b;
    const double gap = a < b ? b - a : a - b;
    return a == b || (a != a && b != b) || gap <= 1e-5 * (size > 1 ? size : 1);
}
"""
_CHECK = """        for (int i = 0; i < {size}; i++) {{
            const double got = (double)got_{name}[i], wanted = (double)out_{name}[row][i];
            if (!same(got, wanted)) {{
                printf("row %d, {name}[%d]: %.9g, and %.9g was wanted\\n", row, i, got, wanted);
                wrong++;
            }}
        }}"""
_ASK = """        {name}_answer_t answer;
        if ({name}_predict_row(&by_name[row], &answer) != answered[row] || (answered[row] && ({differs}))) {{
            printf("row %d by name: another answer than by arrays\\n", row);
            wrong++;
        }}"""


def golden(sources: Sources, inputs: list[NDArray[Any]], answers: list[NDArray[Any]]) -> str:
    """C with a ``main`` that exits 0 when every row gets its answer, by arrays and, where there are names, by name.

    Args:
        sources: the C under test.
        inputs: rows ``[n, size]`` of every input, in the types of the C.
        answers: rows of every output; real numbers may differ by one part in 10^5.
    """
    rows = len(inputs[0])
    tables = [
        f"static const {kind} {name}[{rows}][{size}] = {{\n{_rows(array)}\n}};"
        for (name, kind, size), array in zip(_ends(sources), [*inputs, *answers], strict=True)
    ]
    named, asked = _by_name(sources, inputs)
    call = ", ".join([f"in_{n}[row]" for n, _, _ in sources.inputs] + [f"got_{n}" for n, _, _ in sources.outputs])
    return "\n".join(
        [
            _HEAD.format(name=sources.name),
            *tables,
            *named,
            _SAME,
            "int main(void) {",
            *(f"    {kind} got_{name}[{size}];" for name, kind, size in sources.outputs),
            "    int wrong = 0;",
            f"    for (int row = 0; row < {rows}; row++) {{",
            f"        {sources.name}_run({call});",
            *(_CHECK.format(name=name, size=size) for name, _, size in sources.outputs),
            *asked,
            "    }",
            f'    printf("%d rows, %d wrong numbers\\n", {rows}, wrong);',
            "    return wrong != 0;",
            "}",
            "",
        ]
    )


def _by_name(sources: Sources, inputs: list[NDArray[Any]]) -> tuple[list[str], list[str]]:
    """The same rows as structs, and what asks for them: the bytes of the answers must be those by arrays."""
    typed = sources.typed
    if typed is None:
        return [], []
    given = {n: a for (n, _, _), a in zip(sources.inputs, inputs, strict=True)}
    count = len(inputs[0])
    rows = [_row(typed, {n: a[k] for n, a in given.items()}) for k in range(count)]
    fine = ", ".join("true" if ok else "false" for ok in accepted(typed.signature, given))
    differs = "memcmp(&answer.prediction, got_prediction, sizeof got_prediction) != 0"
    if typed.classes:
        differs = "(int)answer.label != (int)got_label[0] || memcmp(answer.scores, got_scores, sizeof got_scores) != 0"
    tables = [
        f"static const {sources.name}_row_t by_name[{count}] = {{\n" + "\n".join(rows) + "\n};",
        f"static const bool answered[{count}] = {{{fine}}};",
    ]
    return tables, [_ASK.format(name=sources.name, differs=differs)]


def _row(typed: Typed, cells: dict[str, NDArray[Any]]) -> str:
    values = [f".{m.name} = {m.literal(cells[m.tensor][m.seat : m.seat + m.feature.length])}" for m in typed.members]
    return f"    {{{', '.join(values)}}},"


def _ends(sources: Sources) -> list[tuple[str, str, int]]:
    return [(f"in_{n}", k, s) for n, k, s in sources.inputs] + [(f"out_{n}", k, s) for n, k, s in sources.outputs]


def _rows(array: NDArray[Any]) -> str:
    return "\n".join("    {" + ", ".join(literal(v) for v in np.atleast_1d(row)) + "}," for row in array)
