"""Working memory and the cost of parts: as drawings in the report and as lines on a terminal."""

from __future__ import annotations

import re

import pytest
from msgspec import structs

from volvelle.compiler.device import device
from volvelle.compiler.prove import NOWHERE
from volvelle.compiler.records import Layer, Placed
from volvelle.ui.device import _costs, _memory
from volvelle.ui.footprint import board

PLAN = (
    Placed("a", "int8_t", 0, 400, 0, 1),
    Placed("b <i>", "int8_t", 400, 100, 1, 3),
    Placed("c", "float", 10, 40, 3, 3),
)
LAYERS = (Layer("0: QConv", 300), Layer("1: QDense", 600), Layer("3: Softmax", 100))


def bars(svg: str) -> list[tuple[float, float]]:
    """Where each bar begins, and how wide it is."""
    found = re.findall(r'<rect class="f1" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
    return [(float(x), float(wide)) for x, wide in found]


def test_a_value_is_a_bar_from_its_maker_to_its_last_reader() -> None:
    """Of four steps the first value takes two, the second three from the second on, the last one the last."""
    figure = _memory(PLAN)
    assert figure is not None
    drawn = bars(str(figure["svg"]))
    left, step = drawn[0][0], drawn[0][1] / 2
    wanted = [(left, 2 * step), (left + step, 3 * step), (left + 3 * step, step)]
    assert drawn == [pytest.approx(pair, abs=0.2) for pair in wanted]
    assert "400 bytes at 0 of int8_t, steps 0 to 1" in figure["svg"]
    assert "<i>" not in figure["svg"], "names are texts of strangers"
    assert "3 of 3 values" in figure["note"]
    assert _memory(()) is None


def test_costs_are_shares_with_the_dearest_first() -> None:
    """Bars are as long as the share of the instructions, and the largest share leads."""
    figure = _costs(LAYERS)
    assert figure is not None
    assert re.findall(r"([\d.]+) %</text>", figure["svg"]) == ["60.0", "30.0", "10.0"]
    wide = [w for _, w in bars(str(figure["svg"]))]
    assert [w / sum(wide) for w in wide] == pytest.approx([0.6, 0.3, 0.1], abs=0.01)
    assert _costs(()) is None


def test_the_terminal_lists_the_plan() -> None:
    """Bytes count in the type of their pool, values go by the part that makes them, and what is left out is counted."""
    many = tuple(Placed(str(k), "int8_t", 0, 1, 9, 9) for k in range(5))
    found = structs.replace(NOWHERE, memory=(*PLAN, *many), layers=LAYERS)
    lines = [line.split() for line in board(found, device("microbit")).splitlines()]
    assert ["0", "400", "int8_t", "0-1", "0:", "QConv"] in lines
    assert ["400", "500", "int8_t", "1-3", "1:", "QDense"] in lines
    assert ["40", "80", "float", "3-3", "3:", "Softmax"] in lines
    assert ["and", "2", "smaller", "ones"] in lines
