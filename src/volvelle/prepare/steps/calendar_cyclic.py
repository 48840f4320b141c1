"""A time becomes points on circles (UTC): sine and cosine of the time of day, of the week and of the year.

Half past midnight lies beside half past eleven at night, and Sunday beside Monday: to a learner that adds up columns,
the plain numbers of `calendar` put them at opposite ends. Only circles along which the training rows differ are kept:
the day, the week where weekdays differ, the year where months differ. A missing time lies in the middle of every
circle: 0 in both.

Source: K. V. Mardia and P. E. Jupp, Directional Statistics, 2000, section 2.1.

>>> import numpy as np
>>> params = fit(np.array([[0], [21600], [43200]], dtype=np.int64))
>>> params, names(("t",), params)
({'circles': [['day']]}, ('t day sin', 't day cos'))
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import MISSING_TIME
from volvelle.prepare.arithmetic import row, whole
from volvelle.prepare.contract import Flow, Params
from volvelle.prepare.steps import calendar

TAKES: Flow = "time"
GIVES: Flow = "number"
FILLS = True
LENGTHS = {"day": 86400.0, "week": 7 * 86400.0, "year": 365.25}
"""Once around: seconds, seconds, days."""
_SHOWN_BY = {"day": {"hour", "minute_of_day"}, "week": {"weekday"}, "year": {"month"}}
_PARTS = {"day": "second", "week": "weekday", "year": "day_of_year"}


def fit(block: NDArray[np.generic]) -> Params:
    """The circles of each column of ``[n, k]`` along which the rows differ."""
    parts: list[list[str]] = calendar.fit(block)["parts"]
    return {"circles": [[circle for circle, shown in _SHOWN_BY.items() if shown.intersection(p)] for p in parts]}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """Sines and cosines along all circles that any column needs, then the wanted ones in the order of `names`."""
    kept: list[list[str]] = params["circles"]
    needed = [circle for circle in LENGTHS if any(circle in circles for circles in kept)]
    if not needed:
        return graph.cast(graph.columns(x, []), "float")
    missing = graph.node("Equal", x, whole(graph, MISSING_TIME), kind="bool")
    parts = calendar.integer_parts(graph, x, tuple(_PARTS[circle] for circle in needed))
    made = []
    for circle in needed:
        angle = _angle(graph, parts, circle)
        for operator in ("Sin", "Cos"):
            point = graph.node(operator, angle)
            made.append(graph.node("Where", missing, row(graph, [0.0]), point, kind="float", width=x.width))
    wanted = [
        (2 * needed.index(circle) + half) * x.width + column
        for column, circles in enumerate(kept)
        for circle in circles
        for half in range(2)
    ]
    return graph.columns(graph.concat(made), wanted)


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``t day sin`` and ``t day cos`` for the time of day of column t."""
    return tuple(
        f"{column} {circle} {half}"
        for column, circles in zip(columns, params["circles"], strict=True)
        for circle in circles
        for half in ("sin", "cos")
    )


def _angle(graph: Graph, parts: dict[str, Value], circle: str) -> Value:
    """How far around, in radians, float32 ``[N, k]``."""
    along = parts[_PARTS[circle]]
    if circle == "week":
        along = graph.node("Add", graph.node("Mul", along, whole(graph, calendar.DAY)), parts["second"])
    return graph.node("Mul", graph.cast(along, "float"), row(graph, [2 * math.pi / LENGTHS[circle]]))
