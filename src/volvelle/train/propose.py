"""Proposals from the history of a search and its seed alone.

Optuna's tree-structured Parzen estimator proposes for quality. Every fourth time the front of quality and size gets one
instead: of two neighbours on it that are far apart in size, the larger one is made smaller, so that it comes to stand
between them, with fewer trees (and a learning rate that is higher in the same ratio) or fewer units.

Reference: Bergstra, Bardenet, Bengio and Kégl, Algorithms for hyper-parameter optimization, NeurIPS 2011.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Literal

import optuna

from volvelle.train.contract import Choice, Float, Int, Settings, Space
from volvelle.train.learning import TEACHER
from volvelle.train.order import Point, inside, key
from volvelle.train.records import Trial

logging.getLogger("optuna").setLevel(logging.ERROR)

EVERY = 4
"""One proposal of so many is for the front."""
SIZES = ("trees", "units")
"""Settings that the size of a model is about proportional to."""
_LEAST, _FASTEST = 2, 0.3
"""No fewer trees or units, and no higher learning rate, are proposed for the front."""
_STARTS = 8
"""So many trials are needed before anything is learnt from them."""


def smaller(trials: Sequence[Trial], direction: Literal["up", "down"]) -> Point | None:
    """What would stand in the widest gap of the front; None when it is another's turn, or nothing can be made smaller.

    Below the smallest one the gap is taken to be a factor of four.

    >>> def done(number: int, trees: int, score: float) -> Trial:
    ...     settings = {"trees": trees, "learning_rate": 0.05}
    ...     return Trial(number=number, estimator="a", settings=settings, status="done", score=score, size=100 * trees)
    >>> smaller([done(0, 2, 0.7), done(1, 200, 0.9), done(2, 300, 0.8)], "up")
    ('a', {'trees': 20, 'learning_rate': 0.3})
    """
    if len(trials) % EVERY != EVERY - 1:
        return None
    front = _front(trials, direction)
    seen = {key((t.estimator, t.settings)) for t in trials}
    below = [_taken(front[0]) / 4, *map(_taken, front)] if front else []
    gaps = sorted(zip(below, front, strict=False), key=lambda gap: gap[0] / _taken(gap[1]))
    for least, trial in gaps:
        name = next((n for n in SIZES if n in trial.whole()), None)
        if name is None:
            continue
        ratio = math.sqrt(least / _taken(trial))
        count = max(_LEAST, round(trial.whole()[name] * ratio))
        settings = trial.taken() | {name: count}
        if name == "trees" and "learning_rate" in settings:
            settings["learning_rate"] = round(min(_FASTEST, settings["learning_rate"] / ratio), 6)
        if count < trial.whole()[name] and key((trial.estimator, settings)) not in seen:
            return trial.estimator, settings
    return None


def _front(trials: Sequence[Trial], direction: str) -> list[Trial]:
    """Finished trials that no other one beats in score and size, the smallest first."""
    losses = _losses(trials, direction)
    known = [t for t in trials if t.status == "done" and t.size and t.number in losses]
    front: list[Trial] = []
    for trial in sorted(known, key=lambda t: (_taken(t), losses[t.number], t.number)):
        if not front or losses[trial.number] < losses[front[-1].number]:
            front.append(trial)
    return front


def _taken(trial: Trial) -> int:
    """Bytes of flash where they are foretold, else of the file."""
    return trial.foretold.get("flash") or trial.size


def propose(
    spaces: Mapping[str, Space],
    trials: Sequence[Trial],
    direction: Literal["up", "down"],
    seed: int,
    *,
    attempt: int = 0,
    blind: bool = False,
) -> tuple[str, Settings]:
    """An estimator and its settings.

    Args:
        spaces: estimator to its space.
        trials: so far.
        direction: of the search metric.
        seed: of the search.
        attempt: how often the same trials were asked already.
        blind: whether nothing is learnt from the trials.
    """
    seed = (seed * 1_000_003 + len(trials) * 101 + attempt) % 2**32
    sampler: optuna.samplers.BaseSampler
    if blind:
        sampler = optuna.samplers.RandomSampler(seed=seed)
    else:
        with warnings.catch_warnings():
            # Grouping is what keeps the spaces of different estimators apart; Optuna calls it experimental.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, n_startup_trials=_STARTS)
    study = optuna.create_study(direction="minimize", sampler=sampler)
    names = sorted(spaces)
    losses = _losses(trials, direction)
    for trial in trials:
        # What a teacher adds is no merit of the settings.
        if trial.estimator in spaces and trial.number in losses and TEACHER not in trial.settings:
            study.add_trial(_told(trial, names, spaces[trial.estimator], losses[trial.number]))
    asked = study.ask()
    name = asked.suggest_categorical("estimator", names)
    return name, {key: _suggest(asked, f"{name}.{key}", dimension) for key, dimension in spaces[name].items()}


def _losses(trials: Sequence[Trial], direction: str) -> dict[int, float]:
    """What is to be low, by trial; one that does not fit is as bad as the worst."""
    sign = -1 if direction == "up" else 1
    known = {t.number: sign * float(t.score) for t in trials if t.score is not None}
    worst = max(known.values(), default=0.0)
    return {t.number: worst if t.fits is False else known[t.number] for t in trials if t.number in known}


def _told(trial: Trial, names: list[str], space: Space, score: float) -> optuna.trial.FrozenTrial:
    distributions: dict[str, optuna.distributions.BaseDistribution] = {
        "estimator": optuna.distributions.CategoricalDistribution(names)
    }
    # Trials of a wider or narrower space tell of what both have.
    told = {k: v for k, v in trial.taken().items() if k in space and inside(v, space[k])}
    distributions |= {f"{trial.estimator}.{key}": _distribution(d) for key, d in space.items() if key in told}
    params = {"estimator": trial.estimator} | {f"{trial.estimator}.{k}": v for k, v in told.items()}
    return optuna.trial.create_trial(params=params, distributions=distributions, value=score)


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
