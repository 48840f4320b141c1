"""Trees in C, in one of three layouts: a stream of bits that a loop walks, tables of questions, or nested if and else.

All give the sums of `Forest.evaluate` to the bit. The choice is made by one model of their cost, before any compiler
runs: wanted small, the least flash; wanted fast, the fewest instructions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Literal

import numpy as np

from volvelle.compiler import branches
from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import literal
from volvelle.compiler.forest import LEAF, Forest, floored
from volvelle.compiler.leaves import Values, leaves, whole_values
from volvelle.compiler.nodes import Tables, tables
from volvelle.compiler.splits import set_bytes, split_table
from volvelle.compiler.stream import Stream, bitmaps

Layout = Literal["branches", "table", "stream"]
LAYOUTS: tuple[Layout, ...] = ("branches", "table", "stream")


def write(forest: Forest, x: str, out: str, code: Code, layout: Layout | None = None) -> None:
    """Write the sums of a forest over a row of features, in the layout that suits the goal of the code.

    Args:
        forest: the trees.
        x: the row.
        out: the sums.
        code: to write into.
        layout: instead of the one that costs least.
    """
    cell = code.kind(x)
    forest = floored(forest) if code.tensor(x).dtype.kind == "i" else forest
    values = whole_values(forest)
    cost = Cost(forest, values)
    wanted: Callable[[Layout], float] = cost.instructions if code.goal == "speed" else cost.flash
    match layout if layout is not None else min(LAYOUTS, key=wanted):
        case "branches":
            names = branches.write(forest, values, (cell, _kind(values)), code)
        case "table":
            names = [_questions(forest, values, cost.tables, code, cell)]
        case _:
            names = [_walk(forest, values, cost.stream, code, cell)]
    _summed(forest, values, x, out, code, names)


def _kind(values: Values) -> str:
    return "int32_t" if values.unit else "float"


def _summed(forest: Forest, values: Values, x: str, out: str, code: Code, names: list[str]) -> None:
    """Start the sums, call what adds to them, and scale them."""
    sums = code.fresh("sums") if values.unit else code.pointer(out)
    if values.unit:
        code.add(f"int32_t {sums}[{forest.targets}] = {{0}};")
    else:
        code.add(*(f"{code.element(out, str(k))} = {literal(s)};" for k, s in enumerate(forest.start)))
    code.add(*(f"{name}({code.pointer(x)}, {sums});" for name in names))
    if values.unit:
        unit = literal(np.float32(values.unit))
        for k, start in enumerate(forest.start):
            plus = f" + {literal(start)}" if start else ""
            code.add(f"{code.element(out, str(k))} = (float){sums}[{k}] * {unit}{plus};")


STREAM_CODE, SUM_CODE, SET_CODE, LIST_CODE = 170, 20, 100, 120
NODE_CODE, SAME_CODE, TERM_CODE, TABLE_CODE = 14, 3, 12, 190
"""Bytes on a Cortex-M4F: of the loop that walks a stream, of a sum, of what sets and lists need; of a question between
branches, of a leaf that adds what most do, of another term; of the loop over tables. Measured with clang 21 on forests
of digits and made-up ones."""
WORK: dict[Layout, tuple[float, float, float]] = {
    "branches": (5.0, 5.0, 5.0),
    "table": (12.0, 20.0, 9.0),
    "stream": (20.0, 40.0, 25.0),
}
"""Instructions on a Cortex-M4F for a tree, a question and a term."""


class Cost:
    """What each layout of a forest takes on a Cortex-M4F, foretold.

    Args:
        forest: the trees.
        values: what their leaves add.
    """

    def __init__(self, forest: Forest, values: Values) -> None:
        self._forest, self._values = forest, values

    @cached_property
    def stream(self) -> Stream:
        """The bits of the forest."""
        return Stream(self._forest, self._values)

    @cached_property
    def tables(self) -> Tables:
        """The tables of the forest."""
        return tables(self._forest, self._values)

    def flash(self, layout: Layout) -> int:
        """Bytes: of a stream or tables within 64 and 3 %, of branches within a third, for a compiler shares ends."""
        sums = SUM_CODE * self._forest.targets
        if layout == "stream":
            table, _ = split_table(self.stream.splits, whole=self._forest.whole)
            sets = set_bytes(self.stream.sets) * len(self.stream.sets) + SET_CODE * bool(self.stream.sets)
            return self.stream.data.nbytes + table.nbytes + sets + STREAM_CODE + LIST_CODE * self.stream.lists + sums
        if layout == "table":
            return self.tables.bytes + TABLE_CODE + SET_CODE * bool(self.tables.sets) + sums
        terms = [v for root in self._forest.roots for n in leaves(self._forest, root) for _, v in self._values.of[n]]
        same = max(map(terms.count, set(terms)), default=0) if len(set(terms)) < 16 else 0
        code = NODE_CODE * int((self._forest.feature != LEAF).sum()) + SAME_CODE * same
        return code + TERM_CODE * (len(terms) - same) + sums

    def instructions(self, layout: Layout) -> float:
        """Of a row, if every question is answered yes by one half of all rows."""
        tree, question, term = WORK[layout]
        asked, added = self.expected
        return len(self._forest.roots) * tree + asked * question + added * term

    @cached_property
    def expected(self) -> tuple[float, float]:
        """Questions that such a row is asked, and terms that it adds."""
        forest, asked, added = self._forest, 0.0, 0.0
        waiting = [(root, 1.0) for root in forest.roots]
        while waiting:
            node, share = waiting.pop()
            if forest.feature[node] == LEAF:
                added += share * len(self._values.of[node])
                continue
            asked += share
            waiting += [(int(forest.yes[node]), share / 2), (int(forest.no[node]), share / 2)]
        return asked, added


def _answer(code: Code, split: str, sets: list[tuple[int, ...]], member: tuple[str, str], cell: str) -> str:
    """Whether a cell answers yes: it is at most a split or, where `member` tells so, among the codes of a set."""
    answer, real = (f"vv_at_most(cell, {split})", "cell") if cell == "float" else (f"cell <= {split}", "(float)cell")
    if not sets:
        return answer
    size = set_bytes(sets)
    is_set, number = member
    return f"{is_set} ? vv_member({real}, {code.table(bitmaps(sets, size))} + ({number}) * {size}, {size}) : {answer}"


def _split(table: str, unit: float, index: str, cell: str) -> str:
    if cell != "float":
        return f"{table}[{index}]"
    return f"(float){table}[{index}] * {literal(np.float32(unit))}" if unit else f"{table}[{index}]"


def _questions(forest: Forest, values: Values, made: Tables, code: Code, cell: str) -> str:
    named = {name: code.table(column) for name, column in made.columns.items()}
    return code.special(
        "nodes",
        cell=cell,
        sum=_kind(values),
        trees=len(forest.roots),
        roots=code.table(made.roots),
        features=named["features"],
        yes=named["yes"],
        no=named["no"],
        asked=f"const int asked = (int){named['sets']}[at];" if made.sets else "",
        answer=_answer(code, _split(named["splits"], made.unit, "at", cell), made.sets, ("asked", "asked - 1"), cell),
        missing=f"if (cell != cell) yes = {named['missing']}[at] != 0;" if "missing" in named else "",
        begins=code.table(made.begins),
        targets=f"{code.table(made.targets)}[k]" if forest.targets > 1 else "0",
        values=code.table(made.values),
    )


def _walk(forest: Forest, values: Values, stream: Stream, code: Code, cell: str) -> str:
    table, unit = split_table(stream.splits, whole=forest.whole)
    data, splits = code.table(stream.data), code.table(table)
    known = len(stream.splits)
    split = _split(splits, unit, "asked", cell)
    answer = _answer(code, split, stream.sets, (f"asked + 1 > {known}", f"asked - {known}"), cell)
    head = 2 + stream.tracks + stream.feature
    once = stream.word <= 25
    feature = f"bits >> {2 + stream.tracks}"
    wide = stream.direct
    value = f"vv_wide_bits({data}, at, {wide})"
    if stream.table:
        value = f"vv_wide_bits({data}, {stream.table_at} + vv_bits({data}, at, {stream.value}) * {wide}, {wide})"
    shares = stream.rest is not None
    single = stream.target + (0 if shares else stream.value) + int(stream.lists)
    return code.special(
        "forest",
        cell=cell,
        sum=_kind(values),
        data=data,
        trees=len(forest.roots),
        begin=stream.begin,
        head=stream.word if once else head,
        word=stream.word,
        missing="if (cell != cell) yes = (bits & 4u) != 0;" if stream.tracks else "",
        feature=f"{feature} & {2**stream.feature - 1}u" if once else feature,
        asked=f"bits >> {head}" if once else f"vv_bits({data}, at + {head}, {stream.asked})",
        answer=answer,
        skip=stream.skip,
        lists=int(stream.lists),
        reference=stream.reference,
        leaf=single,
        rest=stream.rest or 0,
        shares=int(shares),
        turns=int(stream.turns),
        targets=forest.targets,
        target=stream.target,
        value=value if wide else "0",
        width=stream.value,
        real="" if values.unit else "vv_real",
    )
