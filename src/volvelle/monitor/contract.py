"""What the files in ``monitor/drift/`` must hold."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Protocol

from numpy.typing import NDArray

Takes = Literal["numbers", "categories", "missing", "outside", "values", "rows"]
Effect = Literal["share", "sd", "index"]


class Found(NamedTuple):
    """What a drift test says."""

    statistic: float
    p: float | None
    """Chance of a statistic as large where nothing has moved; None of a mere effect size."""
    effect: float
    """How far things have moved, beyond what chance alone would show where the file says so; at least 0."""
    freedom: int = 1
    """Degrees of freedom, of a statistic that is about chi-square."""


NOTHING = Found(0.0, 1.0, 0.0)
"""The answer where there is nothing to compare."""


class DriftTest(Protocol):
    """One way to compare rows of now with healthy rows. The reference is a sample too: every test is a two-sample test.

    TAKES and EFFECT are literals. A mere effect size holds ``CALLS = False`` too: it gives no chance and cannot call.
    """

    TAKES: tuple[Takes, ...]
    """What both arrays hold. numbers: counters in their order, ``[b]``; categories: counters without order, ``[b]``;
    missing: rows that are missing and rows that are not, ``[2]``; outside: the same for rows out of range or unseen;
    values: numbers ``[n]``; rows: one column a feature, ``[n, d]``. None of them holds missing values."""
    EFFECT: Effect
    """share: of the rows that have moved (0 to 1, at most the total variation); sd: in standard deviations of the
    reference; index: on a scale of its own."""

    def score(self, reference: NDArray[Any], now: NDArray[Any]) -> Found:
        """Compare; `NOTHING` where one side is empty."""
        ...
