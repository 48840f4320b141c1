"""Trees as tables of questions, as most runtimes have them: a feature, a split and what follows either answer.

A row of the tables is a question, in the order in which a tree is walked. What follows is the row of another question,
or a leaf as a number below 0; leaves that add the same are one. Every table has the smallest type that holds it. A
walk ends, for a question that follows another lies behind it, in tables of fixed length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import narrow
from volvelle.compiler.forest import LEAF, Forest
from volvelle.compiler.leaves import Term, Values
from volvelle.compiler.splits import set_bytes, split_table


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a forest.

    Attributes:
        roots: where each tree begins.
        columns: features, splits (a number of a set is above them), yes, no, and whether a missing value answers yes.
        begins: where the terms of each leaf begin, and where those of the last end.
        targets, values: of the terms; targets are empty where there is one sum.
        unit: what a split counts; 0 where splits are real numbers.
        sets: codes that answer yes, with how many bytes each takes.
    """

    roots: NDArray[Any]
    columns: Mapping[str, NDArray[Any]]
    begins: NDArray[Any]
    targets: NDArray[Any]
    values: NDArray[Any]
    unit: float
    sets: list[tuple[int, ...]]

    @property
    def bytes(self) -> int:
        """Of all tables."""
        parts = (self.roots, *self.columns.values(), self.begins, self.targets, self.values)
        return sum(p.nbytes for p in parts) + len(self.sets) * set_bytes(self.sets)


def tables(forest: Forest, values: Values) -> Tables:
    """The tables of a forest."""
    order = [n for root in forest.roots for n in _questions(forest, root)]
    place = {node: row for row, node in enumerate(order)}
    entries: dict[tuple[Term, ...], int] = {}

    def follows(node: int) -> int:
        return place[node] if node in place else -1 - entries.setdefault(values.of[node], len(entries))

    yes, no = ([follows(int(way[n])) for n in order] for way in (forest.yes, forest.no))
    roots = [follows(root) for root in forest.roots]
    sets = sorted(set(forest.members.values()))
    asked = [np.float32(0.0) if n in forest.members else forest.split[n] + np.float32(0.0) for n in order]
    splits, unit = split_table(np.array(asked, np.float32), whole=forest.whole)
    columns = {"features": _narrow([int(forest.feature[n]) for n in order]), "yes": _narrow(yes), "no": _narrow(no)}
    columns["splits"] = splits
    if sets:
        columns["sets"] = _narrow([sets.index(forest.members[n]) + 1 if n in forest.members else 0 for n in order])
    if any(forest.missing[n] for n in order):
        columns["missing"] = _narrow([int(forest.missing[n]) for n in order])
    terms = [t for entry in entries for t in entry]
    added = [v for _, v in terms] or [0]
    kept = _narrow(added) if values.unit else np.array(added, np.int32).view(np.float32)
    targets = _narrow([t for t, _ in terms]) if forest.targets > 1 else np.zeros(0, np.uint8)
    begins = _narrow(np.cumsum([0, *(len(entry) for entry in entries)]).tolist())
    return Tables(_narrow(roots), columns, begins, targets, kept, unit, sets)


def _questions(forest: Forest, root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        if forest.feature[node] != LEAF:
            found.append(node)
            waiting += [int(forest.no[node]), int(forest.yes[node])]
    return found


def _narrow(numbers: list[int]) -> NDArray[Any]:
    """At least one number, in the smallest type."""
    made = np.array(numbers or [0])
    return made.astype(narrow(int(made.min()), int(made.max())))
