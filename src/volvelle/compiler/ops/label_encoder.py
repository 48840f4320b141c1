"""A value for every key."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Node
from volvelle.errors import ModelError

OP = "LabelEncoder"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """What is no key gets the default."""
    keys, values, default = _table(node)
    made = np.full(x.shape, default, dtype=values.dtype)
    for key, value in reversed(list(zip(keys, values, strict=True))):
        made[x == key] = value
    return made


def emit(node: Node, code: Code) -> None:
    """A search from the first key on."""
    keys, values, default = _table(node)
    x, out = code.tensor(node.inputs[0]), node.outputs[0]
    ends = code.table(keys.astype(x.dtype)), code.table(values.astype(code.tensor(out).dtype))
    kind = code.kind(node.inputs[0])
    same = f"{ends[0]}[k] == cell"
    code.add(
        f"for (int i = 0; i < {x.size}; i++) {{",
        f"    const {kind} cell = {code.element(node.inputs[0], 'i')};",
        "    int k = 0;",
        f"    while (k < {len(keys)} && !({same})) k++;",
        f"    {code.element(out, 'i')} = k < {len(keys)} ? {ends[1]}[k] : {literal(default)};",
        "}",
    )


def _table(node: Node) -> tuple[NDArray[Any], NDArray[Any], Any]:
    given = node.attributes
    found = []
    for what in ("keys", "values"):
        kinds = (("_int64s", np.int64), ("_floats", np.float32), ("_tensor", None))
        told = [np.asarray(given[what + name], dtype=kind) for name, kind in kinds if what + name in given]
        if len(told) != 1 or told[0].dtype.kind not in "iuf":
            raise ModelError("LabelEncoder is supported from numbers to numbers", next_move="encode texts before")
        found.append(told[0].reshape(-1))
    keys, values = found
    if len(keys) != len(values):
        raise ModelError(f"{len(keys)} keys do not fit {len(values)} values")
    name, plain = ("default_int64", -1) if values.dtype.kind in "iu" else ("default_float", -0.0)
    if keys.dtype.kind == "f" and np.isnan(keys).any():
        raise ModelError("a key that is no number is not supported", next_move="replace missing values before")
    default = given["default_tensor"].reshape(-1)[0] if "default_tensor" in given else given.get(name, plain)
    return keys, values, values.dtype.type(default)
