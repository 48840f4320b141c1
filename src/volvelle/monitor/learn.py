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
from volvelle.monitor.estimate import estimates, honest, rising
from volvelle.monitor.records import Edges, Expected
from volvelle.monitor.sketch import worth_of

_DRAWS, _APART = 60, 4
Knots = tuple[tuple[float, float], ...]


class Learnt(TypedDict):
    """The fields of a `Reference` that come from the truth."""

    expected: tuple[Expected, ...]
    spread: dict[str, float]
    spread_of: int


def learnt(
    frame: pl.DataFrame, answers: pl.DataFrame, signature: Signature, edges: Edges, *, window: int, seed: int
) -> Learnt:
    """Chances and errors by counter, and by metric how far measured and estimated quality lie apart.

    The chance of a counter is the mean of those that its rows are worth (`worth`). Empty where no row has its target.
    """
    known, y, columns = _known(frame, answers, signature)
    if not known.any():
        return Learnt(expected=(), spread={}, spread_of=0)
    at = np.stack([_places(columns[:, k], cuts) for k, cuts in enumerate(edges.scores)], axis=1)
    widths = [len(cuts) + 1 for cuts in edges.scores]
    if signature.task == "regression":
        expected: tuple[Expected, ...] = (_errors(y - columns[:, 0], at[:, 0], widths[0]),)
    else:
        expected = tuple(_chances(columns[:, k], at[:, k], widths[k], edges.worth[k]) for k in range(len(widths)))
    labels = _codes(answers["prediction"], signature)[known].astype(np.int64) if signature.classes else y
    spread, draws = _spread(_sides(y, labels, columns, at, signature, edges, expected), len(y), window, seed)
    return Learnt(expected=expected, spread=spread, spread_of=draws)


def worth(frame: pl.DataFrame, answers: pl.DataFrame, signature: Signature) -> tuple[Knots, ...]:
    """By class what a score is worth, for `Edges`: the share of rows of the class, made to rise with the score.

    Of two classes only the positive one is asked for. Empty where no row has its target, and of a regression.
    """
    known, y, columns = _known(frame, answers, signature)
    if not known.any() or not signature.classes:
        return ()
    asked = range(len(signature.classes)) if signature.positive is None else (signature.positive,)
    return tuple(_knots(columns[:, k], y == k) if k in asked else () for k in range(len(signature.classes)))


def _known(
    frame: pl.DataFrame, answers: pl.DataFrame, signature: Signature
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[Any]]:
    """Which rows have a target and scores; both of these."""
    y = truth(frame, signature)
    columns = np.stack(score_columns(answers, len(signature.classes)), axis=1)
    known = ~np.isnan(y) & ~np.isnan(columns).any(axis=1)
    return known, y[known], columns[known]


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


def _knots(score: NDArray[Any], y: NDArray[np.bool_]) -> Knots:
    """The steps of `honest`, one row of the score itself in each: none is certain of what a few rows showed."""
    levels, chances = honest(score, y)
    starts = np.flatnonzero(np.append(True, chances[1:] > chances[:-1]))
    ends = np.append(starts[1:], len(levels)) - 1
    step = np.searchsorted(levels[starts], score, side="right") - 1
    rows, said = np.bincount(step), np.bincount(step, weights=score)
    steps = rising((chances[starts] * rows + said / rows) / (rows + 1), rows + 1.0).round(6).tolist()
    both = zip(levels[starts].tolist(), levels[ends].tolist(), steps, strict=True)
    return tuple({score: step for low, high, step in both for score in (low, high)}.items())


def _chances(score: NDArray[Any], at: NDArray[np.int64], width: int, knots: Knots) -> Expected:
    """The mean chance by counter; and that of two rows of it, one of the class and one not, the first scores higher."""
    chances = np.interp(score, *np.asarray(knots).T) if knots else score.astype(np.float64)
    counts = np.bincount(at, minlength=width)
    mean = np.bincount(at, weights=chances, minlength=width) / np.maximum(counts, 1)
    within = np.full(width, 0.5)
    for place in np.flatnonzero(counts):
        _, level = np.unique(score[at == place], return_inverse=True)
        p = chances[at == place]
        beneath = np.bincount(level, weights=1 - p)
        below = np.cumsum(beneath) - beneath / 2
        if p.sum() > 0 and p.sum() < len(p):
            within[place] = float(p @ below[level]) / (p.sum() * (len(p) - p.sum()))
    return Expected(mean=_tuple(rising(mean, counts + 1e-9)), within=_tuple(within))


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
        every = [(k, rows) for k in range(len(edges.scores))]
        lines = [*every, *((k, rows[labels[rows] == k]) for k in range(len(edges.classes)))]
        counts = [np.bincount(at[some, k], minlength=len(edges.scores[k]) + 1) for k, some in lines]
        sums = [worth_of(columns[some, k], edges.scores[k], edges.worth[k]) for k, some in lines if edges.worth]
        told = estimates(edges, expected, counts[: len(every)], counts[len(every) :], sums)
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
