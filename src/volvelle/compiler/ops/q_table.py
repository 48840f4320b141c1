"""A function of one quantised value as a table: how elementwise operators between quantisers are carried out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node

OP = "QTable"
DOMAIN = "volvelle"
ELEMENTWISE = True
TABLES = (1,)


def evaluate(node: Node, x: NDArray[Any], answers: NDArray[Any]) -> NDArray[Any]:
    """Answers are in the order of numbers, the least first.

    >>> evaluate(Node("q_table", ("x", "t"), ("y",)), np.array([-128, 5], np.int8), np.arange(256, dtype=np.uint8))
    array([  0, 133], dtype=uint8)
    """
    return np.asarray(answers[x.astype(np.int64) - np.iinfo(x.dtype).min])


def express(node: Node, kinds: tuple[str, ...], x: str, answers: str) -> str:
    """In C."""
    return f"{answers}[{x} + 128]" if kinds[0] == "int8_t" else f"{answers}[{x}]"
