"""The search: walks spaces of candidates with an objective that is handed in.

Defaults of every estimator come first, in the order given, then Optuna's tree-structured Parzen
estimator (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization") over all spaces at once.
Each proposal depends only on the trials before it and on the seed, so an interrupted search goes on as
if it had not stopped.
"""

from __future__ import annotations

import itertools
import logging
import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
import optuna

from volvelle.errors import InputError, OutOfTime, VolvelleError
from volvelle.train.contract import Choice, Float, Int, Settings, Space, defaults
from volvelle.train.records import Searched, Trial

logging.getLogger("optuna").setLevel(logging.ERROR)

_AGAIN = 8
"""How often a proposal that was tried already is asked anew before any other point is taken."""


class Outcome(NamedTuple):
    """What an objective measured."""

    score: float
    spread: float


Objective = Callable[[str, Settings, float | None], Outcome]
"""(estimator, settings, seconds left or None) to its outcome.

Raises `OutOfTime` when the seconds end, any other `VolvelleError` when this candidate cannot be trained.
"""


class Goal(NamedTuple):
    """What is searched for and how long."""

    metric: str
    direction: Literal["up", "down"]
    budget: float
    """Seconds."""
    trials: int | None
    """Stop after so many trials, whatever the time."""
    method: Literal["auto", "random"]
    seed: int
    folds: int


def search(
    spaces: Mapping[str, Space],
    objective: Objective,
    goal: Goal,
    *,
    finished: Sequence[Trial] = (),
    notify: Callable[[Trial, Trial | None], None] = lambda trial, best: None,
) -> Searched:
    """Try candidates until the time or the number of trials is spent.

    Args:
        spaces: estimator name to its space; defaults are tried in this order.
        objective: measures one candidate.
        goal: metric, direction, limits and seed.
        finished: trials of an interrupted search, which are not repeated; their seconds count.
        notify: told of each trial and of the best so far.

    Raises:
        InputError: not one candidate could be trained.
    """
    trials = [t for t in finished if t.status != "out of time"]
    before = sum(t.seconds for t in trials)
    began = time.monotonic()
    while True:
        left = None if goal.trials else goal.budget - before - (time.monotonic() - began)
        best = _best(trials, goal)
        if _spent(trials, goal, left, best):
            break
        proposal = _propose(spaces, trials, goal, left if best else None)
        if proposal is None:
            break
        trial = _try(objective, len(trials), proposal, left if best else None)
        trials.append(trial)
        notify(trial, _best(trials, goal))
        if trial.status == "out of time":
            break
    return _found(trials, goal, before + time.monotonic() - began)


def _found(trials: Sequence[Trial], goal: Goal, spent: float) -> Searched:
    best = _best(trials, goal)
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
        budget=goal.budget,
        spent=round(spent, 3),
    )


def _spent(trials: Sequence[Trial], goal: Goal, left: float | None, best: Trial | None) -> bool:
    if goal.trials is not None:
        return len(trials) >= goal.trials
    # Until one candidate stands there is nothing to hand on, so the first one may overrun.
    return best is not None and (left is None or left <= 0)


def _try(objective: Objective, number: int, proposal: tuple[str, Settings], left: float | None) -> Trial:
    estimator, settings = proposal
    trial = Trial(number=number, estimator=estimator, settings=settings, status="failed")
    began = time.monotonic()
    try:
        outcome = objective(estimator, settings, left)
    except OutOfTime:
        trial = msgspec.structs.replace(trial, status="out of time", note="the time budget ended")
    except VolvelleError as error:
        trial = msgspec.structs.replace(trial, note=str(error).partition("\n")[0])
    else:
        if math.isfinite(outcome.score):
            trial = msgspec.structs.replace(trial, status="done", score=outcome.score, spread=outcome.spread)
        else:
            trial = msgspec.structs.replace(trial, note="the metric is not defined on its predictions")
    return msgspec.structs.replace(trial, seconds=round(time.monotonic() - began, 3))


def _best(trials: Sequence[Trial], goal: Goal) -> Trial | None:
    """The best finished trial; of equals the earlier one."""
    sign = -1 if goal.direction == "up" else 1
    return min(
        (t for t in trials if t.score is not None and t.status == "done"),
        key=lambda t: (sign * float(t.score or 0.0), t.number),
        default=None,
    )


def _propose(
    spaces: Mapping[str, Space], trials: Sequence[Trial], goal: Goal, left: float | None
) -> tuple[str, Settings] | None:
    """The next candidate, or None when no untried one fits into the time left."""
    seconds = {t.estimator: t.seconds for t in trials if t.number < len(spaces)}
    tried = {t.estimator for t in trials}
    for name, space in spaces.items():
        if name not in tried:
            return name, defaults(space)
    failed = {n for n in spaces if all(t.status == "failed" for t in trials if t.estimator == n)}
    points = [(t.estimator, _point(t.estimator, t.settings)) for t in trials]
    seen = {point for _, point in points}
    open_ = {
        name: space
        for name, space in spaces.items()
        if space
        and name not in failed
        and (left is None or seconds.get(name, 0.0) < left)
        and len({point for estimator, point in points if estimator == name}) < _size(space)
    }
    if not open_:
        return None
    for attempt in range(_AGAIN):
        name, settings = _ask(open_, trials, goal, attempt)
        if _point(name, settings) not in seen:
            return name, settings
    # The proposals keep to points already tried: take the first untried one of a space that can be counted out.
    for name, space in open_.items():
        if math.isfinite(_size(space)):
            return next((name, s) for s in _grid(space) if _point(name, s) not in seen)
    return None


def _size(space: Space) -> float:
    """How many points a space has."""
    return math.prod(
        math.inf if isinstance(d, Float) else d.high - d.low + 1 if isinstance(d, Int) else len(set(d.options))
        for d in space.values()
    )


def _grid(space: Space) -> Iterator[Settings]:
    """Every point of a space without real dimensions."""
    values = [
        range(d.low, d.high + 1) if isinstance(d, Int) else d.options if isinstance(d, Choice) else ()
        for d in space.values()
    ]
    return (dict(zip(space, point, strict=True)) for point in itertools.product(*values))


def _ask(spaces: Mapping[str, Space], trials: Sequence[Trial], goal: Goal, attempt: int) -> tuple[str, Settings]:
    """A proposal from the history and the seed alone."""
    seed = (goal.seed * 1_000_003 + len(trials) * 101 + attempt) % 2**32
    sampler: optuna.samplers.BaseSampler
    if goal.method == "random" or attempt >= _AGAIN // 2:
        sampler = optuna.samplers.RandomSampler(seed=seed)
    else:
        with warnings.catch_warnings():
            # Grouping is what keeps the spaces of different estimators apart; Optuna calls it experimental.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, n_startup_trials=8)
    study = optuna.create_study(direction="maximize" if goal.direction == "up" else "minimize", sampler=sampler)
    names = sorted(spaces)
    for trial in trials:
        if trial.estimator in spaces and trial.score is not None:
            study.add_trial(_told(trial, names, spaces[trial.estimator]))
    asked = study.ask()
    name = asked.suggest_categorical("estimator", names)
    return name, {key: _suggest(asked, f"{name}.{key}", dimension) for key, dimension in spaces[name].items()}


def _told(trial: Trial, names: list[str], space: Space) -> optuna.trial.FrozenTrial:
    distributions: dict[str, optuna.distributions.BaseDistribution] = {
        "estimator": optuna.distributions.CategoricalDistribution(names)
    }
    distributions |= {f"{trial.estimator}.{key}": _distribution(d) for key, d in space.items()}
    params = {"estimator": trial.estimator} | {f"{trial.estimator}.{k}": v for k, v in trial.settings.items()}
    return optuna.trial.create_trial(params=params, distributions=distributions, value=trial.score)


def _distribution(dimension: Float | Int | Choice) -> optuna.distributions.BaseDistribution:
    if isinstance(dimension, Float):
        return optuna.distributions.FloatDistribution(dimension.low, dimension.high, log=dimension.log)
    if isinstance(dimension, Int):
        return optuna.distributions.IntDistribution(dimension.low, dimension.high, log=dimension.log)
    return optuna.distributions.CategoricalDistribution(dimension.options)


def _suggest(asked: optuna.Trial, name: str, dimension: Float | Int | Choice) -> str | int | float | bool | None:
    if isinstance(dimension, Float):
        return asked.suggest_float(name, dimension.low, dimension.high, log=dimension.log)
    if isinstance(dimension, Int):
        return asked.suggest_int(name, dimension.low, dimension.high, log=dimension.log)
    return asked.suggest_categorical(name, dimension.options)


def _point(name: str, settings: Settings) -> bytes:
    return msgspec.json.encode([name, sorted(settings.items())])
