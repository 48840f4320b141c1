"""Explain: what the model leans on and what its numbers mean, from what is stored already."""

from __future__ import annotations

import numpy as np

from volvelle.catalog import ESTIMATORS, METRICS
from volvelle.data.versions import from_bytes
from volvelle.evaluate.explain.calibration import calibration
from volvelle.evaluate.explain.dependence import dependences
from volvelle.evaluate.explain.diagnosis import Case, diagnose
from volvelle.evaluate.explain.importance import Question, importances
from volvelle.evaluate.explain.labels import labels, told
from volvelle.evaluate.explain.records import Explanation, Labels
from volvelle.evaluate.explain.shipped import Shipped
from volvelle.evaluate.explain.simplest import simplest
from volvelle.evaluate.explain.thresholds import thresholds
from volvelle.evaluate.measure import given
from volvelle.evaluate.records import Evidence, Scored
from volvelle.flow.context import Context
from volvelle.flow.lesson import groups_of
from volvelle.flow.out_of_fold import OutOfFold
from volvelle.flow.predictions import side_of
from volvelle.model.signature import Signature
from volvelle.prepare.records import Split
from volvelle.spec.gates import parse
from volvelle.spec.requirements import Spec
from volvelle.train.records import Candidate, Model, Searched

TOP = 6
"""Columns whose partial dependence is drawn."""


def explain(
    spec: Spec,
    split: Split,
    searched: Searched,
    candidate: Candidate,
    model: Model,
    scored: Scored,
    evidence: Evidence,
    context: Context,
) -> Explanation:
    """Everything that needs no training. The seal stays closed: rows and predictions are those of `validate`."""
    rows, stated = from_bytes(context.get(scored.rows)), given(spec.require)
    predictions = from_bytes(context.get(scored.predictions))
    truth = side_of(predictions, "test", model.signature, groups_of(rows, spec.data.group), stated)
    shipped = Shipped(context.get(model.onnx), model.signature, stated)
    inputs = shipped.encode(rows)
    asked = Question(candidate.metric, model.task, evidence.level, evidence.seed)
    found = importances(shipped, inputs, truth, asked)
    top = [i.column for i in found.importances if i.value is not None][:TOP]
    bins = calibration(truth, model.task, evidence.level)
    near = simplest(searched, {n: ESTIMATORS.fact(n, "COST") or 0 for n in ESTIMATORS.names()})
    up = METRICS.fact(candidate.metric, "DIRECTION") == "up"
    case = Case(
        evidence=evidence,
        candidate=candidate,
        folds=searched.folds,
        up=up,
        perfect=float(METRICS.fact(candidate.metric, "RANGE")[1 if up else 0]),
        importances=found.importances,
        bins=bins,
        simpler=near,
    )
    second = _labels(candidate, split, model.signature, context)
    looked = told(second) if second else None
    gates = tuple(parse(v.gate) for v in evidence.verdicts)
    return Explanation(
        metric=candidate.metric,
        importances=found.importances,
        dependences=dependences(shipped, inputs, top, evidence.seed),
        calibration=bins,
        thresholds=thresholds(truth, gates) if model.task == "binary" else None,
        simpler=near,
        findings=(*diagnose(case), *((looked,) if looked else ())),
        rows=found.rows,
        repeats=asked.repeats,
        notes=found.notes,
        labels=second,
    )


def _labels(candidate: Candidate, split: Split, signature: Signature, context: Context) -> Labels | None:
    """Labels of the training side beside out-of-fold predictions, where there are both."""
    if signature.task == "regression" or not candidate.predictions:
        return None
    known = OutOfFold(context, candidate.layout, signature, candidate.metric)
    places = from_bytes(context.get(split.rows))["row"].to_numpy()[known.rows]
    scores = known.predictions(candidate.predictions).astype(np.float64)
    return labels(scores, known.y.astype(np.int64), signature.classes, places)
