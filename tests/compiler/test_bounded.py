"""Loops of the C: each counts towards a bound that no number of a row has a say in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from growing import grown  # type: ignore[import-not-found]

from volvelle.compiler.code import KERNELS
from volvelle.compiler.prove import compiled

COUNTED = re.compile(r"!?[\w+*/() -]+ (<|>|<=|>=) [\w+*/()?: -]+")
"""A comparison of counters, constants and sizes: nothing is read from memory, and nothing is called."""
WALKS = {"forest": {"", "!last"}, "nodes": {"k < (int)VV_BEGINS[-at]"}, "spaced": {"gap == full"}}
"""What is asked instead of a counter, constants of the model all of it. A tree is walked until a leaf, and trees until
the last one: both are in the stream of bits, and `volvelle.compiler.stream` writes every node behind its parent. Where
the values of a leaf begin is a table, and a gap of all ones goes on in the next one."""


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
