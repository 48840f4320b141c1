"""Reason: why three rows of the test side got their answers."""

from __future__ import annotations

from volvelle.data.versions import from_bytes
from volvelle.evaluate.explain.reasons import off, taken_apart, telling
from volvelle.evaluate.explain.records import Reason, Reasons
from volvelle.evaluate.explain.shipped import Shipped
from volvelle.evaluate.records import Scored
from volvelle.flow.context import Context
from volvelle.flow.predictions import side_of
from volvelle.prepare.records import Split
from volvelle.train.records import Model


def reason(split: Split, model: Model, scored: Scored, context: Context) -> Reasons:
    """Rows and predictions are those that `validate` stored; the seal stays closed."""
    rows = from_bytes(context.get(scored.rows))
    side = side_of(from_bytes(context.get(scored.predictions)), "test", model.signature)
    shipped = Shipped(context.get(model.onnx), model.signature)
    training = from_bytes(context.get(split.train))
    found = []
    named = telling(off(side))
    for number, (which, at) in enumerate(named.items(), 1):
        context.notify("step", {"stage": "reason", "step": number, "steps": len(named)})
        told = taken_apart(shipped, rows[at : at + 1], training, model.seed)[0]
        truth = f"{float(side.y[at]):.6g}" if model.task == "regression" else shipped.names[int(side.y[at])]
        found.append(Reason(which=which, row=at + 1, truth=truth, attribution=told))
    return Reasons(reasons=tuple(found))
