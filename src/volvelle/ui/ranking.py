"""The leaderboard: what the search found, estimator by estimator."""

from __future__ import annotations

from typing import NamedTuple

from volvelle.catalog import METRICS
from volvelle.evaluate.records import Evidence, Weighed
from volvelle.spec.units import show
from volvelle.train.records import Candidate, Searched, Trial
from volvelle.ui.wording import clean, show_value, size, title


class Place(NamedTuple):
    """One estimator's place."""

    rank: int | None
    """None where no trial of it was finished."""
    best: Trial
    trials: int
    seconds: float
    """Of all its trials."""


def places(searched: Searched, candidate: Candidate | None = None) -> list[Place]:
    """The best trial of every estimator, best first; estimators without a score last, by name.

    An ensemble that was chosen stands above them.
    """
    sign = -1.0 if searched.direction == "up" else 1.0
    by_estimator: dict[str, list[Trial]] = {}
    for trial in searched.trials:
        by_estimator.setdefault(trial.estimator, []).append(trial)
    found = []
    for name, trials in by_estimator.items():
        # Equal scores: the trial that the search itself calls best, then the earlier one.
        best = min(
            trials,
            key=lambda t: (
                t.score is None,
                t.status != "done",
                sign * (t.score or 0.0),
                t.number != searched.best,
                t.number,
            ),
        )
        found.append((best, len(trials), sum(t.seconds for t in trials), name))
    found.sort(key=lambda f: (f[0].score is None, sign * (f[0].score or 0.0), f[0].number != searched.best, f[3]))
    first = [_ensemble(candidate)] if candidate and candidate.members else []
    return first + [
        Place(None if best.score is None else at + 1 + len(first), best, count, seconds)
        for at, (best, count, seconds, _) in enumerate(found)
    ]


def judged_apart(candidate: Candidate | None) -> str:
    """Why a chosen ensemble may stand above a higher score; empty where none was chosen."""
    if candidate is None or not candidate.members:
        return ""
    return "The ensemble is scored on folds that had no part in choosing it; the others are the best of their trials."


def _ensemble(candidate: Candidate) -> Place:
    """The place of a chosen ensemble; its settings are its members' weights."""
    weights: dict[str, float] = {}
    for member in candidate.members:
        weights[member.estimator] = round(weights.get(member.estimator, 0.0) + member.weight, 3)
    trial = Trial(
        number=-1,
        estimator=candidate.estimator,
        settings=weights,
        status="done",
        score=candidate.score,
        spread=candidate.spread,
    )
    return Place(1, trial, len(candidate.members), 0.0)


def placed(evidence: Evidence) -> bool:
    """Whether the candidates of the front are known by what they take on a device."""
    return any(p.flash is not None for p in evidence.front)


def front_heads(evidence: Evidence) -> list[str]:
    """Heads of the columns of `front_rows`; the first two are of texts."""
    costs = ["flash", "RAM", "instructions a row"] if placed(evidence) else ["size", "operations a row"]
    return ["candidate", "estimator", title(evidence.metric), *costs]


def front_rows(evidence: Evidence) -> list[list[str]]:
    """The front as cells, the best score first; what is shipped is marked, and what fits no device."""
    return [
        [
            "shipped" if p.shipped else f"trial {p.trial}",
            ", ".join(filter(None, (title(clean(p.estimator, 40)), p.form))),
            show_value(p.score),
            *(_taken(p) if placed(evidence) else (size(p.size), f"{p.operations:,}")),
        ]
        for p in evidence.front
    ]


def _taken(point: Weighed) -> list[str]:
    if point.flash is None or point.ram is None or point.instructions is None:
        return ["cannot be compiled", "", ""]
    over = " (too much)" if point.fits is False else ""
    return [size(point.flash) + over, show(point.ram, "bytes"), f"{point.instructions:,}"]


def front_caption(evidence: Evidence) -> str:
    """What the front compares."""
    better = "higher" if METRICS.fact(evidence.metric, "DIRECTION") == "up" else "lower"
    what = "bytes of the ONNX file, and the operations that it counts for one row"
    if placed(evidence):
        what = "flash, RAM and instructions on the device, measured of what is shipped and foretold of the others"
    return (
        f"No other of {evidence.weighed} candidates is at once as good, as small and as quick as one of these: "
        f"{title(evidence.metric)} over the folds ({better} is better), {what}"
    )
