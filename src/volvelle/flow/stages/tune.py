"""Tune: where a binary model's yes begins, from the gates and out-of-fold predictions.

A stage of its own, so that a changed floor tunes again and trains nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.catalog import METRICS
from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes
from volvelle.errors import SpecError
from volvelle.evaluate import threshold as cutting
from volvelle.evaluate.measure import fitting, load, stated
from volvelle.evaluate.resample import counted
from volvelle.evaluate.slices import rows
from volvelle.flow.context import Context
from volvelle.flow.out_of_fold import OutOfFold
from volvelle.model.derive import derive
from volvelle.prepare.records import Split
from volvelle.spec.gates import Gate, parse, slice_text
from volvelle.spec.requirements import Spec
from volvelle.train import ending
from volvelle.train.records import Calibrated, Candidate, Tuned

SHOWN = ("precision", "recall", "f1")
"""Metrics whose curve is kept beside those of the gates."""


def tune(
    spec: Spec, dataset: Dataset, split: Split, candidate: Candidate, calibrated: Calibrated, context: Context
) -> Tuned:
    """The threshold that the spec gives, that a metric is best at, or that brings the gates furthest inside.

    Raises:
        SpecError: the threshold is no metric of labels, or the task is not binary.
    """
    wanted = spec.search.threshold
    gates = [g for g in map(parse, spec.require.gates) if _moved(g)] if wanted == "auto" else []
    if wanted == "auto" and not gates:
        return Tuned(why="the more probable class")
    frame = from_bytes(context.get(split.train))
    signature, _ = derive(spec, dataset, frame)
    if signature.task != "binary":
        if wanted != "auto":
            raise SpecError(
                f"a {signature.task} model has no threshold", where="search.threshold", next_move="take the line out"
            )
        return Tuned(why="the more probable class")
    if not isinstance(wanted, str):
        return Tuned(threshold=float(np.float32(wanted)), why="given in the spec")
    _known(wanted)
    aims = _aims(gates, frame, spec)
    if (wanted == "auto" and not aims) or not candidate.predictions:
        return Tuned(why="no gate asks for a metric of labels")
    known = OutOfFold(context, candidate.layout, signature, candidate.metric)
    positive = 1 if signature.positive is None else signature.positive
    y = (known.y == positive).astype(np.int64)
    answers = known.predictions(candidate.predictions)
    scores = ending.calibrated(answers, calibrated.calibration)[:, positive]
    if wanted != "auto":
        cut, meets, why = cutting.best_for(wanted, y, scores, _given(wanted, spec)), None, f"{wanted} is best there"
    else:
        placed = tuple(aim._replace(rows=aim.rows[known.rows]) for aim in aims)
        cut = cutting.for_aims(placed, y, scores, split.rows_test)
        meets = cut.inside >= 0
        why = _why(cut)
    drawn = {name: _given(name, spec) for name in (*SHOWN, *(aim.metric for aim in aims))}
    curve = cutting.curve(drawn, y, scores)
    return Tuned(threshold=cut.threshold, why=why, meets=meets, out_of_fold=cut.values, curve=curve)


def _why(cut: cutting.Cut) -> str:
    if cut.inside < 0:
        return "no threshold meets all gates out of fold, this one comes nearest"
    return "0.5 meets the gates" if cut.threshold is None else "the gates are inside their bounds there"


def _given(metric: str, spec: Spec) -> dict[str, Any]:
    """What the spec states for the parameters of a metric."""
    known = METRICS.fact(metric, "PARAMETERS") or ()
    return {key: value for key, value in stated(metric, spec.require).items() if key in known}


def _known(wanted: str) -> None:
    """Refuse what is neither ``auto`` nor a metric of labels."""
    labelled = [name for name in fitting("binary") if counted(load(name, "binary"))]
    if wanted != "auto" and wanted not in labelled:
        raise SpecError(
            f"{wanted!r} is neither auto, a number nor a metric of labels",
            where="search.threshold",
            next_move=f"use one of {', '.join(labelled)}",
        )


def _told(gate: Gate) -> str:
    """The gate without its bound: one that moves no threshold leaves the record as it is."""
    return f"{gate.name} where {slice_text(gate.where)}" if gate.where else gate.name


def _moved(gate: Gate) -> bool:
    """Whether a threshold decides about a gate: a metric of labels with a floor or a ceiling."""
    if gate.name not in METRICS or gate.comparison == "==":
        return False
    if METRICS.fact(gate.name, "NEEDS") != "labels" or "binary" not in METRICS.fact(gate.name, "TASKS"):
        return False
    return counted(load(gate.name, "binary"))


def _aims(gates: list[Gate], frame: pl.DataFrame, spec: Spec) -> tuple[cutting.Aim, ...]:
    """What the gates ask for, in the rows of the training side."""
    found = []
    for gate in gates:
        chosen: NDArray[np.bool_] = rows(frame, gate.where)
        if chosen.any():
            found.append(cutting.Aim(_told(gate), gate.name, gate.bound, chosen, _given(gate.name, spec)))
    return tuple(found)
