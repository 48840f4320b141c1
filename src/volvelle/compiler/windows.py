"""Windows that slide over one or two axes: what convolutions and pools share.

One axis is taken as two, of which the first has one element.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import room
from volvelle.compiler.offsets import Overlap
from volvelle.errors import ModelError

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Windows:
    """Sizes along rows and columns.

    Attributes:
        size: of what goes in.
        out: of what comes out.
        kernel, stride, dilation: of the window.
        begin, end: margins.
    """

    size: Pair
    out: Pair
    kernel: Pair
    stride: Pair
    dilation: Pair
    begin: Pair
    end: Pair

    def numbers(self) -> str:
        """As arguments of a kernel: rows, columns of input, output, window, stride, dilation, margin."""
        pairs = (self.size, self.out, self.kernel, self.stride, self.dilation, self.begin)
        return ", ".join(f"{a}, {b}" for a, b in pairs)

    def sides(self) -> str:
        """As arguments of a kernel that knows its window: rows, columns of input, output, stride, margin."""
        return ", ".join(f"{a}, {b}" for a, b in (self.size, self.out, self.stride, self.begin))

    def shape(self, channels: int, dimensions: int) -> tuple[int, ...]:
        """Of one picture that comes out, with a batch of one before it."""
        return room((1, channels, *self.out[4 - dimensions :]))


def margin(node: Node, kernel: tuple[int, ...]) -> bool:
    """Whether a node may have windows that begin or end outside of the picture: those of one element need none.

    >>> margin(Node("conv", ("x", "w"), ("y",), {"auto_pad": b"SAME_UPPER"}), (1, 1))
    False
    """
    how = node.attributes.get("auto_pad", b"NOTSET")
    filled = how not in (b"NOTSET", "NOTSET", b"VALID", "VALID") and max(kernel, default=1) > 1
    return any(node.attributes.get("pads", [])) or filled


def windows(node: Node, shape: tuple[int, ...], kernel: tuple[int, ...]) -> Windows:
    """The windows of a node over a picture ``[1, channels, (rows,) columns]``.

    Raises:
        ModelError: another number of axes, a batch, or a window that fits nowhere.
    """
    axes = len(shape) - 2
    if axes not in (1, 2) or shape[0] != 1 or len(kernel) != axes:
        raise ModelError(
            f"windows over {list(shape)} are not supported", next_move="those over one or two axes of one picture are"
        )
    given = node.attributes
    size, window = _pair(shape[2:]), _pair(kernel)
    stride = _pair(given.get("strides", [1] * axes))
    dilation = _pair(given.get("dilations", [1] * axes))
    if min(*window, *stride, *dilation) < 1:
        raise ModelError("a window, its stride and its dilation are at least 1")
    reach = tuple(d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True))
    begin, end = _margins(given, axes, size, reach, stride)
    least = (sum(p) - r for *p, r in zip(size, begin, end, reach, strict=True))
    rounded = ceil if given.get("ceil_mode") else int
    out = [rounded(free / s) + 1 if free >= 0 else 0 for free, s in zip(least, stride, strict=True)]
    for a in range(2):
        # A window that would begin in the margin behind is left out.
        out[a] -= bool(given.get("ceil_mode")) and (out[a] - 1) * stride[a] >= size[a] + begin[a]
    if min(out) < 1 or min(*begin, *end) < 0:
        raise ModelError("the window does not fit what it slides over")
    return Windows(size, (out[0], out[1]), window, stride, dilation, begin, end)


def _margins(
    given: Mapping[str, Any], axes: int, size: Pair, reach: tuple[int, ...], stride: Pair
) -> tuple[Pair, Pair]:
    how = given.get("auto_pad", b"NOTSET")
    how = how.decode() if isinstance(how, bytes) else how
    if how in ("NOTSET", "VALID"):
        pads = given.get("pads", [0] * 2 * axes) if how == "NOTSET" else [0] * 2 * axes
        return _pair(pads[:axes], 0), _pair(pads[axes:], 0)
    whole = [max((ceil(n / s) - 1) * s + r - n, 0) for n, r, s in zip(size, reach, stride, strict=True)]
    small, large = (whole[0] // 2, whole[1] // 2), (whole[0] - whole[0] // 2, whole[1] - whole[1] // 2)
    return (small, large) if how == "SAME_UPPER" else (large, small)


def overlap(w: Windows, groups: int = 1, channels: int = 1, made: int = 1) -> Overlap:
    """How the output of a kernel that goes window by window, channel by channel, may lie over its input.

    Args:
        w: the windows.
        groups: of channels, one after another.
        channels: that each of them reads.
        made: channels that each of them makes; the first is read again until the last of them is made.

    A window of three over rows of ten, with a margin, needs the row behind and the place behind:

    >>> overlap(Windows((10, 10), (10, 10), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1)), groups=4)
    Overlap(lead=11, level=False)
    """
    (rows, columns), (tall, wide) = w.size, w.out
    behind = [_behind(w, 0, wide, columns), _behind(w, 1, 1, 1)]
    drift = made * tall * wide - channels * rows * columns
    return Overlap(max(0, (made - 1) * tall * wide + max(0, (groups - 1) * drift) + sum(behind)))


def _behind(w: Windows, axis: int, wide: int, step: int) -> int:
    """How far the last window that reads a place lies before it, at most, in elements of memory."""
    last = {
        r * w.stride[axis] - w.begin[axis] + i * w.dilation[axis]: r
        for r in range(w.out[axis])
        for i in range(w.kernel[axis])
    }
    return max((r * wide - at * step for at, r in last.items() if 0 <= at < w.size[axis]), default=0)


def cut(w: Windows, x: NDArray[Any], fill: float) -> NDArray[Any]:
    """All windows of a picture ``[channels, ...]``: ``[channels, out rows, out columns, rows, columns]``.

    Args:
        w: the windows.
        x: the picture.
        fill: of the margin.
    """
    extra = [max((o - 1) * s + (k - 1) * d + 1 - n - b - e, 0) for o, s, k, d, n, b, e in _zipped(w)]
    margins = [(b, e + m) for b, e, m in zip(w.begin, w.end, extra, strict=True)]
    wide = np.pad(x.reshape(-1, *w.size), [(0, 0), *margins], constant_values=fill)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(w.kernel, w.dilation, strict=True))
    seen = np.lib.stride_tricks.sliding_window_view(wide, reach, axis=(1, 2))
    seen = seen[:, :: w.stride[0], :: w.stride[1], :: w.dilation[0], :: w.dilation[1]]
    return np.asarray(seen[:, : w.out[0], : w.out[1]])


def _zipped(w: Windows) -> list[tuple[int, ...]]:
    return list(zip(w.out, w.stride, w.kernel, w.dilation, w.size, w.begin, w.end, strict=True))


def _pair(values: tuple[int, ...] | list[int], single: int = 1) -> Pair:
    told = [int(v) for v in values]
    return (told[0], told[1]) if len(told) == 2 else (single, told[0])
