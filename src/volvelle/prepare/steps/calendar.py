"""A time becomes its calendar parts (UTC): year, month, day, weekday, day of the year, hour, minute of the day.

All by integer operators inside the graph: float32 could not even hold the seconds. Days become dates by the
algorithm `civil_from_days` of H. Hinnant, chrono-Compatible Low-Level Date Algorithms (2013), in the proleptic
Gregorian calendar. Weekday 0 is Monday (ISO 8601 minus one), months, days and days of the year start at 1.

Only parts that differed among the training rows are kept. Times outside the years 1 to 9999 count as the nearest
inside; a missing time gives missing parts.

>>> import numpy as np
>>> params = fit(np.array([[0], [86400], [-1]], dtype=np.int64))
>>> names(("t",), params)
('t year', 't month', 't day', 't weekday', 't day_of_year', 't hour', 't minute_of_day')
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.session import Session
from volvelle.model.signature import MISSING_TIME
from volvelle.prepare.arithmetic import row, whole
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "time"
GIVES: Flow = "number"
PARTS = ("year", "month", "day", "weekday", "day_of_year", "hour", "minute_of_day")
DAY = 86400
EARLIEST, LATEST = -62135596800, 253402300799
"""First and last second of the years 1 and 9999."""


def fit(block: NDArray[np.generic]) -> Params:
    """The parts of each column of ``[n, k]`` that are not the same in all rows."""
    times = np.ascontiguousarray(block, dtype=np.int64)
    graph = Graph("calendar")
    graph.output("parts", _floats(graph, graph.input("times", "int64", times.shape[1]), PARTS))
    parts = Session(graph.finish()).run({"times": times})["parts"].reshape(len(times), len(PARTS), times.shape[1])
    known = times != MISSING_TIME
    kept: list[list[str]] = []
    for position in range(times.shape[1]):
        own = parts[known[:, position], :, position]
        varies = {p for p, values in zip(PARTS, own.T, strict=True) if len(values) and np.ptp(values) > 0}
        if len(own) and not (own[:, PARTS.index("minute_of_day")] % 60).any():
            varies.discard("minute_of_day")  # on the hour, the hour says it all
        kept.append([p for p in PARTS if p in varies])
    return {"parts": kept}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """All parts that any column needs, then the wanted ones in the order of `names`."""
    kept: list[list[str]] = params["parts"]
    needed = tuple(p for p in PARTS if any(p in parts for parts in kept))
    if not needed:
        return graph.cast(graph.columns(x, []), "float")
    wanted = [needed.index(p) * x.width + column for column, parts in enumerate(kept) for p in parts]
    return graph.columns(_floats(graph, x, needed), wanted)


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``t hour`` for the hour of column t."""
    return tuple(f"{column} {part}" for column, parts in zip(columns, params["parts"], strict=True) for part in parts)


def _floats(graph: Graph, x: Value, parts: tuple[str, ...]) -> Value:
    """The parts side by side as float32 ``[N, len(parts) * k]``, missing as NaN."""
    missing = graph.node("Equal", x, whole(graph, MISSING_TIME), kind="bool")
    found = integer_parts(graph, x, parts)
    nothing = row(graph, [np.nan])
    return graph.concat(
        [
            graph.node("Where", missing, nothing, graph.cast(found[p], "float"), kind="float", width=x.width)
            for p in parts
        ]
    )


def integer_parts(graph: Graph, x: Value, parts: tuple[str, ...]) -> dict[str, Value]:
    """The wanted `PARTS`, or the ``second`` of the day, int64 ``[N, k]`` each; of a missing time those of year 1."""
    times = graph.node("Clip", x, graph.constant(np.int64(EARLIEST)), graph.constant(np.int64(LATEST)))
    return _civil(_Integers(graph), times, parts)


class _Integers:
    """Integer operators with Python numbers as constants. Div truncates, so it is only given what is not
    negative, or a multiple of the divisor."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __call__(self, operator: str, x: Value, y: Value | int) -> Value:
        other = whole(self.graph, y) if isinstance(y, int) else y
        return self.graph.node(operator, x, other)

    def truth(self, operator: str, x: Value, y: int) -> Value:
        """0 or 1."""
        return self.graph.cast(self.graph.node(operator, x, whole(self.graph, y), kind="bool"), "int64")


def _civil(do: _Integers, times: Value, parts: tuple[str, ...]) -> dict[str, Value]:
    """The wanted parts, int64 ``[N, k]`` each; nothing is written that no part needs."""
    second = do("Mod", times, DAY)  # has the sign of the divisor: right for the days before 1970 too
    found: dict[str, Value] = {"second": second}
    if "hour" in parts:
        found["hour"] = do("Div", second, 3600)
    if "minute_of_day" in parts:
        found["minute_of_day"] = do("Div", second, 60)
    if {"second", "hour", "minute_of_day"}.issuperset(parts):
        return found
    days = do("Div", do("Sub", times, second), DAY)
    if "weekday" in parts:
        found["weekday"] = do("Mod", do("Add", days, 3), 7)
    if {"second", "hour", "minute_of_day", "weekday"}.issuperset(parts):
        return found
    return found | _date(do, days, parts)


def _date(do: _Integers, days: Value, parts: tuple[str, ...]) -> dict[str, Value]:
    shifted = do("Add", days, 719468)  # days since 0000-03-01, not negative from year 1 on
    day_of_era = do("Mod", shifted, 146097)
    leaps = do("Sub", do("Div", day_of_era, 36524), do("Div", day_of_era, 1460))
    leaps = do("Sub", leaps, do("Div", day_of_era, 146096))
    year = do("Div", do("Add", day_of_era, leaps), 365)  # of the era, from March to February
    years = do("Add", do("Mul", year, 365), do("Sub", do("Div", year, 4), do("Div", year, 100)))
    march_day = do("Sub", day_of_era, years)
    march_month = do("Div", do("Add", do("Mul", march_day, 5), 2), 153)
    late = do.truth("GreaterOrEqual", march_month, 10)  # January and February belong to the next year
    found: dict[str, Value] = {}
    if "year" in parts:
        found["year"] = do("Add", do("Add", year, do("Mul", do("Div", shifted, 146097), 400)), late)
    if "month" in parts:
        found["month"] = do("Sub", do("Add", march_month, 3), do("Mul", late, 12))
    if "day" in parts:
        start = do("Div", do("Add", do("Mul", march_month, 153), 2), 5)
        found["day"] = do("Add", do("Sub", march_day, start), 1)
    if "day_of_year" in parts:
        fourth, hundredth = do.truth("Equal", do("Mod", year, 4), 0), do.truth("Equal", do("Mod", year, 100), 0)
        leap = do("Add", do("Sub", fourth, hundredth), do.truth("Equal", year, 0))
        early = do.truth("Less", march_month, 10)
        ordinal = do("Add", do("Sub", march_day, do("Mul", late, 365)), 60)
        found["day_of_year"] = do("Add", ordinal, do("Mul", leap, early))
    return found
