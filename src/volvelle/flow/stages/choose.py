"""Choose: the best trial, or an average of several where that is better by more than chance."""

from __future__ import annotations

from typing import Any

import polars as pl

from volvelle.catalog import METRICS
from volvelle.data.versions import to_bytes
from volvelle.errors import ContractBroken
from volvelle.evaluate.measure import stated
from volvelle.flow.context import Context
from volvelle.flow.out_of_fold import OutOfFold
from volvelle.spec.gates import parse
from volvelle.spec.requirements import Spec
from volvelle.train import ensemble
from volvelle.train.assemble import weighted
from volvelle.train.clock import refit
from volvelle.train.records import Candidate, Member, Searched, Trial

MOST = 24
"""Only the best trials, and the best one of each estimator, may become members."""


BOUNDED = frozenset({"model_size", "flash", "ram", "stack", "latency", "throughput", "instructions"})
"""With a gate on one of these a single model is chosen."""


def choose(spec: Spec, searched: Searched, context: Context) -> Candidate:
    """Only what is needed to train it again, so that a search with the same winner changes nothing after it."""
    best = next(t for t in searched.trials if t.number == searched.best)
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
    able = [t for t in _ranked(searched) if t.predictions]
    if not spec.search.ensemble or len(able) < 2 or _small(spec):
        return single
    return _averaged(searched, able, single, stated(searched.metric, spec.require), context) or single


def _small(spec: Spec) -> bool:
    """Whether a gate bounds the size or the time of the model: several models are larger and slower than one."""
    return any(parse(text).name in BOUNDED for text in spec.require.gates)


def _averaged(
    searched: Searched, able: list[Trial], single: Candidate, given: dict[str, Any], context: Context
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
        costs=[refit(t, searched.folds) for t in pool],
        best=0,
    )
    sign = 1 if METRICS.fact(searched.metric, "DIRECTION") == "up" else -1
    within = searched.refit_within
    found = ensemble.find(library, known.score, sign, within)
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
        seed=single.seed,
        metric=single.metric,
        score=found.score,
        spread=found.spread,
        members=members,
        predictions=context.put(to_bytes(table)),
        layout=searched.layout,
    )


def _ranked(searched: Searched) -> list[Trial]:
    """Finished trials, best first; the search's own best before its equals."""
    sign = -1 if searched.direction == "up" else 1
    done = [t for t in searched.trials if t.status == "done" and t.score is not None]
    return sorted(done, key=lambda t: (sign * float(t.score or 0.0), t.number != searched.best, t.number))
