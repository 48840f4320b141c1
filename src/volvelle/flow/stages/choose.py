"""Choose: the best trial becomes the candidate."""

from __future__ import annotations

from volvelle.train.records import Candidate, Searched


def choose(searched: Searched) -> Candidate:
    """Only what is needed to train it again, so that a search with the same winner changes nothing after it."""
    best = next(t for t in searched.trials if t.number == searched.best)
    return Candidate(
        estimator=best.estimator,
        settings=best.settings,
        seed=searched.seed,
        metric=searched.metric,
        score=float(best.score if best.score is not None else "nan"),
        spread=best.spread or 0.0,
    )
