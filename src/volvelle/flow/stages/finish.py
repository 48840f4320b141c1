"""Finish: put calibration and threshold behind the trained graph, and hold it against the libraries' own answers."""

from __future__ import annotations

import numpy as np
from msgspec import structs

from volvelle.data.versions import from_bytes
from volvelle.flow.context import Context
from volvelle.model.effort import operations
from volvelle.model.encode import encode
from volvelle.model.limits import inspect
from volvelle.model.session import Session
from volvelle.prepare.records import Split
from volvelle.train import assemble, ending
from volvelle.train.records import Calibrated, Model, Trained, Tuned


def finish(split: Split, trained: Trained, calibrated: Calibrated, tuned: Tuned, context: Context) -> Model:
    """The one artefact. Nothing is trained; every training row is answered once, for parity."""
    signature = structs.replace(trained.signature, threshold=tuned.threshold)
    content = assemble.finish(context.get(trained.onnx), signature, calibrated.calibration)
    answers = Session(content).run(encode(from_bytes(context.get(split.train)), signature))
    own = from_bytes(context.get(trained.answers)).to_numpy().astype(np.float32)
    if signature.task == "regression":
        wanted, given = own.astype(np.float64), answers["prediction"].astype(np.float64)
        scale, differing = np.maximum(1.0, np.abs(wanted)), 0
    else:
        own = ending.calibrated(own, calibrated.calibration)
        wanted, given = own.astype(np.float64), answers["scores"].astype(np.float64)
        scale, differing = np.ones(1), int((ending.labels(own, signature) != answers["label"]).sum())
    kept = {n: getattr(trained, n) for n in trained.__struct_fields__ if n not in ("onnx", "answers", "signature")}
    return Model(
        **{**kept, "versions": trained.versions | context.versions()},
        onnx=context.put(content),
        size=len(content),
        signature=signature,
        task=signature.task,
        operators=len(inspect(content).graph.node),
        operations=operations(content),
        parity=float(np.max(np.abs(wanted - given) / scale, initial=0.0)),
        label_differences=differing,
        calibration=calibrated.calibration,
    )
