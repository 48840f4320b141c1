"""The bound on the stack beside what rows take of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from growing import grown  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.host import KINDS
from volvelle.compiler.image import Image
from volvelle.compiler.prove import compiled
from volvelle.compiler.sources import Sources
from volvelle.compiler.stack import deepest

ZIG = TOOLCHAINS.load("zig")
CORES = ["cortex-m0", "cortex-m3", "cortex-m4f", "cortex-m7", "cortex-m33", "rv32imac"]
ROW = np.array([1, 2, 3], np.float32)


@pytest.mark.parametrize("core", CORES)
def test_no_row_goes_below_the_bound(core: str) -> None:
    """Random graphs, soft floating point among them: the deepest mark is never below the bound, nor far above it."""
    board = device(core)
    for seed in (1, 3, 4):
        made = compiled(grown(seed, 9)).sources
        image = ZIG.build(made, board)
        emulated = EMULATORS.load("unicorn").Core(image, board)
        rows = np.random.default_rng(seed).normal(size=(8, 6)).astype(np.float32)
        ends = [(KINDS[kind], size) for _, kind, size in made.outputs]
        marks = [emulated.run([row], ends).stack for row in rows]
        bound = deepest(image, board.machine)
        assert bound is not None
        assert max(marks) <= bound <= max(marks) + 128


def written(body: str) -> Sources:
    """C that nobody generated."""
    source = f'#include "m.h"\n{body}\n'
    return replace(compiled(grown(1, 2), "m").sources, source=source, header="void m_run(const float *x, float *y);\n")


BRANCH = """static __attribute__((noinline)) float far(const float *x) {
    volatile float q[60];
    for (int i = 0; i < 60; i++) q[i] = x[i % 3];
    return q[(int)x[1]];
}
void m_run(const float *x, float *y) { y[0] = x[0] > 5 ? far(x) : 1; }"""
CIRCLE = """static __attribute__((noinline)) float down(const float *x, int n) {
    return n > 0 ? x[n] * down(x, n - 1) : 1;
}
void m_run(const float *x, float *y) { y[0] = down(x, (int)x[0]); }"""
THROUGH = """typedef float (*part)(float);
static float one(float x) { return x + 1; }
static float two(float x) { return x * 2; }
void m_run(const float *x, float *y) { static part const all[2] = {one, two}; y[0] = all[(int)x[0] & 1](x[1]) + 1; }"""


@pytest.mark.parametrize("core", CORES)
def test_a_branch_that_no_row_takes_counts(core: str) -> None:
    """The rows stay shallow, the bound holds the 240 bytes of the branch that they never took."""
    board = device(core)
    image = ZIG.build(written(BRANCH), board)
    mark = EMULATORS.load("unicorn").Core(image, board).run([ROW], [(np.dtype(np.float32), 1)]).stack
    bound = deepest(image, board.machine)
    assert bound is not None
    assert mark < 100 < 240 <= bound < 400


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("body", [CIRCLE, THROUGH])
def test_what_has_no_bound_gets_none(core: str, body: str) -> None:
    """A function that calls itself, and a call through a pointer: nothing is claimed."""
    assert deepest(ZIG.build(written(body), device(core)), device(core).machine) is None


def test_code_that_leaves_the_program_has_no_bound() -> None:
    """An image that ends in the middle is not walked beyond its end."""
    assert deepest(Image(0x0800_0000, ((0x0800_0000, b"\x00\xb5"),), 2, 0, ""), "cortex-m0") is None
