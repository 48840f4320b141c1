"""Text that names the row and gives the target away."""

from __future__ import annotations

import numpy as np
import pytest

from volvelle.data.alone import alone
from volvelle.data.table import Table

RNG = np.random.default_rng(8)
ROWS = 600
Y = RNG.integers(0, 2, ROWS)
NUMBERS = RNG.permutation(9000)[:ROWS] + 1000
WITHIN = np.argsort(np.argsort(Y, kind="stable")) + 1
"""Where each row stands in a file that was sorted by its target."""


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([f"{'FP'[k]}{n}" for k, n in zip(Y, NUMBERS, strict=True)], "begins with a code"),
        ([f"{('K-', 'KX')[k]}{n}" for k, n in zip(Y, NUMBERS, strict=True)], "begins with a code"),
        ([f"{('lot', 'lof')[k]} {n} b" for k, n in zip(Y, NUMBERS, strict=True)], "begins with a code"),
        ([f"sample-{n}" for n in WITHIN], "the number in 'name'"),
        ([f"{n % 7}/img_{n:04d}.png" for n in WITHIN], "the number in 'name'"),
    ],
)
def test_names_that_encode_the_target(names: list[str], said: str) -> None:
    """A code in front, or a number that counts through a sorted file, is told."""
    found = alone(Table.of({"name": names, "y": Y}, target="y"))
    assert said in found["name"]


@pytest.mark.parametrize("form", ["{0}-{1}", "AB{1}", "no. {1} of 9", "{1:x}"])
def test_names_that_do_not(form: str) -> None:
    """Codes and numbers that have nothing to do with the target are no leak."""
    codes = RNG.choice(list("FPQ"), ROWS)
    names = [form.format(c, int(n)) for c, n in zip(codes, NUMBERS, strict=True)]
    assert alone(Table.of({"name": names, "y": Y}, target="y")) == {}
