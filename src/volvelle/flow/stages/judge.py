"""Judge: measure the predictions and decide every gate."""

from __future__ import annotations

from volvelle.compiler.records import Footprint
from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes
from volvelle.evaluate import evidence as proving
from volvelle.evaluate.measure import given
from volvelle.evaluate.records import Evidence, Identity, Scored
from volvelle.flow.context import Context
from volvelle.flow.lesson import groups_of
from volvelle.flow.predictions import side_of
from volvelle.spec.requirements import Spec
from volvelle.train.records import Candidate, Model


def judge(
    spec: Spec,
    dataset: Dataset,
    candidate: Candidate,
    model: Model,
    scored: Scored,
    footprint: Footprint,
    context: Context,
) -> Evidence:
    """All metrics with intervals, slices, baseline and verdicts, from the predictions alone."""
    predictions = from_bytes(context.get(scored.predictions))
    rows = from_bytes(context.get(scored.rows))
    stated = given(spec.require)
    case = proving.Case(
        signature=model.signature,
        train=side_of(predictions, "train", model.signature, given=stated),
        test=side_of(predictions, "test", model.signature, groups_of(rows, spec.data.group), stated),
        frame=rows,
        shares=scored.baseline,
        metric=candidate.metric,
        model_size=model.size,
        parity=model.parity,
        footprint=footprint if footprint.device else None,
        level=spec.require.confidence,
        seed=spec.search.seed,
    )
    about = Identity(
        model=model.onnx,
        estimator=model.estimator,
        dataset=dataset.version,
        openings=scored.openings,
        versions=model.versions,
    )
    return proving.evidence(case, spec.require.gates, spec.data.sensitive, about)
