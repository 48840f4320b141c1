"""What the truth of held-out rows teaches: honest chances by score, errors by prediction, and how far estimates err."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypedDict

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.evaluate.measure import value
from volvelle.evaluate.sides import part, side
from volvelle.model.derive import class_text
from volvelle.model.signature import Signature
from volvelle.monitor.edges import score_columns
from volvelle.monitor.estimate import estimates, rising
from volvelle.monitor.records import Edges, Expected

_DRAWS, _APART = 60, 4


class Learnt(TypedDict):
    """The fields of a `Reference` that come from the truth."""

    expected: tuple[Expected, ...]
    spread: dict[str, float]
    spread_of: int


def learnt(
    frame: pl.DataFrame, answers: pl.DataFrame, signature: Signature, edges: Edges, *, window: int, seed: int
) -> Learnt:
    """Chances and errors by counter, and by metric how far measured and estimated quality lie apart.

    The chance of a counter is the share of its rows that are of the class, made to rise with the score. Empty where no
    row has its target.
    """
    y = truth(frame, signature)
    known = ~np.isnan(y)
    if not known.any():
        return Learnt(expected=(), spread={}, spread_of=0)
    columns = np.stack(score_columns(answers, len(signature.classes)), axis=1)
    known &= ~np.isnan(columns).any(axis=1)
    y, columns = y[known], columns[known]
    at = np.stack([_places(columns[:, k], cuts) for k, cuts in enumerate(edges.scores)], axis=1)
    widths = [len(cuts) + 1 for cuts in edges.scores]
    if signature.task == "regression":
        expected: tuple[Expected, ...] = (_errors(y - columns[:, 0], at[:, 0], widths[0]),)
    else:
        expected = tuple(_chances(y == k, columns[:, k], at[:, k], widths[k]) for k in range(len(widths)))
    labels = _codes(answers["prediction"], signature)[known].astype(np.int64) if signature.classes else y
    spread, draws = _spread(_sides(y, labels, columns, at, signature, edges, expected), len(y), window, seed)
    return Learnt(expected=expected, spread=spread, spread_of=draws)


def truth(frame: pl.DataFrame, signature: Signature) -> NDArray[np.float64]:
    """Targets ``[n]``: positions of classes or values, NaN where they are not known."""
    if signature.target not in frame.columns:
        return np.full(frame.height, np.nan)
    column = frame[signature.target]
    if signature.classes:
        return _codes(column, signature)
    return np.asarray(column.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy(), dtype=np.float64)


def _codes(names: pl.Series, signature: Signature) -> NDArray[np.float64]:
    places = [float(k) for k in range(len(signature.classes))]
    codes = class_text(names).replace_strict(list(signature.classes), places, default=None, return_dtype=pl.Float64)
    return np.asarray(codes.fill_null(np.nan).to_numpy(), dtype=np.float64)


def _places(column: NDArray[Any], cuts: tuple[float, ...]) -> NDArray[np.int64]:
    return np.searchsorted(np.asarray(cuts, dtype=np.float32), column, side="right")


def _errors(error: NDArray[np.float64], at: NDArray[np.int64], width: int) -> Expected:
    counts = np.maximum(np.bincount(at, minlength=width), 1)
    mean, square = (np.bincount(at, weights=w, minlength=width) / counts for w in (np.abs(error), error**2))
    return Expected(mean=_tuple(mean), square=_tuple(square))


def _chances(y: NDArray[np.bool_], score: NDArray[Any], at: NDArray[np.int64], width: int) -> Expected:
    counts = np.bincount(at, minlength=width)
    said = np.bincount(at, weights=score, minlength=width) / np.maximum(counts, 1)
    seen = np.bincount(at, weights=y, minlength=width)
    # One row of the score itself, so that no counter is certain of what a few rows showed.
    mean = rising((seen + said) / (counts + 1), counts + 1.0)
    return Expected(mean=_tuple(mean), within=_tuple(_within(score, at, width)))


def _within(score: NDArray[Any], at: NDArray[np.int64], width: int) -> NDArray[np.float64]:
    """Of each counter the chance that a row of the class scores above one that is not, if scores are honest."""
    found = np.full(width, 0.5)
    for place in range(width):
        p = np.sort(score[at == place].astype(np.float64))
        up, down = p.sum(), (1 - p).sum()
        if up > 0 and down > 0:
            _, level = np.unique(p, return_inverse=True)
            beneath = np.bincount(level, weights=1 - p)
            below = np.cumsum(beneath) - beneath / 2
            found[place] = float(p @ below[level]) / (up * down)
    return found


def _sides(
    y: NDArray[Any],
    labels: NDArray[Any],
    columns: NDArray[Any],
    at: NDArray[np.int64],
    signature: Signature,
    edges: Edges,
    expected: tuple[Expected, ...],
) -> Callable[[NDArray[np.int64]], dict[str, float]]:
    """How far measured quality lies from its estimate, on any rows."""
    whole = side(y, labels, columns, signature)

    def apart(rows: NDArray[np.int64]) -> dict[str, float]:
        scores: list[NDArray[Any]] = []
        chosen: list[NDArray[Any]] = []
        for k, cuts in enumerate(edges.scores):
            scores.append(np.bincount(at[rows, k], minlength=len(cuts) + 1))
            if edges.classes:
                chosen.append(np.bincount(at[rows[labels[rows] == k], k], minlength=len(cuts) + 1))
        told = estimates(edges, expected, scores, chosen)
        taken = part(whole, rows)  # type: ignore[arg-type]
        return {name: value(name, taken, signature.task) - guess for name, guess in told.items()}

    return apart


def _spread(
    apart: Callable[[NDArray[np.int64]], dict[str, float]], rows: int, window: int, seed: int
) -> tuple[dict[str, float], int]:
    """Root mean square of how far estimates err over windows, and how many windows showed it."""
    found = [apart(drawn) for drawn in _draws(rows, window, seed)]
    names = set.intersection(*(set(f) for f in found))
    # The chances by counter come from the same rows, and err themselves.
    wider = 1 + window / rows
    squares = {name: np.asarray([f[name] for f in found]) ** 2 for name in sorted(names)}
    return {
        n: round(float(np.sqrt(np.nanmean(s) * wider)), 6) for n, s in squares.items() if not np.isnan(s).all()
    }, len(found)


def _draws(rows: int, window: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Windows of successive rows, overlapping; where there are too few rows for that, rows drawn with replacement."""
    rng = np.random.default_rng(seed)
    for k in range(_DRAWS):
        if rows >= _APART * window:
            yield np.arange(window) + k * (rows - window) // (_DRAWS - 1)
        else:
            yield rng.integers(0, rows, window)


def _tuple(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(v), 6) for v in values)
