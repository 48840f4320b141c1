"""A dense network in whole numbers: int8 weights and values, int32 sums, and QDQ operators that say so in the graph.

Every column is divided by a step of its own, which the weights of the first layer take up, so that a column of large
numbers takes no bits from another. Steps are those that err least, in the mean, on the rows that are learnt from: a few
far rows are held rather than all others made coarse. The last layer gives real numbers: nothing is lost behind it.

Weights have seven bits. Of two products of uint8 with int8 the sum then fits 16 bits, in which some processors add
(VPMADDUBSW); with eight bits the answer would depend on the machine that onnxruntime runs on.

Reference: Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only inference,
CVPR 2018; Nagel et al., A white paper on neural network quantization, 2021, section 3.1 on ranges.

>>> x = np.array([[0.0, 3.0], [1.0, 1.0], [2.0, 0.0]], dtype=np.float32)
>>> net = quantised(x, [np.array([[1.0], [2.0]]), np.array([[3.0]])], [np.array([0.5]), np.array([0.5])])
>>> answers(net, x).round().tolist()
[[20.0], [11.0], [8.0]]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value

MOST, WEIGHT = 127, 64
"""Of a value, and of a weight."""
_BIAS = 2**24
"""A bias has so many steps at most: sums then stay far from the end of 32 bits."""
_HELD = (1.0, 0.7, 0.5, 0.35, 0.25, 0.12, 0.06, 0.03)
"""Shares of the largest magnitude that are tried as the end of a range."""
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class Layer:
    """What goes in is ``(q - zero) * taken``; its sums, times ``taken * scale``, are the answers."""

    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    scale: NDArray[np.float32]
    taken: np.float32
    zero: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A network of layers with a Relu between each two, behind a factor of each column."""

    factors: NDArray[np.float32]
    layers: tuple[Layer, ...]


def quantised(x: NDArray[np.float32], weights: Sequence[NDArray[Any]], biases: Sequence[NDArray[Any]]) -> Whole:
    """The network of ``[n, m]`` weights and ``[m]`` biases, its ranges taken from the rows `x`."""
    step = np.array([_step(np.abs(column), MOST) for column in x.T])
    factors = np.where(step > 0, np.minimum(1 / np.where(step > 0, step, 1.0), _LARGEST), 1.0).astype(np.float32)
    # A column that is 0 on all rows says nothing.
    given = np.where(step > 0, 1 / factors.astype(np.float64), 0.0).reshape(-1, 1) * weights[0]
    layers: list[Layer] = []
    taken, zero, rows = np.float32(1.0), 0, _first(factors, x)
    for place, bias in enumerate(biases):
        layer = _layer(given if place == 0 else weights[place], bias, taken, zero)
        layers.append(layer)
        if place + 1 == len(biases):
            break
        step_behind = _step(np.maximum(_real(layer, rows), 0.0).reshape(-1), 2 * MOST + 1) or 1.0
        taken, zero = np.float32(step_behind), -MOST - 1
        rows = _behind(layer, taken, rows)
    return Whole(factors, tuple(layers))


def _step(sizes: NDArray[Any], most: int) -> float:
    """The step with the least mean error for numbers from 0 on; 0 where all of them are 0."""
    ends = [float(sizes.max(initial=0.0)) * share / most for share in _HELD]
    if not ends[-1] > 0:
        return 0.0
    wide = sizes.astype(np.float64)
    errors = [float(np.abs(np.minimum(np.rint(wide / end), most) * end - wide).mean()) for end in ends]
    return ends[int(np.argmin(errors))]


def _layer(weights: NDArray[Any], bias: NDArray[Any], taken: np.float32, zero: int) -> Layer:
    wide = weights.astype(np.float64)
    largest = np.maximum(np.abs(wide).max(axis=0) / WEIGHT, np.abs(bias) / float(taken) / _BIAS)
    scale = np.maximum(largest, np.finfo(np.float32).tiny / min(float(taken), 1.0)).astype(np.float32)
    whole = np.clip(np.rint(wide / scale), -WEIGHT, WEIGHT).astype(np.int8)
    steps = np.rint(bias / (float(taken) * scale.astype(np.float64)))
    return Layer(whole, np.clip(steps, -_BIAS, _BIAS).astype(np.int32), scale, taken, zero)


def answers(net: Whole, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the graph gives for rows ``[n, f]``, to the bit."""
    rows = _first(net.factors, x)
    for layer, behind in zip(net.layers, net.layers[1:], strict=False):
        rows = _behind(layer, behind.taken, rows)
    return _real(net.layers[-1], rows)


def _first(factors: NDArray[np.float32], x: NDArray[np.float32]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return np.asarray(np.clip(np.rint(x * factors), -MOST - 1, MOST), dtype=np.float64)


def _sums(layer: Layer, rows: NDArray[np.float64]) -> NDArray[np.float32]:
    # Whole numbers below 2^53 are exact in double precision, in any order.
    return ((rows - layer.zero) @ layer.weights.astype(np.float64) + layer.bias).astype(np.float32)


def _real(layer: Layer, rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(_sums(layer, rows) * (layer.taken * layer.scale), dtype=np.float32)


def _behind(layer: Layer, taken: np.float32, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The answers in steps of the next layer, whose zero point is the least number and so the Relu."""
    scaled = _sums(layer, rows) * (layer.taken * layer.scale / taken).astype(np.float32)
    return np.asarray(np.clip(np.rint(scaled) - MOST - 1, -MOST - 1, MOST), dtype=np.float64)


def emit(graph: Graph, x: Value, net: Whole) -> Value:
    """`answers` in the graph, float ``[N, m]``."""
    value = graph.node("Mul", x, graph.constant(net.factors.reshape(1, -1)))
    for place, layer in enumerate(net.layers):
        value = graph.node("Relu", value) if place else value
        ends = graph.constant(layer.taken), graph.constant(np.int8(layer.zero))
        held = graph.node(
            "DequantizeLinear", graph.node("QuantizeLinear", value, *ends, kind="int8"), *ends, kind="float"
        )
        weights = _constant(graph, layer.weights, layer.scale, axis=1)
        bias = _constant(graph, layer.bias, layer.taken * layer.scale, axis=0)
        value = graph.node("Gemm", held, weights, bias, width=layer.weights.shape[1])
    return value


def _constant(graph: Graph, whole: NDArray[Any], scale: NDArray[np.float32], axis: int) -> Value:
    """Whole numbers with a scale of each slice along an axis."""
    zero = graph.constant(np.zeros(len(scale), whole.dtype))
    return graph.node("DequantizeLinear", graph.constant(whole), graph.constant(scale), zero, kind="float", axis=axis)
