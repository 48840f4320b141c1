"""A gate is judged: pass, fail, not proven, not measured.

- *not measured*: there is no value. That is not a pass.
- *fail*: the value misses the bound, and the shortfall says by how much; or what was measured refutes the gate.
- *pass*: the whole interval meets the bound, or the value is no estimate (the size of a file).
- *not proven*: the value meets the bound, and its interval, or the lack of one, leaves room for a miss.

Values within one part in 10^9 of the bound count as equal to it.
"""

from __future__ import annotations

import math

from volvelle.evaluate.records import Measured, Verdict, VerdictKind
from volvelle.spec.gates import Gate, slice_text
from volvelle.spec.units import show

_NEAR, _MOST_ROWS = 1e-9, 10**9


def judge(gate: Gate, measured: Measured) -> Verdict:
    """Hold what was measured against what the gate demands."""
    value, low, high = _finite(measured.value), _finite(measured.low), _finite(measured.high)
    shortfall = None
    if measured.refuted:
        kind: VerdictKind = "fail"
        reason = measured.note
    elif value is None:
        kind = "not measured"
        reason = measured.note or f"{gate.name} has no value here"
    elif not meets(value, gate.comparison, gate.bound):
        kind, shortfall = "fail", abs(value - gate.bound)
        reason = f"{show(value, gate.dimension)} misses {gate.shown_bound()} by {show(shortfall, gate.dimension)}"
    elif low is None or high is None:
        kind = "not proven" if measured.sampled else "pass"
        reason = (measured.note or "there is no interval") if measured.sampled else measured.note
    elif all(meets(end, gate.comparison, gate.bound) for end in (low, high)):
        kind, reason = "pass", measured.note
    else:
        kind, reason = "not proven", _doubt(gate, measured.rows, value, low, high)
    return Verdict(
        gate=gate.text,
        name=gate.name,
        slice=slice_text(gate.where),
        comparison=gate.comparison,
        bound=gate.bound,
        unit=gate.unit,
        verdict=kind,
        value=value,
        low=low,
        high=high,
        rows=measured.rows,
        shortfall=shortfall,
        reason=reason,
    )


def missed(verdict: Verdict) -> bool:
    """Whether a gate is missed for certain: by the whole interval."""
    if verdict.verdict != "fail" or verdict.low is None or verdict.high is None:
        return False
    return not any(meets(end, verdict.comparison, verdict.bound) for end in (verdict.low, verdict.high))


def meets(value: float, comparison: str, bound: float) -> bool:
    """Whether a value meets a bound.

    >>> meets(0.1 + 0.2, "<=", 0.3), meets(0.1 + 0.2, ">", 0.3)
    (True, False)
    """
    same = math.isclose(value, bound, rel_tol=_NEAR, abs_tol=1e-12)
    if comparison == ">=":
        return same or value > bound
    if comparison == "<=":
        return same or value < bound
    if comparison == ">":
        return value > bound and not same
    if comparison == "<":
        return value < bound and not same
    return same


def _doubt(gate: Gate, rows: int, value: float, low: float, high: float) -> str:
    """Why the interval does not prove the gate, and about how many rows would."""
    far = low if gate.comparison[0] == ">" else high
    span = f"the interval reaches from {show(low, gate.dimension)} to {show(high, gate.dimension)}"
    margin, reach = abs(value - gate.bound), abs(value - far)
    if gate.comparison == "==" or not rows:
        return span
    if math.isclose(value, gate.bound, rel_tol=_NEAR, abs_tol=1e-12):
        return f"{span}; the value is the bound itself, and no number of rows settles that"
    # The width of an interval shrinks with the square root of the rows.
    needed = rows * (reach / margin) ** 2
    if needed > _MOST_ROWS:
        return f"{span}; the value is so near the bound that more rows would hardly settle it"
    digits = 10 ** max(0, math.floor(math.log10(needed)) - 1)
    about = math.ceil(round(needed / digits, 6)) * digits
    return f"{span}; about {about:,.0f} rows instead of {rows:,} would settle it"


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
