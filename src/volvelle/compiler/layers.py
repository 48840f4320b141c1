"""Which part of the C a line belongs to: every group of operators stands under a heading of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Node

_HEADING = re.compile(r" {4}/\* (\d+: [\w, +]+) \*/")
_MOST = 6


def heading(number: int, nodes: Sequence[Node]) -> str:
    """A comment in the C.

    >>> heading(3, [Node("sub", ("x", "m"), ("y",)), Node("div", ("y", "s"), ("z",))])
    '/* 3: Sub, Div */'
    """
    names = [str(OPERATORS.fact(n.op, "OP") or n.op) for n in nodes]
    told = list(dict.fromkeys(names))[:_MOST]
    more = len(set(names)) - len(told)
    return f"/* {number}: {', '.join(told)}{f' + {more} more' if more else ''} */"


def headings(source: str) -> dict[int, str]:
    """Number of the line, from 1, of every heading in a C file, and what it says.

    >>> headings("void m_run(void) {\\n    /* 0: Gemm */\\n    int i;\\n}")
    {2: '0: Gemm'}
    """
    found = ((at, _HEADING.fullmatch(line)) for at, line in enumerate(source.split("\n"), 1))
    return {at: match[1] for at, match in found if match}
