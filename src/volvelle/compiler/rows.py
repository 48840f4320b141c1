"""Rows that are made up: ordinary ones, and those that break careless arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Tensor
from volvelle.compiler.records import Precision
from volvelle.model.signature import MISSING_TIME, Signature

_STRANGE = (0.0, -0.0, 1.0, -1.0, np.nan, 1e-40, -1e-40, 1e-30, 3e4, -3e4, 16777217.0, 3e9)
_EXTREME = tuple(float(sign * np.finfo(np.float32).max) for sign in (1, -1))
_INFINITE = (np.inf, -np.inf)
_LATEST = 2**32


def made_up(
    graph: Graph, signature: Signature | None, count: int, seed: int, precision: Precision = "as written"
) -> dict[str, NDArray[Any]]:
    """Rows ``[count, ...]`` for every input.

    A model with a signature gets numbers inside and around the ranges that it states, one in ten missing; others get
    normal numbers at scales from 0.1 to 100. One row in four holds strange numbers: zeros of both signs, denormals,
    numbers beyond what float32 counts one by one, the largest of float32, infinite ones, no number. A model with a
    signature gets no infinite ones, for its door reads them as missing. Where double precision was replaced by single,
    neither come: the file answers them with numbers that only double precision holds.
    """
    random = np.random.default_rng(seed)
    strange: tuple[float, ...] = _STRANGE
    if precision == "as written":
        strange += _EXTREME if signature is not None else (*_EXTREME, *_INFINITE)
    return {name: _rows(name, graph.tensors[name], signature, count, strange, random) for name in graph.inputs}


def _rows(
    name: str,
    tensor: Tensor,
    signature: Signature | None,
    count: int,
    odd: tuple[float, ...],
    random: np.random.Generator,
) -> NDArray[Any]:
    shape = (count, *(tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape))
    if tensor.dtype.kind == "b":
        return random.random(shape) < 0.5
    if signature is not None and name == "codes":
        most = np.array([max(len(f.categories), 1) for f in signature.of("codes")])
        return np.asarray(random.integers(-2, most, shape), dtype=np.int64)
    if tensor.dtype.kind in "iu":
        return _whole(tensor, shape, random, missing=MISSING_TIME if name == "times" else None)
    if signature is not None and name == "numbers":
        low = np.array([-1.0 if f.low is None else f.low for f in signature.of("numbers")])
        high = np.array([1.0 if f.high is None else f.high for f in signature.of("numbers")])
        wide = high - low
        made = random.uniform(low - 0.1 * wide, high + 0.1 * wide, shape)
        made[random.random(shape) < 0.1] = np.nan
    else:
        made = random.normal(size=shape) * 10.0 ** random.integers(-1, 3, (count, *(1,) * (len(shape) - 1)))
    strange = random.random(shape) < 0.3
    strange[count // 4 :] = False
    made[strange] = random.choice(odd, int(strange.sum()))
    return made.astype(tensor.dtype)


def _whole(tensor: Tensor, shape: tuple[int, ...], random: np.random.Generator, missing: int | None) -> NDArray[Any]:
    limits = np.iinfo(tensor.dtype)
    low, high = (0, _LATEST) if limits.max > _LATEST else (int(limits.min), int(limits.max))
    made = random.integers(low, high, shape, endpoint=True).astype(tensor.dtype)
    if missing is not None:
        made[random.random(shape) < 0.05] = missing
    return made
