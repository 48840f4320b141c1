"""Judge: measure the predictions and decide every gate."""

from __future__ import annotations

import polars as pl

from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes
from volvelle.evaluate import evidence as proving
from volvelle.evaluate.contract import Side
from volvelle.evaluate.records import Evidence, Identity, Scored
from volvelle.evaluate.sides import side
from volvelle.flow.context import Context
from volvelle.flow.lesson import groups_of
from volvelle.model.signature import Signature
from volvelle.spec.requirements import Spec
from volvelle.train.records import Candidate, Model


def judge(
    spec: Spec, dataset: Dataset, candidate: Candidate, model: Model, scored: Scored, context: Context
) -> Evidence:
    """All metrics with intervals, slices, baseline and verdicts, from the predictions alone."""
    predictions = from_bytes(context.get(scored.predictions))
    rows = from_bytes(context.get(scored.rows))
    test = predictions.filter(pl.col("side") == "test")
    case = proving.Case(
        signature=model.signature,
        train=_side(predictions.filter(pl.col("side") == "train"), model.signature, None),
        test=_side(test, model.signature, groups_of(rows, spec.data.group)),
        frame=rows,
        shares=scored.baseline,
        metric=candidate.metric,
        model_size=model.size,
        parity=model.parity,
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


def _side(frame: pl.DataFrame, signature: Signature, groups: object) -> Side:
    scores = frame.select(pl.selectors.starts_with("score_")).to_numpy()
    labels = frame["label"].to_numpy() if "label" in frame.columns else frame["y"].to_numpy()
    return side(frame["y"].to_numpy(), labels, scores, signature, groups)  # type: ignore[arg-type]
