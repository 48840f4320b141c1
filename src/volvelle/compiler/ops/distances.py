"""Squared distances of a row from constant rows: what kernels of support vector machines begin with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import C_NAMES
from volvelle.compiler.ir import Node
from volvelle.errors import ContractBroken

OP = "Distances"
DOMAIN = "volvelle"
CONSTANT = (1,)


def evaluate(node: Node, x: NDArray[Any], vectors: NDArray[Any]) -> NDArray[Any]:
    """The differences themselves are squared: a difference of squares would cancel."""
    return np.asarray(np.stack([((row - vectors) ** 2).sum(axis=1) for row in x]))


def emit(node: Node, code: Code) -> None:
    """One sum per constant row, the numbers in the smallest type that holds them."""
    x, vectors = node.inputs
    count, width = code.tensor(vectors).shape
    rows = code.tensor(x).shape[0]
    values = code.tensor(vectors).value
    if values is None:
        raise ContractBroken("distances are of constant rows")
    table = code.compact(values)
    facts = {"real": code.kind(x), "kind": C_NAMES[table.dtype], "points": code.table(table)}
    name = code.special("distances", **facts, rows=count, columns=width)
    for row in range(rows):
        at = [f" + {row * n}" if row else "" for n in (width, count)]
        code.add(f"{name}({code.pointer(x)}{at[0]}, {code.pointer(node.outputs[0])}{at[1]});")
