"""Judge: measure the predictions, decide every gate, and set the model beside the candidates that cost less."""

from __future__ import annotations

from msgspec import structs

from volvelle.catalog import METRICS
from volvelle.compiler.records import Footprint
from volvelle.data.versions import from_bytes
from volvelle.evaluate import evidence as proving
from volvelle.evaluate import front, relax
from volvelle.evaluate.budget import Budget
from volvelle.evaluate.device import implied
from volvelle.evaluate.measure import given
from volvelle.evaluate.records import Evidence, Identity, Scored, Verdict, Weighed
from volvelle.flow.context import Context
from volvelle.flow.lesson import groups_of
from volvelle.flow.predictions import side_of
from volvelle.flow.stages.budget import budget
from volvelle.spec.gates import parse
from volvelle.spec.requirements import Spec
from volvelle.train.records import Calibrated, Model, Searched, Trial, Tuned


def judge(
    spec: Spec,
    searched: Searched,
    calibrated: Calibrated,
    tuned: Tuned,
    model: Model,
    scored: Scored,
    footprint: Footprint,
    context: Context,
) -> Evidence:
    """All metrics with intervals, slices, baseline and verdicts, from the predictions; the front, from the trials."""
    predictions = from_bytes(context.get(scored.predictions))
    rows = from_bytes(context.get(scored.rows))
    stated = given(spec.require)
    case = proving.Case(
        signature=model.signature,
        train=side_of(predictions, "train", model.signature, given=stated),
        test=side_of(predictions, "test", model.signature, groups_of(rows, spec.data.group), stated),
        frame=rows,
        shares=scored.baseline,
        metric=searched.metric,
        model_size=model.size,
        parity=model.parity,
        footprint=footprint if footprint.device else None,
        level=spec.require.confidence,
        seed=spec.search.seed,
    )
    about = Identity(
        model=model.onnx,
        estimator=model.estimator,
        dataset=model.dataset,
        openings=scored.openings,
        versions=model.versions,
    )
    # Not the record of the stage of that name: it is the same, and this takes enough records as it is.
    bounds = budget(spec, context)
    asked = (*spec.require.gates, *bounds.added, *(implied(spec.require.gates) if case.footprint else ()))
    found = proving.evidence(case, asked, spec.data.sensitive, about)
    found = structs.replace(
        found,
        calibrated=calibrated,
        tuned=tuned,
        verdicts=_reasons(found.verdicts, tuned),
        footprint=case.footprint,
    )
    return _weighed(found, searched, bounds, _shipped(searched, model, footprint))


def _reasons(verdicts: tuple[Verdict, ...], tuned: Tuned) -> tuple[Verdict, ...]:
    """The verdicts; where no threshold could meet all gates, those that it missed say so."""
    if tuned.meets is not False:
        return verdicts
    missed = [v.verdict in ("fail", "not proven") and v.name in tuned.curve for v in verdicts]
    return tuple(
        structs.replace(v, reason=f"{v.reason}; {tuned.why}") if at else v
        for v, at in zip(verdicts, missed, strict=True)
    )


def _shipped(searched: Searched, model: Model, footprint: Footprint) -> Weighed:
    """The model by what it achieves and what it costs, as measured."""
    own = next((t for t in searched.trials if t.score == model.score and _like(t, model)), None)
    shipped = Weighed(
        estimator=model.estimator,
        score=float("nan") if model.score is None else model.score,
        size=model.size,
        operations=model.operations,
        trial=own.number if own and not model.members else None,
        shipped=True,
        form=front.form(model.settings),
    )
    if not footprint.device:
        return shipped
    return structs.replace(
        shipped,
        flash=footprint.flash,
        ram=footprint.ram,
        instructions=footprint.instructions.most,
        fits=own.fits if own else None,
    )


def _like(trial: Trial, model: Model) -> bool:
    """Whether a model has the settings of a trial; the last fit may be given others besides."""
    same = all(model.settings.get(name) == value for name, value in trial.settings.items() if name not in trial.found)
    return trial.estimator == model.estimator and same


def _weighed(evidence: Evidence, searched: Searched, bounds: Budget, shipped: Weighed) -> Evidence:
    """The evidence with the front, and with what a bound on the size and the budget of a device decided."""
    others = [p for p in front.weighed(searched) if p.trial != shipped.trial]
    up = METRICS.fact(searched.metric, "DIRECTION") == "up"
    verdicts = tuple(front.told(v, parse(v.gate), searched, shipped) for v in evidence.verdicts)
    constrained, verdicts = relax.constrained(searched, bounds, shipped, verdicts)
    return structs.replace(
        evidence,
        verdicts=verdicts,
        constrained=constrained,
        front=front.front((shipped, *others), up=up),
        weighed=len(others) + 1,
    )
