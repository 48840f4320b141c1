"""Calibrate: what turns the candidate's scores into better probabilities, learnt from out-of-fold predictions.

On a device a calibrator costs flash and time; one with which the model would not fit is left out.
"""

from __future__ import annotations

from functools import partial
from math import inf

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import CALIBRATORS, FORETELLERS, METRICS
from volvelle.errors import ModelError, SpecError
from volvelle.evaluate import calibrating
from volvelle.evaluate.budget import Budget, share
from volvelle.evaluate.measure import stated, value
from volvelle.evaluate.sides import side
from volvelle.flow.context import Context
from volvelle.flow.out_of_fold import OutOfFold
from volvelle.model.signature import Signature
from volvelle.spec.requirements import Spec
from volvelle.train import assemble
from volvelle.train.records import Calibrated, Calibration, Candidate, Searched, Trained

SHOWN = ("log_loss", "brier", "ece")


def calibrate(
    spec: Spec, searched: Searched, candidate: Candidate, trained: Trained, budget: Budget, context: Context
) -> Calibrated:
    """The method that the spec names, or of all that fit task and device the one that lowers the log loss most.

    Raises:
        SpecError: the method does not fit the task, or these scores.
    """
    wanted, answers = spec.search.calibrate, searched.answers
    if answers is None or answers.task == "regression" or wanted == "none" or not candidate.predictions:
        _fits(wanted, answers)
        return Calibrated(why="not wanted" if wanted == "none" else "there are no probabilities")
    _fits(wanted, answers)
    given = stated(candidate.metric, spec.require)
    kept = OutOfFold(context, candidate.layout, answers, candidate.metric, given)
    known = calibrating.Known(
        scores=kept.predictions(candidate.predictions),
        y=kept.y.astype(np.int64),
        folds=kept.folds,
        score=kept.score,
        up=METRICS.fact(candidate.metric, "DIRECTION") == "up",
    )
    if wanted != "auto":
        return _made(wanted, known, answers, "named in the spec", calibrating.nested(CALIBRATORS.load(wanted), known))
    if not calibrating.enough(known):
        return Calibrated(why=f"fewer than two classes have {calibrating.FEWEST} rows out of fold")
    tried = {}
    for name in CALIBRATORS.names():
        if answers.task not in CALIBRATORS.fact(name, "TASKS"):
            continue
        made = calibrating.nested(CALIBRATORS.load(name), known)
        gain = None if made is None else calibrating.gain(known, made)
        if gain is not None:
            tried[name] = gain, made
    fitting = {name: found for name, found in tried.items() if _room(name, known, trained, budget, context)}
    if not fitting:
        none = "no method lowers the log loss by more than chance"
        why = f"with {' or '.join(tried)} the model would not fit the device" if tried else none
        return Calibrated(why=why, before=_shown(known.scores, known, answers))
    best = max(fitting, key=lambda name: (fitting[name][0], name))
    return _made(best, known, answers, "it lowers the log loss by more than chance", tried[best][1])


def _room(name: str, known: calibrating.Known, trained: Trained, budget: Budget, context: Context) -> bool:
    """Whether the trained model is foretold to fit the device with a calibrator behind it."""
    params = CALIBRATORS.load(name).fit(known.scores, known.y)
    if budget.device is None or not budget.limits or params is None:
        return True
    ending = Calibration(method=name, params=params)
    content = assemble.finish(context.get(trained.onnx), trained.signature, ending)
    tell = partial(FORETELLERS.load("counted").foretell, content, budget.device, None, inf)
    try:
        return share(budget.foretold(tell, None), budget.limits, None) <= 1
    except ModelError:
        return False


def _fits(wanted: str, answers: Signature | None) -> None:
    """Refuse a method by name that has nothing to do with the task."""
    if wanted in ("auto", "none") or answers is None or answers.task in CALIBRATORS.fact(wanted, "TASKS"):
        return
    able = [n for n in CALIBRATORS.names() if answers.task in CALIBRATORS.fact(n, "TASKS")]
    raise SpecError(
        f"{wanted} does not calibrate a {answers.task} model",
        where="search.calibrate",
        next_move=f"use {' or '.join([*able, 'auto'])}" if able else "take the line out",
    )


def _made(
    name: str, known: calibrating.Known, answers: Signature, why: str, nested: NDArray[np.float32] | None
) -> Calibrated:
    """The method, learnt from all rows out of fold, and what it did to rows that it had not learnt from."""
    params = CALIBRATORS.load(name).fit(known.scores, known.y)
    if params is None or nested is None:
        raise SpecError(
            f"{name} cannot be fitted to these scores: they do not rise with the classes",
            where="search.calibrate",
            next_move="use auto",
        )
    before, after = (_shown(scores, known, answers) for scores in (known.scores, nested))
    return Calibrated(method=name, params=params, why=why, before=before, after=after)


def _shown(scores: NDArray[np.float32], known: calibrating.Known, answers: Signature) -> dict[str, float]:
    truth = side(known.y, np.argmax(scores, axis=1), scores, answers)
    return {name: value(name, truth, answers.task) for name in SHOWN}
