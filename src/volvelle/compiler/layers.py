"""Which part of the C a line belongs to: every group of operators stands under a heading of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Node

_HEADING = re.compile(r" {4}/\* (\d+: [\w, +]+) \*/")
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_WIDE = re.compile(r"(?:\b|_)double\b")
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


def wide(source: str) -> list[str]:
    """The parts of a C file that compute in double precision, themselves or in what they call.

    >>> kernels = "static float vv_f(float x) { return (float)vv_d(x); }\\nstatic double vv_d(double x) { return x; }"
    >>> wide(f"{kernels}\\nvoid m_run(void) {{\\n    /* 0: Log */\\n    vv_f(1);\\n    /* 1: Add */\\n    i + 1;\\n}}")
    ['0: Log']
    """
    *before, body = re.split(r"^(?=static |void )", source, flags=re.M)
    functions = {name[1]: _COMMENT.sub("", f) for f in before if (name := re.search(r"(\w+)\(", _COMMENT.sub("", f)))}
    found: set[str] = set()
    asked = _WIDE
    while more := {name for name, text in functions.items() if asked.search(text)} - found:
        found |= more
        asked = re.compile(rf"{_WIDE.pattern}|\b(?:{'|'.join(sorted(found))})\b")
    _, *parts = _HEADING.split(body)
    return [name for name, text in zip(parts[::2], parts[1::2], strict=True) if asked.search(_COMMENT.sub("", text))]


def needs_double(source: str) -> bool:
    """Whether a C file names the type: its answers are wrong where that has 32 bits."""
    return _WIDE.search(_COMMENT.sub("", source)) is not None
