"""Quality against size and work: the candidates that no other one beats in all three, and the best under a bound.

Size and operations of a candidate are those of the ONNX file that its last fold's model makes. A model of all rows
may be larger, at most in the ratio of the rows for what keeps rows or grows with them; a bound is held against
that. Both are counted, so that the same search chooses alike on every machine.

Reference: Deb, Multi-objective optimization using evolutionary algorithms, 2001, section 2.4, on dominance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from volvelle.evaluate.explain.simplest import standard_error
from volvelle.evaluate.judge import meets
from volvelle.evaluate.records import Verdict, Weighed
from volvelle.spec.gates import Gate
from volvelle.spec.units import show
from volvelle.train.records import Searched, Trial

EXACT = 24
"""Bits of a leaf with which sums are as exact as float32 has them."""
BOUND = "model_size"
"""The gate that a candidate is held against before it is chosen."""


def weighed(searched: Searched) -> tuple[Weighed, ...]:
    """The finished trials of a search that were weighed, in the order of trials."""
    return tuple(
        Weighed(
            estimator=t.estimator,
            score=float(t.score),
            size=t.size,
            operations=t.operations,
            trial=t.number,
            flash=t.foretold.get("flash"),
            ram=t.foretold.get("ram"),
            instructions=t.foretold.get("instructions"),
            fits=t.fits,
            form=form(t.settings),
        )
        for t in searched.trials
        if t.status == "done" and t.size and t.score is not None and math.isfinite(t.score)
    )


def form(settings: Mapping[str, Any]) -> str:
    """How settings make a model smaller.

    >>> form({"bits": 8, "keep": 0.25, "units": 32}), form({"units": 32})
    ('int8, 25 % of the weights', '')
    """
    keep, leaf = settings.get("keep", 1.0), settings.get("leaf_bits", EXACT)
    told = {
        "student": "teacher" in settings,
        "int8": settings.get("bits") == 8,
        f"{100 * keep:g} % of the weights": keep < 1,
        f"leaves of {leaf} bits": leaf < EXACT,
    }
    return ", ".join(word for word, holds in told.items() if holds)


def front(points: Sequence[Weighed], *, up: bool) -> tuple[Weighed, ...]:
    """Those that no other one equals or beats in score, size and operations at once, the best score first.

    Where a device is known, flash, static memory and instructions there stand in the place of size and operations.
    Of equal ones the first stays; what is shipped always stays.

    >>> small, large = (Weighed(estimator=e, score=s, size=b, operations=1) for e, s, b in (("a", .8, 1), ("b", .9, 9)))
    >>> poor = Weighed(estimator="c", score=0.8, size=5, operations=1)
    >>> [p.estimator for p in front((small, poor, large), up=True)]
    ['b', 'a']
    """
    sign = -1.0 if up else 1.0

    placed = any(p.flash is not None for p in points)

    def costs(point: Weighed) -> tuple[float, ...]:
        if not placed:
            return sign * point.score, point.size, point.operations
        takes = (point.flash, point.ram, point.instructions)
        return sign * point.score, *(math.inf if t is None else t for t in takes)

    def beaten(at: int) -> bool:
        mine = costs(points[at])
        for place, other in enumerate(points):
            theirs = costs(other)
            if all(a <= b for a, b in zip(theirs, mine, strict=True)) and (theirs != mine or place < at):
                return True
        return False

    kept = [p for at, p in enumerate(points) if p.shipped or not beaten(at)]
    return tuple(sorted(kept, key=lambda p: (*costs(p), p.trial is not None)))


def smallest(ranked: Sequence[Trial], searched: Searched, gates: Sequence[Gate]) -> Trial:
    """The smallest of the trials within one standard error of the best, which cannot be told from it.

    The smallest takes the least flash on the device, as foretold, or the fewest bytes as a file where there is none. A
    floor of the search metric that the best meets over the folds is met by the smallest too.

    Reference: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984, section 3.4.3.

    Args:
        ranked: some of the trials, the best first.
        searched: the search that they come from.
        gates: of the spec.
    """
    best, sign = ranked[0], 1.0 if searched.direction == "up" else -1.0
    floors = [g for g in gates if g.name == searched.metric and not g.where]
    floors = [g for g in floors if meets(float(best.score or 0.0), g.comparison, g.bound)]
    error = standard_error(best, searched.folds)

    def equal(trial: Trial) -> bool:
        score = float(trial.score or 0.0)
        near = sign * (float(best.score or 0.0) - score) <= error
        return near and all(meets(score, g.comparison, g.bound) for g in floors)

    def taken(trial: Trial) -> float:
        return trial.foretold.get("flash", math.inf) if best.foretold else trial.size or math.inf

    return min((t for t in ranked if equal(t)), key=taken)


def grown(size: int, folds: int) -> int:
    """The most bytes of a model of all rows, from those of a model of all folds but one.

    >>> grown(800, 5)
    1000
    """
    return math.ceil(size * folds / (folds - 1))


def fits(trial: Trial, bounds: Sequence[Gate], folds: int) -> bool:
    """Whether a trial's model will keep within all bounds on the size; one that was never weighed may."""
    return not trial.size or all(meets(grown(trial.size, folds), g.comparison, g.bound) for g in bounds)


def told(verdict: Verdict, gate: Gate, searched: Searched, shipped: Weighed) -> Verdict:
    """The verdict on a bound of the size, with what the bound decided and what it cost.

    Args:
        verdict, gate: the one on the other.
        searched: all candidates.
        shipped: the chosen one, as measured.
    """
    points = weighed(searched)
    if gate.name != BOUND or not points:
        return verdict
    trials = {t.number: t for t in searched.trials}
    within = [p for p in points if fits(trials[p.trial or 0], (gate,), searched.folds)]
    if not within:
        nearest = min(points, key=lambda p: p.size)
        least = math.ceil(grown(nearest.size, searched.folds) / 1024)
        said = (
            f"none of {len(points)} candidates fits, so the best of all is taken; the smallest is {nearest.estimator}, "
            f"{searched.metric} {nearest.score:.4g} over the folds: {gate.name} <= {least} KiB would let it win, "
            f"{gate.name} <= {math.ceil(shipped.size / 1024)} KiB lets this one pass"
        )
    else:
        said = f"{len(within)} of {len(points)} candidates fit, and the best of them is taken"
        best = next((p for p in points if p.trial == searched.best), None)
        if best is not None and best not in within:
            said += (
                f": {shipped.estimator}, {searched.metric} {shipped.score:.4g} over the folds; without the bound "
                f"{best.estimator} would reach {best.score:.4g} with {show(grown(best.size, searched.folds), 'bytes')}"
            )
        elif len(within) == len(points):
            said = "every candidate fits: the bound decides nothing"
    return structs.replace(verdict, reason="; ".join(filter(None, (verdict.reason, said))))
