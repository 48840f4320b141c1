"""Counters that all workers share, and their text for Prometheus.

Every worker counts in a slot of its own of one piece of shared memory, so that counting takes no lock, whoever is asked
tells the sum, and a worker that was killed takes nothing with it. The supervisor has the last slot.

Format: Prometheus text exposition format 0.0.4.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

WATCHED, STATE, PAGE = "watched.prom", "state.json", "report.html"
"""Files of the live folder that hold what watching found last: as metrics, as JSON, and as a page for people."""
ROUTES = ("predict", "outcomes", "infer", "sketches", "other")
STATUSES = (200, 400, 401, 403, 404, 405, 408, 411, 413, 415, 422, 429, 431, 500, 503)
_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_TIMED = ROUTES[:4]
COUNTERS = {
    "rows": "Rows answered",
    "shadow_rows": "Rows that a shadow answered beside the champion",
    "challenger_rows": "Rows that the challenger answered",
    "outcomes": "Outcomes taken",
    "sketches": "Windows of devices taken",
    "log_lost_rows": "Rows that were answered and could not be logged",
    "log_settled_rows": "Rows settled into Parquet",
    "log_torn": "Lines and files of the log that could not be read",
    "log_let_go_rows": "Rows of days that were kept long enough and removed",
    "log_failures": "Times that settling the log failed",
    "model_swaps": "Times that the workers took up another model",
    "worker_restarts": "Workers that ended and were started again",
    "shadow_failures": "Requests that the shadow could not answer",
}
_PLACES = {
    name: k
    for k, name in enumerate(
        [
            *(f"{route}/{status}" for route in ROUTES for status in STATUSES),
            *(f"{route}<{k}" for route in _TIMED for k in range(len(_BOUNDS) + 1)),
            *(f"{route}/seconds" for route in _TIMED),
            *COUNTERS,
        ]
    )
}
_STATES = {(route, status): _PLACES[f"{route}/{status}"] for route in ROUTES for status in STATUSES}
_TIMES = {route: (_PLACES[f"{route}<0"], _PLACES[f"{route}/seconds"]) for route in _TIMED}
SLOT_BYTES = 8 * len(_PLACES)


class Meters:
    """The counters of one process.

    Args:
        memory: shared by all, `SLOT_BYTES` for each.
        slot: which part of it is ours.
    """

    def __init__(self, memory: Any, slot: int) -> None:
        cells = memoryview(memory).cast("B").cast("d")
        self._all, self._mine = cells, cells[slot * len(_PLACES) : (slot + 1) * len(_PLACES)]

    def add(self, counter: str, count: float = 1) -> None:
        """Count up one of `COUNTERS`."""
        self._mine[_PLACES[counter]] += count

    def put(self, counter: str, count: float) -> None:
        """Take over a count that is kept elsewhere in this process."""
        self._mine[_PLACES[counter]] = count

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        mine = self._mine
        place = _STATES.get((route, status))
        mine[_STATES[route, 500] if place is None else place] += 1
        if route != "other":
            buckets, total = _TIMES[route]
            mine[buckets + bisect_left(_BOUNDS, seconds)] += 1
            mine[total] += seconds

    def total(self, name: str) -> float:
        """The sum over all processes."""
        return sum(self._all[_PLACES[name] :: len(_PLACES)])

    def text(self) -> str:
        """All counters.

        >>> meters = Meters(bytearray(2 * SLOT_BYTES), 1)
        >>> meters.request("predict", 200, 0.0002)
        >>> [line for line in meters.text().splitlines() if line.endswith(" 1") and "bucket" not in line]
        ['volvelle_requests_total{route="predict",status="200"} 1', 'volvelle_request_seconds_count{route="predict"} 1']
        """
        lines = _head("requests_total", "Requests answered", "counter")
        for route in ROUTES:
            for status in STATUSES:
                if (count := self.total(f"{route}/{status}")) or (route, status) == ("predict", 200):
                    lines.append(f'volvelle_requests_total{{route="{route}",status="{status}"}} {count:g}')
        lines += _head("request_seconds", "Time from the whole request to its answer", "histogram")
        for route in _TIMED:
            so_far = 0.0
            for k, bound in enumerate((*_BOUNDS, "+Inf")):
                so_far += self.total(f"{route}<{k}")
                lines.append(f'volvelle_request_seconds_bucket{{route="{route}",le="{bound}"}} {so_far:.17g}')
            lines.append(f'volvelle_request_seconds_sum{{route="{route}"}} {self.total(f"{route}/seconds"):.9g}')
            lines.append(f'volvelle_request_seconds_count{{route="{route}"}} {so_far:.17g}')
        for name, what in COUNTERS.items():
            lines += _head(f"{name}_total", what, "counter")
            lines.append(f"volvelle_{name}_total {self.total(name):.17g}")
        return "\n".join(lines) + "\n"


def _head(name: str, what: str, kind: str) -> list[str]:
    return [f"# HELP volvelle_{name} {what}.", f"# TYPE volvelle_{name} {kind}"]


def escaped(value: str) -> str:
    """The value of a label.

    >>> escaped('say "no"')
    'say \\\\"no\\\\"'
    """
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
