"""Trees as nested if and else: the layout for few instructions.

Splits are constants of the program, and nothing is looked up. A tree that is deeper than a compiler must be able to
nest continues in a function of its own.
"""

from __future__ import annotations

import numpy as np

from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import literal
from volvelle.compiler.forest import LEAF, Forest
from volvelle.compiler.leaves import Values
from volvelle.compiler.stream import bitmaps

DEEP = 40
"""Levels of one function; C11 5.2.4.1 promises 127 nested blocks."""


def write(forest: Forest, values: Values, kinds: tuple[str, str], code: Code) -> list[str]:
    """One function for each tree, added to the code; gives their names.

    Args:
        forest: the trees.
        values: what their leaves add.
        kinds: C types of a cell and of a sum.
        code: to write into.
    """
    sets = sorted(set(forest.members.values()))
    most = max((max(s, default=0) for s in sets), default=0)
    tree = _Tree(forest, values, kinds, code, sets, most // 8 + 1)
    return [tree.function(root) for root in forest.roots]


class _Tree:
    def __init__(
        self, forest: Forest, values: Values, kinds: tuple[str, str], code: Code, sets: list[tuple[int, ...]], size: int
    ) -> None:
        self._forest, self._values, self._kinds, self._code = forest, values, kinds, code
        self._places = {s: k * size for k, s in enumerate(sets)}
        self._size = size
        self._table = code.table(bitmaps(sets, size)) if sets else ""

    def function(self, root: int) -> str:
        """The function of a subtree; those that it calls are written before it."""
        lines: list[str] = []
        # What is still to be written: a node with its depth, or a line.
        waiting: list[tuple[int, int] | str] = [(root, 1)]
        while waiting:
            item = waiting.pop()
            if isinstance(item, str):
                lines.append(item)
                continue
            node, depth = item
            tab = "    " * depth
            if self._forest.feature[node] == LEAF:
                lines += [f"{tab}{line}" for line in self._leaf(node)]
            elif depth > DEEP:
                lines.append(f"{tab}{self.function(node)}(x, sums);")
            else:
                lines.append(f"{tab}if ({self._question(node)}) {{")
                yes, no = int(self._forest.yes[node]), int(self._forest.no[node])
                waiting += [f"{tab}}}", (no, depth + 1), f"{tab}}} else {{", (yes, depth + 1)]
        text = "\n".join(lines)
        lines += [
            f"    (void){given};" for given in ("x", "sums") if f"{given}[" not in text and "(x, sums)" not in text
        ]
        name = self._code.fresh("tree")
        cell, kind = self._kinds
        text = "\n".join([f"static void {name}(const {cell} *x, {kind} *sums) {{", *lines, "}", ""])
        self._code.function(name, text)
        return name

    def _leaf(self, node: int) -> list[str]:
        terms = self._values.of[node]
        if self._values.unit:
            return [f"sums[{t}] += {literal(np.int32(v))};" for t, v in terms]
        return [f"sums[{t}] += {literal(np.int32(v).view(np.float32))};" for t, v in terms]

    def _question(self, node: int) -> str:
        forest = self._forest
        cell = f"x[{forest.feature[node]}]"
        if node in forest.members:
            place = self._places[forest.members[node]]
            asked = f"vv_member({'(float)' * forest.whole}{cell}, {self._table} + {place}, {self._size})"
        elif forest.whole:
            asked = f"{cell} <= {literal(np.int32(forest.split[node]))}"
        else:
            asked = f"vv_at_most({cell}, {literal(forest.split[node] + np.float32(0.0))})"
        return f"{cell} != {cell} || {asked}" if forest.missing[node] else asked
