"""Choose: the best trial that keeps within the bounds, or an average of several where that is better."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from volvelle.catalog import METRICS
from volvelle.data.versions import to_bytes
from volvelle.errors import ContractBroken
from volvelle.evaluate import front
from volvelle.evaluate.measure import stated
from volvelle.flow.context import Context
from volvelle.flow.out_of_fold import OutOfFold
from volvelle.spec.gates import Gate, parse
from volvelle.spec.requirements import Spec
from volvelle.train import ensemble
from volvelle.train.assemble import weighted
from volvelle.train.clock import refit
from volvelle.train.records import Candidate, Member, Searched, Trial

MOST = 24
"""Only the best trials, and the best one of each estimator, may become members."""


UNMEASURED = frozenset({"flash", "ram", "stack", "latency", "throughput", "instructions"})
"""What is bounded by a gate and not known of a candidate: then a single model is chosen, as several are dearer."""


def choose(spec: Spec, searched: Searched, context: Context) -> Candidate:
    """Only what is needed to train it again, so that a search with the same winner changes nothing after it.

    With a gate on the size of the model the best trial is taken that keeps within it; where none does, the best of all:
    it shows what the bound costs, and the verdict names the smallest.
    """
    gates = [parse(text) for text in spec.require.gates]
    bounds = [g for g in gates if g.name == front.BOUND]
    ranked = _ranked(searched)
    able = [t for t in ranked if front.fits(t, bounds, searched.folds)]
    best = (able or ranked)[0]
    single = Candidate(
        estimator=best.estimator,
        settings=best.whole(),
        seed=searched.seed,
        metric=searched.metric,
        score=float(best.score if best.score is not None else "nan"),
        spread=best.spread or 0.0,
        predictions=best.predictions,
        layout=searched.layout,
    )
    able = [t for t in able if t.predictions]
    if not spec.search.ensemble or len(able) < 2 or any(g.name in UNMEASURED for g in gates):
        return single
    return _averaged(searched, able, bounds, stated(searched.metric, spec.require), context) or single


def _averaged(
    searched: Searched, able: list[Trial], bounds: list[Gate], given: dict[str, Any], context: Context
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
    members = tuple(
        Member(estimator=pool[k].estimator, settings=pool[k].whole(), weight=w) for k, w in found.weights.items()
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


def _shares(pool: list[Trial], searched: Searched, bounds: list[Gate]) -> list[float]:
    """What each member takes of what there is: of the time to fit them, or of the bytes if that is more."""
    within = searched.refit_within or math.inf
    room = min((g.bound for g in bounds if g.comparison in ("<=", "<", "==")), default=math.inf)
    return [max(refit(t, searched.folds) / within, front.grown(t.size, searched.folds) / room) for t in pool]


def _ranked(searched: Searched) -> list[Trial]:
    """Finished trials, best first; the search's own best before its equals."""
    sign = -1 if searched.direction == "up" else 1
    done = [t for t in searched.trials if t.status == "done" and t.score is not None]
    return sorted(done, key=lambda t: (sign * float(t.score or 0.0), t.number != searched.best, t.number))
