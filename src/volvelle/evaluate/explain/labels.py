"""Labels worth a second look: what a model that never saw the row is sure to be another class.

A row counts as *surprising* where its own class gets at most 5 %, and the likeliest class at least one half and as much
as it gets on average where it is right (Northcutt, Jiang, Chuang, "Confident Learning", JAIR 70, 2021). Hard problems
have such rows without a single wrong label; so the number that the probabilities promise is told beside theirs.

>>> sure, y = np.array([[0.99, 0.01]] * 50 + [[0.02, 0.98]] * 50), np.array([0] * 46 + [1] * 4 + [1] * 50)
>>> found = labels(sure, y, ("no", "yes"), np.arange(100))
>>> found.rows, round(found.promised, 1), found.suspects[0]
(4, 1.5, Suspect(row=47, label='yes', likely='no', probability=0.99))
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.explain.records import Finding, Labels, Suspect

LEAST = 0.05
"""A class that is given no more than this is a surprise."""
SHOWN = 10


def labels(
    scores: NDArray[np.floating], y: NDArray[np.int64], classes: tuple[str, ...], rows: NDArray[np.int64]
) -> Labels:
    """Rows whose label is surprising, the most surprising first.

    Args:
        scores: out-of-fold probabilities ``[n, classes]``.
        y: class positions ``[n]``.
        classes: their names.
        rows: where each row lies in the data, from 0, ``[n]``.
    """
    places = np.arange(len(y))
    means = [float(scores[y == k, k].mean()) if (y == k).any() else math.inf for k in range(len(classes))]
    likely = scores.argmax(axis=1)
    sure = scores[places, likely] >= np.clip(np.array(means)[likely], 0.5, 1 - LEAST)
    chances = np.where((scores <= LEAST) & sure[:, None], scores, 0.0)
    surprising = np.flatnonzero(sure & (scores[places, y] <= LEAST))
    first = surprising[np.argsort(scores[surprising, y[surprising]], kind="stable")]
    return Labels(
        rows=len(surprising),
        promised=float(chances.sum()),
        suspects=tuple(
            Suspect(
                row=int(rows[k]) + 1,
                label=classes[y[k]],
                likely=classes[likely[k]],
                probability=round(float(scores[k, likely[k]]), 6),
            )
            for k in first[:SHOWN]
        ),
    )


def told(found: Labels) -> Finding | None:
    """The finding in words; None where no label is a surprise."""
    if not found.rows:
        return None
    one = found.rows == 1
    return Finding(
        topic="labels",
        weight="note",
        headline="1 label is worth a second look" if one else f"{found.rows:,} labels are worth a second look",
        detail=f"models that never saw {'the row give its label' if one else 'the rows give their labels'} at most "
        f"{LEAST:.0%}; were their probabilities exact, there would be about {found.promised:.0f} such rows",
        advice="look at the rows listed below, the most surprising first; correct what is wrong where it comes from",
    )
