"""Layers of quantised networks for random graphs: convolutions, depthwise, pointwise and dense ones, pools and sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from onnx import helper

if TYPE_CHECKING:
    from growing import Growing  # type: ignore[import-not-found]


@dataclass
class Signal:
    """A quantised value: its name as real numbers and as whole ones, its channels and places, scale and zero point."""

    real: str
    whole: str
    channels: int
    places: tuple[int, ...]
    scale: float
    zero: int
    kind: type[np.generic]

    @property
    def shape(self) -> tuple[int, ...]:
        """Without the row."""
        return self.channels, *self.places


def layers(g: Growing, x: str, n: int) -> None:
    """One to three layers between quantisers over the numbers of a row, as one signal or two, along one axis or two."""
    x = g.exact()
    n = g.widths[x]
    if n < 48 and g.below(2):
        # A picture that is large enough for blocks to be taken row by row.
        x, n = g.inner("Tile", x, g.constant([1, 12])), 12 * n
    kind = (np.uint8, np.int8)[g.below(2)]
    channels = 2 if n % 2 == 0 and n > 4 and g.below(2) else 1
    heights = [t for t in (3, 6, 9) if n % (t * channels) == 0]
    tall = heights[g.below(len(heights))] if heights and g.below(3) else 1
    places = (n // channels,) if tall == 1 and not g.below(3) else (tall, n // channels // tall)
    seen = g.inner("Reshape", x, g.constant([-1, channels, *places]))
    signal = _quantised(g, seen, channels, places, 0.03 * (1 + g.random.random()), kind)
    for _ in range(1 + g.below(3)):
        if n * signal.channels > 3000:
            break
        if len(signal.places) == 2 and g.below(3):
            signal = _block(g, signal)
        made = _convolved(g, signal)
        if made.shape == signal.shape and g.below(2):
            made = _together(g, made, signal)
        signal = _parted(g, made) if made.channels > 1 and g.below(3) == 0 else made
        signal = _pooled(g, signal) if g.below(3) == 0 else signal
    if g.below(2):
        signal = _dense(g, signal)
    wide = signal.channels * int(np.prod(signal.places))
    last = g.add(wide, "Flatten", signal.real, axis=1)
    g.quantised[last] = g.inner("Flatten", signal.whole, axis=1)


def _together(g: Growing, a: Signal, b: Signal) -> Signal:
    """Two values of a shape in one, perhaps rectified; of a quotient of 0 and 0 every bound makes something else."""
    op = g.one_of(["Add", "Add", "Sub", "Mul", "Div"])
    made = g.inner(op, *((a.real, b.real) if g.below(2) else (b.real, a.real)))
    if op != "Div" and not g.below(3):
        made = g.inner("Relu", made)
    scale = {"Mul": 40 * a.scale * b.scale, "Div": 0.05}.get(op, a.scale * (1 + 0.5 * g.below(2)))
    return _quantised(g, made, a.channels, a.places, scale, a.kind)


def _pooled(g: Growing, x: Signal) -> Signal:
    """The mean of every two places along the last axis."""
    size = [1] * (len(x.places) - 1) + [min(2, x.places[-1])]
    made = g.inner("AveragePool", x.real, kernel_shape=size, strides=size)
    return _quantised(g, made, x.channels, (*x.places[:-1], x.places[-1] // size[-1]), x.scale, x.kind)


def _quantised(
    g: Growing,
    x: str,
    channels: int,
    places: tuple[int, ...],
    scale: float,
    kind: type[np.generic],
    zero: int | None = None,
) -> Signal:
    if zero is None:
        zero = int(g.random.integers(100, 150)) - (128 if kind is np.int8 else 0)
    ends = g.constant(scale, np.float32), g.constant(zero, kind)
    whole = g.inner("QuantizeLinear", x, *ends)
    return Signal(g.inner("DequantizeLinear", whole, *ends), whole, channels, places, scale, zero, kind)


def _parted(g: Growing, x: Signal) -> Signal:
    """Channels in two parts, of which one may be quantised anew, and the second before the first again."""
    names, first = [f"{x.real}_{k}" for k in range(2)], 1 + g.below(x.channels - 1)
    sizes = [first, x.channels - first]
    g.nodes.append(helper.make_node("Split", [x.real, g.constant(sizes)], names, axis=1))
    scales = [x.scale, x.scale * (1 + g.below(2))]
    ends = zip(names, sizes, scales, strict=True)
    parts = [_quantised(g, name, size, x.places, scale, x.kind, x.zero).real for name, size, scale in ends]
    return _quantised(g, g.inner("Concat", *parts[::-1], axis=1), x.channels, x.places, x.scale, x.kind)


def _weights(g: Growing, shape: tuple[int, ...], axis: int) -> tuple[str, np.ndarray, int]:
    """Constant weights of seven bits behind a quantiser, with one scale or one for each output; scales and the fan."""
    out = shape[axis]
    scales = (g.random.uniform(0.5, 1, out if g.below(2) else ()) / 64).astype(np.float32)
    whole = g.constant(g.random.integers(-63, 64, shape), np.int8)
    zeros = g.constant(np.zeros(scales.shape), np.int8)
    told = {"axis": axis} if scales.ndim else {}
    return g.inner("DequantizeLinear", whole, g.constant(scales), zeros, **told), scales, int(np.prod(shape)) // out


def _bias(g: Growing, scales: np.ndarray, out: int) -> str:
    """A constant bias of 32 bits behind a quantiser, in the steps of the sum."""
    whole = g.constant(g.random.integers(-2000, 2000, out), np.int32)
    zeros = g.constant(np.zeros(scales.shape), np.int32)
    told = {"axis": 0} if scales.ndim else {}
    return str(g.inner("DequantizeLinear", whole, g.constant(scales, np.float32), zeros, **told))


def _block(g: Growing, x: Signal) -> Signal:
    """An inverted residual block: more channels, a window of three over each of them, and fewer again."""
    wide = _convolved(g, x, 2, x.channels * (4 + g.below(12)))
    deep = _convolved(g, wide, 1) if g.below(4) else wide
    made = _convolved(g, deep, 2, x.channels)
    if made.shape != x.shape or not g.below(3):
        return made
    return _together(g, made, x)


def _convolved(g: Growing, x: Signal, form: int | None = None, out: int = 0) -> Signal:
    """A convolution: ordinary (0), depthwise (1) or pointwise (2), perhaps strided, perhaps rectified."""
    form, long = g.below(3) if form is None else form, x.places[-1]
    kernel = 1 if form == 2 else min(long, 3 if g.below(3) else 1 + g.below(4))
    out, group = (x.channels, x.channels) if form == 1 else (out or 1 + g.below(8), 1)
    stride = 1 + g.below(2) if form < 2 else 1
    weights, scales, fan = _weights(g, (out, x.channels // group, *(1,) * (len(x.places) - 1), kernel), 0)
    # Padded by as much as the kernel takes away, so that a sum with what went in is possible.
    early, none = (kernel - 1) // 2, (0,) * (len(x.places) - 1)
    told = {"pads": [*none, early, *none, kernel - 1 - early], "strides": [*(1 for _ in none), stride], "group": group}
    ends = [_bias(g, np.float32(x.scale) * scales, out)] if g.below(2) else []
    made = g.inner("Conv", x.real, weights, *ends, **told)
    if g.below(2):
        made = g.inner("Relu", made)
    places = (*x.places[:-1], (long - 1) // stride + 1)
    return _quantised(g, made, out, places, x.scale * max(1.0, 0.5 * fan**0.5), x.kind)


def _dense(g: Growing, x: Signal) -> Signal:
    """A dense layer behind all, or the mean of every channel."""
    if g.below(3) == 0:
        made = g.inner("GlobalAveragePool", x.real)
        return _quantised(g, made, x.channels, (1,) * len(x.places), x.scale * (0.5 + g.random.random()), x.kind)
    wide, out = x.channels * int(np.prod(x.places)), 2 + g.below(12)
    # Between quantisers of its own, as those who quantise write it.
    ends = g.constant(x.scale, np.float32), g.constant(x.zero, x.kind)
    flat = g.inner("DequantizeLinear", g.inner("QuantizeLinear", g.inner("Flatten", x.real, axis=1), *ends), *ends)
    weights, scales, fan = _weights(g, (wide, out), 1)
    if g.below(2):
        made = g.inner("Gemm", flat, weights, _bias(g, np.float32(x.scale) * scales, out))
    else:
        made = g.inner("MatMul", flat, weights)
    return _quantised(g, made, out, (), x.scale * max(1.0, 0.5 * fan**0.5), x.kind)
