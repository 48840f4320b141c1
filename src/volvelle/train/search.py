"""The search: walks spaces of candidates with an objective that is handed in.

Defaults of every estimator come first, in the order given, then a portfolio of settings that often win, then
proposals over the spaces of the best estimators at once, for quality and in turns for the front of quality and size
(`volvelle.train.propose`). A candidate races the best over the folds (`volvelle.train.race`), except one for the front.
Each proposal depends only on the trials before it and on the seed, so an interrupted search goes on as
if it had not stopped.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from volvelle.errors import InputError, OutOfTime, VolvelleError
from volvelle.train import race
from volvelle.train.clock import Clock, even
from volvelle.train.contract import Settings
from volvelle.train.order import Plan, Point, every, key, leaders, size, upcoming
from volvelle.train.propose import propose, smaller
from volvelle.train.records import Searched, Trial

Method = Literal["auto", "random", "grid", "manual"]
_AGAIN = 8
"""How often a proposal that was tried already is asked anew before any other point is taken."""
_ALIVE = 4
"""TPE proposes among so many estimators, those with the best trials."""

_END = 0.05
"""With less of the budget left than this share, a trial that meets the end is the last."""
_SLACK = 0.1
"""How far behind the best a member of an ensemble may be, as a share of the way from the first trial to the best; the
best's spread over the folds if that is more."""


class Outcome(NamedTuple):
    """What an objective measured."""

    scores: tuple[float, ...]
    """Fold by fold, in order; fewer than there are where the candidate was stopped."""
    found: Settings
    """Settings that the estimator took from the rows."""
    work: float
    """Seconds of one core."""
    answering: float
    """Seconds of them that answering took."""
    predictions: str
    """Where the out-of-fold predictions are kept."""
    settling: float = 0.0
    """Seconds of the work that finding settings in the rows took."""
    size: int = 0
    """Bytes of the file that the last fold's model makes."""
    operations: int = 0
    """What that file computes for one row."""
    foretold: Mapping[str, int] = {}
    """What that file will take on the device."""
    fits: bool | None = None
    """Whether that keeps within the budget of the device."""
    note: str = ""
    """Why the device cannot run it."""
    real: Mapping[str, float] = {}
    """Score, flash, static memory and instructions of the same model in real numbers, where it is in whole ones."""
    unpruned: Mapping[str, float] = {}
    """The same of the model with all its weights, where it has a share of them."""


GoesOn = Callable[[tuple[float, ...], bool | None], bool]
"""Whether a candidate with these first fold scores is worth another fold, and whether it fits the device."""
Objective = Callable[[str, Settings, float | None, GoesOn], Outcome]
"""(estimator, settings, seconds left or None, whether to go on) to its outcome.

Raises `OutOfTime` when the seconds end, any other `VolvelleError` when this candidate cannot be trained.
"""


class Proposal(NamedTuple):
    """A candidate to measure."""

    point: Point
    front: bool = False
    """Whether it was proposed for the front: it need not come near to the best, and is measured over all folds."""


class Goal(NamedTuple):
    """What is searched for and how long."""

    metric: str
    direction: Literal["up", "down"]
    budget: float
    """Seconds, from the first trial to the finished model."""
    trials: int | None
    """Stop after so many trials, whatever the time."""
    method: Method
    seed: int
    folds: int
    ensemble: bool = False
    """Whether time is held back for fitting several models again."""
    shares: tuple[float, ...] = ()
    """Of all rows, that each fold learns from; empty where that is all parts but one."""


def search(
    plan: Plan,
    objective: Objective,
    goal: Goal,
    *,
    finished: Sequence[Trial] = (),
    notify: Callable[[Trial, Trial | None], None] = lambda trial, best: None,
    began: float | None = None,
) -> Searched:
    """Try candidates until the time or the number of trials is spent.

    Args:
        plan: spaces, portfolio and listed candidates.
        objective: measures one candidate.
        goal: metric, direction, limits and seed.
        finished: trials of an interrupted search, which are not repeated; their seconds count.
        notify: told of each trial and of the best so far.
        began: when the budget began to run, on the monotonic clock; now when absent.

    Raises:
        InputError: not one candidate could be trained.
    """
    trials = [t for t in finished if t.status != "out of time"]
    clock = _clock(goal, trials, time.monotonic() if began is None else began)
    while goal.trials is None or len(trials) < goal.trials:
        best = best_of(trials, goal.direction)
        # Until one candidate stands there is nothing to hand on, so the first one may overrun.
        left = clock.left(trials, goal.direction) if best and goal.trials is None else None
        if left is not None and left <= 0:
            break
        proposal = _propose(plan, trials, goal, left, clock)
        if proposal is None:
            break
        name = proposal.point[0]
        dear = left is not None and name in plan.late
        allowed = clock.dear(name, trials, left or 0.0) if dear else left
        trial = _try(objective, proposal, allowed, trials, goal)
        if trial.status == "out of time" and (
            allowed != left or clock.left(trials, goal.direction) > _END * goal.budget
        ):
            note = "its folds would not be done in the time that is left"
            if allowed != left:
                note = "it took too large a share of the budget"
            trial = msgspec.structs.replace(trial, status="stopped", note=note)
        trials.append(trial)
        notify(trial, best_of(trials, goal.direction))
        if trial.status == "out of time":
            break
    return _found(trials, goal, clock)


def _clock(goal: Goal, finished: Sequence[Trial], began: float) -> Clock:
    before = sum(t.seconds for t in finished)
    return Clock(goal.budget, goal.shares or even(goal.folds), began=began, before=before, ensemble=goal.ensemble)


def best_of(trials: Sequence[Trial], direction: Literal["up", "down"]) -> Trial | None:
    """The best finished trial; one that fits the device before any that does not, of equals the earlier one."""
    sign = -1 if direction == "up" else 1
    return min(
        (t for t in trials if t.score is not None and t.status == "done"),
        key=lambda t: (t.fits is False, sign * float(t.score or 0.0), t.number),
        default=None,
    )


def _found(trials: Sequence[Trial], goal: Goal, clock: Clock) -> Searched:
    best = best_of(trials, goal.direction)
    if best is None:
        notes = sorted({f"{t.estimator}: {t.note}" for t in trials})
        raise InputError(
            f"none of {len(trials)} candidates could be trained: {'; '.join(notes[:3])}",
            next_move="look at the data with 'volvelle check --data', or name other estimators in [search] estimators",
        )
    return Searched(
        metric=goal.metric,
        direction=goal.direction,
        trials=tuple(trials),
        best=best.number,
        seed=goal.seed,
        folds=goal.folds,
        shares=goal.shares or even(goal.folds),
        budget=goal.budget,
        spent=round(clock.spent(), 3),
        # Rounded up, so that rounding never leaves a member out.
        refit_within=None if goal.trials else round(clock.refit_within(trials, goal.direction) + 0.01, 3),
    )


def _try(objective: Objective, proposal: Proposal, left: float | None, trials: Sequence[Trial], goal: Goal) -> Trial:
    (estimator, settings), front = proposal
    best = best_of(trials, goal.direction)
    fitting = [t for t in trials if t.fits is not False]
    rivals = {fits: _rivals(estimator, trials if fits is False else fitting, goal) for fits in (None, True, False)}
    trial = Trial(number=len(trials), estimator=estimator, settings=settings, status="failed")
    sign = 1 if goal.direction == "up" else -1
    first = all(t.estimator != estimator for t in trials)
    began = time.monotonic()

    def goes_on(scores: tuple[float, ...], fits: bool | None = None) -> bool:
        # What does not fit is measured once for each estimator, to tell what the budget costs.
        return (first or fits is not False) and race.goes_on(scores, race.Rivals() if front else rivals[fits], sign)

    try:
        outcome = objective(estimator, settings, left, goes_on)
    except OutOfTime:
        trial = msgspec.structs.replace(trial, status="out of time", note="the time budget ended")
    except VolvelleError as error:
        trial = msgspec.structs.replace(trial, note=str(error).partition("\n")[0])
    else:
        trial = msgspec.structs.replace(trial, **_measured(outcome, best, sign, goal.folds))
    return msgspec.structs.replace(trial, seconds=round(time.monotonic() - began, 3))


def _rivals(estimator: str, trials: Sequence[Trial], goal: Goal) -> race.Rivals:
    best = best_of(trials, goal.direction)
    # What was listed by hand is wanted whole.
    if best is None or goal.method == "manual":
        return race.Rivals()
    own = best_of([t for t in trials if t.estimator == estimator], goal.direction)
    first = next(t for t in trials if t.status == "done")
    way = abs(float(best.score or 0.0) - float(first.score or 0.0))
    slack = max(_SLACK * way, best.spread or 0.0) if goal.ensemble else 0.0
    return race.Rivals(best.fold_scores, own.fold_scores if own else (), slack)


def _measured(outcome: Outcome, best: Trial | None, sign: int, folds: int) -> dict[str, Any]:
    """What a trial's record says of its outcome."""
    scores = outcome.scores
    if not all(map(math.isfinite, scores)):
        return {"note": "the metric is not defined on its predictions"}
    said: dict[str, Any] = {
        "spread": statistics.pstdev(scores),
        "fold_scores": scores,
        "work": round(outcome.work, 3),
        "answering": round(outcome.answering, 3),
        "settling": round(outcome.settling, 3),
        "found": outcome.found,
        "foretold": dict(outcome.foretold),
        "fits": outcome.fits,
    }
    if len(scores) == folds or best is None:
        said |= {"size": outcome.size, "operations": outcome.operations}
        said |= {"note": outcome.note, "real": dict(outcome.real), "unpruned": dict(outcome.unpruned)}
        return said | {"status": "done", "score": statistics.fmean(scores), "predictions": outcome.predictions}
    behind = statistics.fmean(race.differences(scores, best.fold_scores, sign))
    why = "it does not fit the device" if outcome.fits is False else "it could not catch up"
    note = f"stopped after {len(scores)} of {folds} folds: {why}"
    return said | {"status": "stopped", "score": float(best.score or 0.0) + sign * behind, "note": note}


def _propose(plan: Plan, trials: Sequence[Trial], goal: Goal, left: float | None, clock: Clock) -> Proposal | None:
    """The next candidate, or None when no untried one fits into the time left."""
    fits = {n: s for n, s in plan.spaces.items() if left is None or clock.trial(n, trials) <= left}
    student = plan.student(trials) if goal.method not in ("grid", "manual") else None
    if student is not None and student[0] in fits:
        return Proposal(student)
    listed = upcoming(plan._replace(spaces=fits), trials, goal.method, goal.direction)
    if listed is not None or goal.method in ("grid", "manual"):
        return listed and Proposal(listed)
    failed = {n for n in fits if all(t.status == "failed" for t in trials if t.estimator == n)}
    small = smaller(trials, goal.direction) if goal.method == "auto" else None
    if small is not None and small[0] in fits:
        return Proposal(small, front=True)
    alive = leaders(trials, goal.direction, _ALIVE if goal.method == "auto" else len(plan.spaces))
    points = {(t.estimator, key((t.estimator, t.settings))) for t in trials}
    seen = {point for _, point in points}
    study = plan.study(trials)
    open_ = {
        name: space
        for name, space in (fits | {n: plan.narrow[n] for n in study if n in fits}).items()
        if space
        and name not in failed
        and name in alive
        and len({point for estimator, point in points if estimator == name}) < size(space)
    }
    if not open_:
        return None
    for attempt in range(_AGAIN):
        blind = goal.method == "random" or attempt >= _AGAIN // 2
        asked = propose(open_, trials, goal.direction, goal.seed, attempt=attempt, blind=blind)
        name, settings = plan.held(asked, trials)
        if key((name, settings)) not in seen:
            return Proposal((name, settings))
    # The proposals keep to points already tried: take the first untried one of a space that can be counted out.
    for name, space in open_.items():
        if math.isfinite(size(space)):
            return Proposal(next((name, s) for s in every(space) if key((name, s)) not in seen))
    return None
