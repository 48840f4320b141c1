"""Loops of the C: each counts towards a bound that no number of a row has a say in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from growing import grown  # type: ignore[import-not-found]
from hypothesis import given, settings
from hypothesis import strategies as st

from volvelle.compiler.code import KERNELS
from volvelle.compiler.forest import Forest, classic, ensemble
from volvelle.compiler.leaves import whole_values
from volvelle.compiler.nodes import tables
from volvelle.compiler.packing import gaps
from volvelle.compiler.prove import compiled
from volvelle.compiler.stream import Stream, packed
from volvelle.errors import ContractBroken, ModelError

COUNTED = re.compile(r"!?[\w+*/() -]+ (<|>|<=|>=) [\w+*/()?: -]+")
"""A comparison of counters, constants and sizes: nothing is read from memory, and nothing is called."""
WALKS = {"forest": {"", "!last"}, "nodes": {"k < (int)VV_BEGINS[-at]"}, "spaced": {"gap == full"}}
"""What is asked instead of a counter, constants of the model all of it. A tree is walked until a leaf, and trees until
the last one: both are in the stream of bits, and `volvelle.compiler.stream` writes every node behind its parent. Where
the values of a leaf begin is a table, and a gap of all ones goes on in the next one. The tests below hold these tables
to it: what would not end is refused when it is written."""


def loops(text: str) -> Iterator[str]:
    """The conditions of all loops."""
    plain = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    for found in re.finditer(r"\b(for|while) \(", plain):
        depth, at = 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(plain[at], 0)
            at += 1
        inside = plain[found.end() : at - 1]
        yield inside.split(";")[1].strip() if found[1] == "for" else inside
    assert not re.search(r"\bgoto\b", plain)


def bounded(condition: str) -> bool:
    """Whether a loop asks how far it has counted, and ends there whatever else it asks."""
    return " || " not in condition and any(map(COUNTED.fullmatch, condition.split(" && ")))


@pytest.mark.parametrize("name", sorted(p.stem for p in KERNELS.glob("*.c")))
def test_every_loop_of_a_kernel_counts(name: str) -> None:
    """But for walks through trees, no loop of a kernel goes on by what it reads."""
    text = (KERNELS / f"{name}.c").read_text(encoding="utf-8")
    assert {c for c in loops(text) if not bounded(c)} == WALKS.get(name, set())


def test_every_loop_that_is_written_counts() -> None:
    """In the C of random graphs no loop goes on by what it reads, and no function calls itself or takes a heap."""
    for seed in range(80):
        text = compiled(grown(seed, 2 + seed % 9)).sources.source
        assert {c for c in loops(text) if not bounded(c)} <= WALKS["forest"], seed
        assert not re.search(r"\b(malloc|calloc|realloc|alloca)\b", text)


@pytest.mark.parametrize(
    "text", ["for (;;) {", "while (*p) p++;", "for (int i = 0; i < n[k]; i++) {", "while (go(3)) {"]
)
def test_a_loop_that_does_not_count_is_found(text: str) -> None:
    """Endless loops, and loops up to what lies in memory or comes from a function, are no counted ones."""
    assert [bounded(c) for c in loops(text)] == [False]


CLASSIC: dict[str, Any] = {
    "n_targets": 1,
    "nodes_treeids": [0] * 5,
    "nodes_nodeids": [0, 1, 2, 3, 4],
    "nodes_modes": ["BRANCH_LEQ", "BRANCH_LEQ", "LEAF", "LEAF", "LEAF"],
    "nodes_featureids": [0] * 5,
    "nodes_values": [0.5, 0.25, 0.0, 0.0, 0.0],
    "nodes_truenodeids": [1, 2, 0, 0, 0],
    "nodes_falsenodeids": [4, 3, 0, 0, 0],
    "target_treeids": [0] * 3,
    "target_nodeids": [2, 3, 4],
    "target_ids": [0] * 3,
    "target_weights": [1.0, 2.0, 3.0],
}
NEWER: dict[str, Any] = {
    "n_targets": 1,
    "tree_roots": [0],
    "nodes_modes": np.zeros(2, np.uint8),
    "nodes_splits": np.array([0.5, 0.25], np.float32),
    "nodes_featureids": [0, 0],
    "nodes_truenodeids": [1, 0],
    "nodes_trueleafs": [0, 1],
    "nodes_falsenodeids": [2, 1],
    "nodes_falseleafs": [1, 1],
    "leaf_weights": np.array([1, 2, 3], np.float32),
    "leaf_targetids": [0, 0, 0],
}


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ("classic", {"nodes_truenodeids": [1, 0, 0, 0, 0]}),
        ("classic", {"nodes_truenodeids": [0, 2, 0, 0, 0]}),
        ("classic", {"nodes_values": [0.5]}),
        ("newer", {"nodes_truenodeids": [0, 0]}),
        ("newer", {"nodes_truenodeids": [7, 0]}),
        ("newer", {"nodes_truenodeids": [-2, 0]}),
        ("newer", {"nodes_splits": np.zeros(1, np.float32)}),
        ("newer", {"tree_roots": [-1]}),
        ("newer", {"tree_roots": [9]}),
    ],
)
def test_nodes_that_are_no_trees_are_refused(form: str, wrong: dict[str, Any]) -> None:
    """A question that leads back, to nowhere, or counts from the end, is no tree: nothing is written of it."""

    def read(changed: dict[str, Any]) -> Forest:
        return classic(CLASSIC | changed, "target") if form == "classic" else ensemble(NEWER | changed)

    assert sound(read({})).roots == (0,)
    with pytest.raises(ModelError, match="the nodes are no trees"):
        read(wrong)


def sound(forest: Forest) -> Forest:
    """The same, after it was written both ways."""
    assert len(tables(forest, whole_values(forest)).columns["yes"]) == 2
    assert len(Stream(forest, whole_values(forest)).data) > 4
    return forest


@pytest.mark.parametrize("seed", range(20))
def test_every_step_through_tables_goes_forward(seed: int) -> None:
    """In forests of any shape what follows a question is a leaf that exists, or a question in a later row."""
    random = np.random.default_rng(seed)
    trees: list[int] = []
    numbers, follow = list[int](), list[tuple[int, int]]()
    for tree in range(3):
        ways: dict[int, tuple[int, int]] = {}
        open_, count = [0], 1
        for _ in range(random.integers(1, 40)):
            ways[open_.pop(random.integers(len(open_)))] = count, count + 1
            open_ += [count, count + 1]
            count += 2
        trees += [tree] * count
        numbers += range(count)
        follow += [ways.get(n, (0, 0)) for n in range(count)]
    leaf = [pair == (0, 0) for pair in follow]
    made = {
        "n_targets": 1,
        "nodes_treeids": trees,
        "nodes_nodeids": numbers,
        "nodes_modes": ["LEAF" if one else "BRANCH_LEQ" for one in leaf],
        "nodes_featureids": random.integers(0, 4, len(leaf)).tolist(),
        "nodes_values": random.normal(size=len(leaf)).tolist(),
        "nodes_truenodeids": [pair[0] for pair in follow],
        "nodes_falsenodeids": [pair[1] for pair in follow],
        "target_treeids": [t for t, one in zip(trees, leaf, strict=True) if one],
        "target_nodeids": [n for n, one in zip(numbers, leaf, strict=True) if one],
        "target_ids": [0] * sum(leaf),
        "target_weights": random.normal(size=sum(leaf)).tolist(),
    }
    forest = classic(made, "target")
    found = tables(forest, whole_values(forest))
    rows = np.arange(len(found.columns["yes"]))
    for way in (found.columns["yes"].astype(int), found.columns["no"].astype(int)):
        assert ((way < 0) | (way > rows)).all()
        assert (way < len(rows)).all()
        assert (-way[way < 0] < len(found.begins)).all()


@given(st.integers(-300, 300), st.integers(0, 8))
def test_a_number_is_written_only_where_it_fits(value: int, bits: int) -> None:
    """A skip that is cut off would lead elsewhere: what takes more bits than its field is refused."""
    if -(2**bits) // 2 <= value < 2**bits:
        assert len(packed([(value, bits)])) == 4 + (bits > 0)
    else:
        with pytest.raises(ContractBroken, match="does not fit"):
            packed([(value, bits)])


@given(st.lists(st.sampled_from([0, 0, 0, 0, 0, 7, -3]), min_size=1, max_size=400))
@settings(max_examples=60)
def test_gaps_end(weights: list[int]) -> None:
    """Behind the last field of all ones there is one that is not: a reader that goes on by them comes to an end."""
    made = gaps(np.array(weights, np.int8))
    bits = np.unpackbits(made.tables[0], bitorder="little").tolist()
    full, at, place = 2**made.width - 1, 0, 0
    while place < len(weights):
        gap = full
        while gap == full:
            gap = sum(bit << k for k, bit in enumerate(bits[at : at + made.width]))
            at += made.width
            place += gap
        place += 1
    assert at <= len(bits) - 32
    assert place in (len(weights), len(weights) + 1)
