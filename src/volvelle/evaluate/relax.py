"""What the budget of a device decided: what the search gave up for it, and which requirement to relax by how much.

Scores are means over the folds, and what a candidate takes is foretold: both are known of every candidate, the sealed
test side and the C compiler of the chosen one alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import structs

from volvelle.catalog import METRICS
from volvelle.evaluate.budget import Budget, Limit, needed, share
from volvelle.evaluate.front import smallest, weighed
from volvelle.evaluate.judge import meets
from volvelle.evaluate.records import Constrained, Verdict, Weighed
from volvelle.spec.gates import Gate, parse
from volvelle.spec.units import show
from volvelle.train.records import Searched

_SHOWN = {"flash": "of flash", "ram": "of RAM", "instructions": "instructions a row", "cycles": "cycles a row"}


def constrained(
    searched: Searched, budget: Budget, shipped: Weighed, verdicts: Sequence[Verdict]
) -> tuple[Constrained | None, tuple[Verdict, ...]]:
    """What the budget decided, and the verdicts that tell of it; nothing without limits.

    Args:
        searched: all candidates.
        budget: of the device.
        shipped: the model, as it was measured on the device.
        verdicts: of all gates.
    """
    if budget.device is None or not budget.limits:
        return None, tuple(verdicts)
    known = _Known(searched, budget)
    said = known.outcome(shipped)
    relax = [line for verdict in verdicts if verdict.verdict != "pass" for line in known.relaxed(parse(verdict.gate))]
    relax = relax or ([] if known.fitting else known.nearest())
    found = Constrained(
        device=budget.device.name,
        limits=budget.limits,
        candidates=len(known.points),
        fitting=len(known.fitting),
        free=known.best(known.points),
        within=known.best(known.fitting),
        small=known.smallest([parse(v.gate) for v in verdicts]),
        relax=tuple(dict.fromkeys(relax)),
    )
    lines = {limit.gate for limit in budget.limits}
    told = [
        structs.replace(v, reason="; ".join(filter(None, (v.reason, said)))) if v.gate in lines else v for v in verdicts
    ]
    return found, tuple(told)


class _Known:
    """The finished candidates of a search, and what each takes."""

    def __init__(self, searched: Searched, budget: Budget) -> None:
        self._searched, self._limits = searched, budget.limits
        self._clock = (budget.device.clock if budget.device else None) or 0
        self._takes: Mapping[int | None, Mapping[str, int]] = {t.number: t.foretold for t in searched.trials}
        self._sign = 1 if METRICS.fact(searched.metric, "DIRECTION") == "up" else -1
        self.points = weighed(searched)
        self.fitting = tuple(p for p in self.points if p.fits)

    def best(self, points: Sequence[Weighed]) -> Weighed | None:
        """The one with the best score."""
        return max(points, key=lambda p: self._sign * p.score, default=None)

    def smallest(self, gates: Sequence[Gate]) -> Weighed | None:
        """The smallest that fits and cannot be told from the best that does."""
        numbers = {p.trial for p in self.fitting}
        ranked = sorted(
            (t for t in self._searched.trials if t.number in numbers), key=lambda t: -self._sign * float(t.score or 0.0)
        )
        found = smallest(ranked, self._searched, gates).number if ranked else None
        return next((p for p in self.fitting if p.trial == found), None)

    def outcome(self, shipped: Weighed) -> str:
        """How many candidates fit, and what the others would reach."""
        count, free, within = len(self.points), self.best(self.points), self.best(self.fitting)
        if within is None or free is None:
            return f"none of {count} candidates is foretold to fit the device, so the one that comes nearest is taken"
        said = f"{len(self.fitting)} of {count} candidates are foretold to fit the device"
        if free.fits:
            return f"{said}, and the best of all is one of them"
        return (
            f"{said}: {self._named(within)}; without the budget {self._named(free)} with {self._over(free)}"
            if shipped.estimator != "ensemble"
            else f"{said}, and the average of some; without the budget {self._named(free)} with {self._over(free)}"
        )

    def relaxed(self, gate: Gate) -> list[str]:
        """For a floor of the search metric that no candidate meets that fits: what would."""
        if gate.name != self._searched.metric or gate.where or not self.points:
            return []
        if any(meets(p.score, gate.comparison, gate.bound) for p in self.fitting):
            return []
        able = [p for p in self.points if meets(p.score, gate.comparison, gate.bound)]
        lines = self.nearest(able, f" with {gate.name} {gate.shown_bound()} over the folds") if able else []
        within = self.best(self.fitting)
        if within is not None:
            down = math.floor if self._sign > 0 else math.ceil
            digits = 10.0 ** max(0, 2 - math.floor(math.log10(max(abs(within.score), 1e-9))))
            floor = down(within.score * digits) / digits
            lines.append(f"'{gate.name} {gate.comparison} {floor:g}' is what fits: {self._named(within)}")
        return lines

    def nearest(self, points: Sequence[Weighed] | None = None, what: str = "") -> list[str]:
        """Of some candidates, or of all, the one nearest to the limits, and the limits that it would meet."""
        points = [p for p in (self.points if points is None else points) if self._takes[p.trial]]
        if not points:
            return []
        found = min(points, key=lambda p: share(self._takes[p.trial], self._limits, self._searched.folds))
        gates = " and ".join(f"'{self._wider(limit, found)}'" for limit in self._missed(found))
        return [f"the smallest candidate{what} is {self._named(found)}, with {self._over(found)}: {gates} lets it in"]

    def _missed(self, point: Weighed) -> list[Limit]:
        return [limit for limit in self._limits if self._needs(limit, point) > limit.most]

    def _needs(self, limit: Limit, point: Weighed) -> float:
        return needed(self._takes[point.trial], limit.name, self._searched.folds)

    def _over(self, point: Weighed) -> str:
        """What a candidate is foretold to take of everything that it takes too much of."""
        if not self._takes[point.trial]:
            return "an operator that cannot be compiled"
        units = {"flash": "bytes", "ram": "bytes"}
        took = [(limit.name, self._needs(limit, point)) for limit in self._missed(point)]
        return " and ".join(f"{show(need, units.get(name, 'count'))} {_SHOWN[name]}" for name, need in took)

    def _wider(self, limit: Limit, point: Weighed) -> str:
        """The limit's gate with the bound that a candidate would meet."""
        need = self._needs(limit, point)
        if limit.name in ("flash", "ram"):
            return f"{limit.name} <= {math.ceil(need / 1024)} KiB"
        if limit.name == "instructions":
            return f"instructions <= {math.ceil(need / 100) * 100}"
        if parse(limit.gate).name == "throughput":
            return f"throughput >= {math.floor(self._clock / need * 10) / 10:g} /s"
        return f"latency <= {math.ceil(need / self._clock * 1e4) / 10:g} ms"

    def _named(self, point: Weighed) -> str:
        form = f" ({point.form})" if point.form else ""
        return f"{point.estimator}{form}, {self._searched.metric} {point.score:.4g} over the folds"
