"""The Yeo-Johnson power transform: bends a skewed column towards a normal one.

For a centred column z and lambda l it is ((1 + z)^l - 1) / l where z >= 0 and -((1 - z)^(2 - l) - 1) / (2 - l)
where z < 0, with the logarithm at a zero exponent. l is fitted by maximum likelihood.

Source: I.-K. Yeo and R. A. Johnson, A new family of power transformations to improve normality or symmetry,
Biometrika 87 (2000), 954-959, equations 2.1 and 3.1. Two choices of ours, both for float32: columns are first
centred on the median and divided by the interquartile range, so the result does not depend on the unit of a
column; and l is a multiple of 1/16 in [-2, 4], which the flat likelihood cannot tell from its maximum and which
keeps the quotient away from cancellation. Constant columns get l = 1, which changes nothing.

>>> import numpy as np
>>> fit(np.array([[1.0], [2.0], [3.0]], dtype=np.float32))
{'centre': [2.0], 'spread': [1.0], 'exponent': [1.0]}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.arithmetic import BOUND, known, row, scale
from volvelle.prepare.contract import Flow, Params
from volvelle.prepare.steps import scale_robust

TAKES: Flow = "number"
GIVES: Flow = "number"
LOW, HIGH, GRID = -2.0, 4.0, 16
MOST_ROWS = 4096


def fit(block: NDArray[np.generic]) -> Params:
    """Centre, spread and exponent of each column of ``[n, k]``, missing left out."""
    params = scale_robust.fit(block)
    settled = zip(known(block), params["centre"], params["spread"], strict=True)
    return {**params, "exponent": [_exponent(np.clip((c - centre) / s, -BOUND, BOUND)) for c, centre, s in settled]}


def _exponent(column: NDArray[np.float64]) -> float:
    if len(column) < 3 or column.min() == column.max():
        return 1.0
    ordered = np.sort(column)
    if len(ordered) > MOST_ROWS:
        # Evenly spaced order statistics carry the shape, at a bounded cost and without chance.
        ordered = ordered[np.linspace(0, len(ordered) - 1, MOST_ROWS).astype(np.int64)]
    coarse = _best(ordered, np.arange(LOW, HIGH + 0.5, 0.5))
    near = np.arange(max(LOW, coarse - 0.5), min(HIGH, coarse + 0.5) + 0.5 / GRID, 1 / GRID)
    return _best(ordered, near)


def _best(column: NDArray[np.float64], exponents: NDArray[np.float64]) -> float:
    logs = np.log1p(np.abs(column))
    likelihood = [_likelihood(column, logs, float(e)) for e in exponents]
    # Ties go to the exponent nearest to 1, the identity.
    order = sorted(range(len(exponents)), key=lambda i: (-likelihood[i], abs(exponents[i] - 1.0)))
    return float(exponents[order[0]])


def _likelihood(column: NDArray[np.float64], logs: NDArray[np.float64], exponent: float) -> float:
    """The log-likelihood of a normal column after the transform, up to a constant; `logs` is log(1 + |column|)."""
    powers = np.where(column >= 0, exponent, 2.0 - exponent)
    divisors = np.where(powers == 0.0, 1.0, powers)
    bent = np.sign(column) * np.where(powers == 0.0, logs, np.expm1(powers * logs) / divisors)
    variance = float(bent.var())
    if not 0.0 < variance < np.inf:
        return -np.inf
    return float(-0.5 * len(column) * np.log(variance) + (exponent - 1.0) * (np.sign(column) * logs).sum())


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """Both branches share ``1 + |z|``, at most 1e6; only the exponent is picked by the sign."""
    exponent = np.asarray(params["exponent"], dtype=np.float32)
    one, zero = row(graph, [1.0]), row(graph, [0.0])
    centred = scale(graph, x, params["centre"], params["spread"])
    size = graph.node("Add", graph.node("Abs", centred), one)
    below = graph.node("Less", centred, zero, kind="bool")
    power = graph.node("Where", below, row(graph, 2.0 - exponent), row(graph, exponent), kind="float", width=x.width)
    bent = graph.node("Sub", graph.node("Pow", size, power), one)
    if not (exponent % 2).all():
        flat = graph.node("Equal", power, zero, kind="bool")
        divisor = graph.node("Where", flat, one, power, kind="float", width=x.width)
        bent = graph.node("Div", bent, divisor)
        bent = graph.node("Where", flat, graph.node("Log", size), bent, kind="float", width=x.width)
    else:
        bent = graph.node("Div", bent, power)
    return graph.node("Mul", graph.node("Sign", centred), bent)


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``power(a)``."""
    return tuple(f"power({c})" for c in columns)
