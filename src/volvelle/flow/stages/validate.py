"""Validate: open the sealed test side and let the model predict both sides."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

from volvelle.data.versions import from_bytes, to_bytes
from volvelle.evaluate.records import Scored
from volvelle.flow.context import Context
from volvelle.model.derive import target_codes
from volvelle.model.encode import encode
from volvelle.model.session import Session
from volvelle.prepare.records import Split
from volvelle.train.records import Model


def validate(split: Split, model: Model, context: Context) -> Scored:
    """Predict with the shipped graph. This is the one stage that opens the test side; each opening is counted."""
    signature = model.signature
    session = Session(context.get(model.onnx))
    content, openings = context.open_sealed(split.test, model.onnx)
    tables, raw = [], []
    for side, frame in (("train", from_bytes(context.get(split.train))), ("test", from_bytes(content))):
        y = target_codes(frame, signature)
        answers = session.run(encode(frame, signature))
        columns = {"side": [side] * len(y), "y": y.astype(np.float64)}
        if signature.task == "regression":
            columns["score_0"] = answers["prediction"][:, 0]
        else:
            columns["label"] = answers["label"]
            columns |= {f"score_{k}": answers["scores"][:, k] for k in range(len(signature.classes))}
        tables.append(pl.DataFrame(columns))
        raw.append(frame)
        if side == "train":
            shares = [y.mean()] if signature.task == "regression" else np.bincount(y, minlength=len(signature.classes))
    predictions = pl.concat(tables)
    return Scored(
        model=model.onnx,
        predictions=context.put(to_bytes(predictions)),
        rows=context.put(to_bytes(raw[1])),
        digest=hashlib.sha256(
            b"".join(np.ascontiguousarray(c.to_numpy()).tobytes() for c in predictions[:, 1:])
        ).hexdigest(),
        rows_train=len(raw[0]),
        rows_test=len(raw[1]),
        baseline=tuple(float(s) / (1 if signature.task == "regression" else len(raw[0])) for s in shares),
        openings=openings,
    )
