"""The memory plan as a table of text: known before any C is compiled.

Values are named by the part of the C that makes them, for the names of an ONNX file may be anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from volvelle.compiler.ctypes import C_NAMES
from volvelle.compiler.place import Plan
from volvelle.compiler.records import Layer, Placed

_SIZES = {name: kind.itemsize for kind, name in C_NAMES.items()}
_HEAD = ("from", "to", "type", "steps", "made in")


def placed(plan: Plan) -> tuple[Placed, ...]:
    """The plan as a footprint holds it."""
    return tuple(Placed(s.name, s.pool, s.offset, s.size * _SIZES[s.pool], s.first, s.last) for s in plan.slots)


def lines(memory: Sequence[Placed], parts: Mapping[int, str], most: int) -> list[str]:
    """The largest values in the order in which they are made, one a line, under a heading; none where there are none.

    Args:
        memory: the plan.
        parts: headings of the parts of the C by their number.
        most: values that are listed; how many others there are is told.

    >>> plan = [Placed("a", "int8_t", 11, 64, 0, 1), Placed("b", "int8_t", 0, 64, 1, 2)]
    >>> print("\\n".join(lines(plan, {0: "0: QuantizeLinear", 1: "1: QConv"}, 9)))
    from to  type    steps  made in
      11 75  int8_t   0-1   0: QuantizeLinear
       0 64  int8_t   1-2   1: QConv
    """
    if not memory:
        return []
    shown = sorted(sorted(memory, key=lambda p: (-p.bytes, p.first, p.name))[:most], key=lambda p: (p.first, p.pool))
    rows = [
        (f"{at:,}", f"{at + p.bytes:,}", p.pool, f"{p.first}-{p.last}", parts.get(p.first, str(p.first)))
        for p, at in ((p, p.offset * _SIZES[p.pool]) for p in shown)
    ]
    wide = [max(len(r[k]) for r in (_HEAD, *rows)) for k in range(4)]
    made = [f"{a:>{wide[0]}} {b:>{wide[1]}}  {c:<{wide[2]}} {d:^{wide[3] + 2}} {e}" for a, b, c, d, e in (_HEAD, *rows)]
    more = len(memory) - len(shown)
    return [*(line.rstrip() for line in made), *([f"and {more} smaller ones"] if more else [])]


def parts(layers: Sequence[Layer]) -> dict[int, str]:
    """Headings by their number, of a footprint.

    >>> parts([Layer("entry", 3), Layer("2: Gemm", 90)])
    {2: '2: Gemm'}
    """
    told = ((layer.name.partition(":")[0], layer.name) for layer in layers)
    return {int(number): name for number, name in told if number.isdigit()}
