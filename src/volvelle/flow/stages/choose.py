"""Choose: the best trial that keeps within the bounds, or an average of several where that is better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl
from msgspec import structs

from volvelle.catalog import ESTIMATORS, METRICS
from volvelle.data.versions import to_bytes
from volvelle.errors import ContractBroken
from volvelle.evaluate import front
from volvelle.evaluate.budget import Budget, Limit, share
from volvelle.evaluate.measure import stated
from volvelle.flow.context import Context
from volvelle.flow.out_of_fold import OutOfFold
from volvelle.spec.gates import Gate, parse
from volvelle.spec.requirements import Spec
from volvelle.train import ensemble
from volvelle.train.assemble import weighted
from volvelle.train.clock import refit
from volvelle.train.contract import Settings
from volvelle.train.records import BOOSTERS, Candidate, Member, Searched, Trial
from volvelle.train.rows import growth

MOST = 24
"""Only the best trials, and the best one of each estimator, may become members."""


UNMEASURED = frozenset({"flash", "ram", "stack", "latency", "throughput", "instructions"})
"""What a gate bounds on a device. Where it is not foretold of candidates, a single model is chosen: several are
dearer."""


class Bounds(NamedTuple):
    """What a candidate must keep to."""

    size: tuple[Gate, ...]
    """On bytes of the ONNX file."""
    limits: tuple[Limit, ...]
    """Of the device."""
    unknown: bool
    """Whether something else is bounded that nobody can foretell."""
    folds: int

    def share(self, trial: Trial, times: int = 1) -> float:
        """The largest share of a limit of the device that so many models like a trial's take."""
        return share({name: count * times for name, count in trial.foretold.items()}, self.limits, self.folds)

    def allow(self, chosen: Sequence[Trial]) -> bool:
        """Whether an average of trials, each with all its boosters, keeps within everything that is bounded."""
        size = structs.replace(chosen[0], size=sum(t.size * t.times() for t in chosen))
        device = sum(self.share(t, t.times()) for t in chosen) <= 1
        return not self.unknown and device and front.fits(size, self.size, self.folds)


def choose(spec: Spec, searched: Searched, budget: Budget, context: Context) -> Candidate:
    """Only what is needed to train it again, so that a search with the same winner changes nothing after it.

    The best trial is taken that keeps within a gate on the size of the model and is foretold to keep within the budget
    of the device. Where none keeps within the size, the best of all is taken, and the verdict names the smallest; where
    none fits the device, the one that comes nearest. Where small ones are preferred, the smallest is taken that cannot
    be told from the best, and no average.
    """
    gates = [parse(text) for text in spec.require.gates]
    foretold = {limit.gate for limit in budget.limits}
    bounds = Bounds(
        size=tuple(g for g in gates if g.name == front.BOUND),
        limits=budget.limits,
        unknown=any(g.name in UNMEASURED and g.text not in foretold for g in gates),
        folds=searched.folds,
    )
    ranked = _ranked(searched)
    fitting = [t for t in ranked if t.fits is not False]
    nearest = sorted(ranked, key=bounds.share)
    able = [t for t in fitting if front.fits(t, bounds.size, searched.folds)]
    best = (able or fitting or nearest)[0]
    small = spec.search.prefer == "small"
    if small and able:
        best = front.smallest(able, searched, gates)
    single = Candidate(
        estimator=best.estimator,
        settings=_settings([best], bounds, searched)[0],
        seed=searched.seed,
        metric=searched.metric,
        score=float(best.score if best.score is not None else "nan"),
        spread=best.spread or 0.0,
        predictions=best.predictions,
        layout=searched.layout,
    )
    able = [t for t in able if t.predictions]
    if small or not spec.search.ensemble or len(able) < 2 or bounds.unknown:
        return single
    return _averaged(searched, able, bounds, stated(searched.metric, spec.require), context) or single


def _averaged(
    searched: Searched, able: list[Trial], bounds: Bounds, given: dict[str, Any], context: Context
) -> Candidate | None:
    """The ensemble, if it is better."""
    if searched.answers is None:
        raise ContractBroken("the search handed on no classes")
    known = OutOfFold(context, searched.layout, searched.answers, searched.metric, given)
    first = {t.estimator: t.number for t in reversed(able)}
    pool = [t for place, t in enumerate(able) if place < MOST or first[t.estimator] == t.number]
    answers = [known.predictions(t.predictions) for t in pool]
    library = ensemble.Library(
        answers=answers,
        truth=known.truth(),
        folds=known.folds,
        costs=_shares(pool, searched, bounds),
        best=0,
    )
    sign = 1 if METRICS.fact(searched.metric, "DIRECTION") == "up" else -1
    found = ensemble.find(library, known.score, sign, 1.0)
    if not found.better:
        return None
    chosen = [pool[k] for k in found.weights]
    members = tuple(
        Member(estimator=t.estimator, settings=settings, weight=w)
        for t, settings, w in zip(chosen, _settings(chosen, bounds, searched), found.weights.values(), strict=True)
    )
    mean = weighted([answers[k] for k in found.weights], list(found.weights.values()))
    table = pl.DataFrame({f"score_{k}": mean[:, k] for k in range(mean.shape[1])})
    return Candidate(
        estimator="ensemble",
        settings={},
        seed=searched.seed,
        metric=searched.metric,
        score=found.score,
        spread=found.spread,
        members=members,
        predictions=context.put(to_bytes(table)),
        layout=searched.layout,
    )


def _settings(chosen: list[Trial], bounds: Bounds, searched: Searched) -> list[Settings]:
    """What each last fit is given: no more than its trial was where something bounds what ships, unless all fits.

    The first ones are given more for as long as there is time. Where nothing bounds them, numbers that were found in
    the rows of a fold grow with these.
    """
    free = not (bounds.size or bounds.limits or bounds.unknown)
    left = _within(searched) - sum(_once(t, searched) for t in chosen)
    allowed = bounds.allow(chosen)
    given = []
    for trial in chosen:
        once = _once(trial, searched)
        more = min(trial.times() - 1, max(left, 0.0) / once if once else math.inf) if allowed else 0
        # What is given by hand is taken as it is.
        more = trial.times() - 1 if BOOSTERS in trial.settings else int(more)
        left -= once * more
        last = () if more or trial.times() == 1 else ESTIMATORS.fact(trial.estimator, "LAST") or ()
        kept = {k: v for k, v in trial.whole().items() if k not in last}
        kept |= {BOOSTERS: 1 + more} if BOOSTERS in kept else {}
        given.append(kept | (_grown(trial, searched.shares[-1]) if free else {}))
    return given


def _grown(trial: Trial, share: float) -> Settings:
    """What early stopping found where the last fold learnt from a share of the rows, for all of them."""
    grows = (ESTIMATORS.fact(trial.estimator, "GROWS") or ()) if trial.found else ()
    return {name: round(value * growth(1 / share)) for name, value in trial.found.items() if name in grows}


def _within(searched: Searched) -> float:
    return math.inf if searched.refit_within is None else searched.refit_within


def _once(trial: Trial, searched: Searched) -> float:
    """Seconds of fitting one booster of a member again."""
    return refit(trial, searched.shares) / trial.times()


def _shares(pool: list[Trial], searched: Searched, bounds: Bounds) -> list[float]:
    """What each member takes of what there is: of the time to fit them, or of the bytes or the device if that is more.

    What the members of a device have in common is counted for each, so that an average takes less than that.
    """
    room = min((g.bound for g in bounds.size if g.comparison in ("<=", "<", "==")), default=math.inf)
    return [
        max(_once(t, searched) / _within(searched), front.grown(t.size, searched.folds) / room, bounds.share(t))
        for t in pool
    ]


def _ranked(searched: Searched) -> list[Trial]:
    """Finished trials, best first; the search's own best before its equals."""
    sign = -1 if searched.direction == "up" else 1
    done = [t for t in searched.trials if t.status == "done" and t.score is not None]
    return sorted(done, key=lambda t: (sign * float(t.score or 0.0), t.number != searched.best, t.number))
