"""Healthy windows to compare with, cut from rows that the model has not learnt from, and what they teach.

Rows that resemble their neighbours make windows that differ more than those of independent rows do, so that a test
which takes them for independent would call for nothing. Where the lag-1 autocorrelation of what a test looks at is
above 0.05 (and above what chance shows), its windows are ranked among the successive windows kept here instead. Where
those are few, as after a retraining that held back no more than it needed, windows of training rows just before are
ranked among as well: a model has learnt their answers, but inputs do not know what was learnt from them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from msgspec.structs import replace
from numpy.typing import NDArray

from volvelle.errors import InputError
from volvelle.model.signature import Signature
from volvelle.monitor.drift.smooth import polynomials
from volvelle.monitor.edges import edges, missing, score_columns, values
from volvelle.monitor.learn import learnt, worth
from volvelle.monitor.ranks import FEWEST
from volvelle.monitor.records import PREDICTION, SCORE, Calibration, Edges, Reference, Sketch
from volvelle.monitor.sketch import outside, places, sketch

MOST_WINDOWS = 100
_LAG, _CHANCE, _FEWEST, _RESAMPLED = 0.05, 3.0, 10, 8
_BACK = 0.1
ENOUGH = 20
"""Windows to rank among; fewer are few."""


def reference(
    frame: pl.DataFrame,
    answers: pl.DataFrame,
    signature: Signature,
    *,
    window: int,
    seed: int,
    model: str = "",
    earlier: tuple[pl.DataFrame, pl.DataFrame] | None = None,
    whole: bool = False,
) -> Reference:
    """The reference of a release.

    Args:
        frame: held-out rows by feature name, in the order in which they came; with the target where it is known.
        answers: what the model says to them: ``prediction``, and ``score_0``, ``score_1``, ... for classes.
        signature: of the model.
        window: rows of a window.
        seed: of what is resampled.
        model: SHA-256 of the ONNX file.
        earlier: training rows that came just before, and what the model says to them, in their order.
        whole: whether devices read all numbers as int8, see `edges`.

    Raises:
        InputError: there are no rows, a window has fewer than 20, or a number does not fit int8 where it should.
        DataError: cells are not of their feature's kind.
    """
    if not frame.height or window < 20:
        raise InputError(
            f"a reference of {frame.height} rows in windows of {window} says nothing",
            where="[monitor] window",
            next_move="give held-out rows, and windows of at least 20 rows",
        )
    made = replace(edges(frame, answers, signature, model=model, whole=whole), worth=worth(frame, answers, signature))
    count, picks = frame.height // window, _picks(frame.height, window, seed)
    features = _calibrated(frame, answers, made)
    before = earlier if earlier is not None and any(found.ranked for found in features.values()) else None
    ended = _before(*before, made, window, ENOUGH - count) if before is not None else ()
    return Reference(
        edges=made,
        whole=_bare(sketch(frame, answers, made)),
        windows=tuple(_bare(sketch(frame[pick], answers[pick], made)) for pick in picks),
        earlier=ended,
        window=window,
        seed=seed,
        resampled=not count,
        features=features,
        notes=_notes(frame.height, window, count, features, len(ended)),
        **learnt(frame, answers, signature, made, window=window, seed=seed),
    )


def _picks(rows: int, window: int, seed: int) -> Sequence[Any]:
    """Rows of each window: the newest successive ones, or drawn where there is none."""
    count, rng = rows // window, np.random.default_rng(seed)
    if not count:
        return [rng.integers(0, rows, window) for _ in range(_RESAMPLED)]
    starts = range(max(0, count - MOST_WINDOWS) * window, count * window, window)
    return [slice(start, start + window) for start in starts]


def _before(rows: pl.DataFrame, answers: pl.DataFrame, made: Edges, window: int, most: int) -> tuple[Sketch, ...]:
    """The last windows of earlier rows, at most so many, oldest first."""
    ends = range(rows.height, window - 1, -window)[: max(0, most)]
    return tuple(_bare(sketch(rows[e - window : e], answers[e - window : e], made)) for e in reversed(ends))


def _bare(found: Sketch) -> Sketch:
    """What healthy windows are compared by."""
    return replace(found, worth=())


def _calibrated(frame: pl.DataFrame, answers: pl.DataFrame, made: Edges) -> dict[str, Calibration]:
    columns = values(frame, tuple(b.feature for b in made.features))
    found = {}
    for binned in made.features:
        name = binned.feature.name
        column, gone = columns[name], missing(binned.feature, columns[name])
        lags = {"missing": _flags(gone), "outside": _flags(outside(binned, column, gone))}
        if binned.width:
            kind = "categories" if binned.nominal else "numbers"
            lags[kind] = _resemblance(places(binned, column), ~gone, nominal=binned.nominal)
        found[name] = _calibration(lags, frame.height, onward=goes_on(column[~gone], nominal=binned.nominal))
    scores = score_columns(answers, len(made.classes))
    if made.classes:
        labels = answers["prediction"].cast(pl.String).rank("dense").fill_null(0).to_numpy().astype(np.int64)
        found[PREDICTION] = _calibration({"categories": _resemblance(labels, labels >= 0, nominal=True)}, frame.height)
    if made.positive is not None or not made.classes:
        name, place = (SCORE, made.positive) if made.positive is not None else (PREDICTION, 0)
        at = np.searchsorted(np.asarray(made.scores[place], dtype=np.float32), scores[place], side="right")
        found[name] = _calibration({"numbers": _resemblance(at, ~np.isnan(scores[place]), nominal=False)}, frame.height)
    return found


def _calibration(lags: dict[str, float], rows: int, *, onward: bool = False) -> Calibration:
    chance = max(_LAG, _CHANCE / math.sqrt(rows))
    rounded = {what: round(lag, 4) for what, lag in lags.items()}
    ranked = tuple(what for what, lag in lags.items() if lag > chance)
    return Calibration(lags=rounded, ranked=ranked, onward=onward)


def goes_on(column: NDArray[Any], *, nominal: bool) -> bool:
    """Whether values go on with time, as a month does, and do not come and go, as a temperature does.

    Numbers: of the neighbours that differ at most a tenth go the other way (December to January is one of twelve).
    Categories: none comes back. What never changes may do either.

    Args:
        column: known values in the order in which they came, ``[n]``.
        nominal: whether they have no order.

    >>> goes_on(np.array([3, 3, 4, 4, 5]), nominal=False), goes_on(np.array([3, 4, 3, 4, 5]), nominal=False)
    (True, False)
    """
    changed = column[1:] != column[:-1]
    changes = int(changed.sum())
    if nominal:
        return changes < max(1, len(np.unique(column)))
    up = int((column[1:] > column[:-1]).sum())
    return min(up, changes - up) <= _BACK * changes


def _resemblance(at: NDArray[np.int64], known: NDArray[np.bool_], *, nominal: bool) -> float:
    """Lag-1 autocorrelation of counters ``[n]``, over neighbours that are both known.

    Of counters in order: of what the smooth test looks at, the largest of four. Of nominal ones: agreement of
    neighbours beyond chance (Cohen's kappa).
    """
    pairs = known[1:] & known[:-1]
    if pairs.sum() < _FEWEST:
        return 0.0
    shares = np.bincount(at[known]) / known.sum()
    before, after = at[:-1][pairs], at[1:][pairs]
    if nominal:
        alike = float((shares**2).sum())
        return (float((before == after).mean()) - alike) / (1 - alike) if alike < 1 else 0.0
    held = np.flatnonzero(shares)
    if len(held) < 2:
        return 0.0
    waves = np.zeros((len(shares), min(4, len(held) - 1)))
    waves[held] = polynomials(shares[held])
    return float((waves[before] * waves[after]).mean(axis=0).max())


def _flags(flags: NDArray[np.bool_]) -> float:
    """Lag-1 autocorrelation of a yes or no ``[n]``; 0 where there are too few of either to tell."""
    if min(flags.sum(), (~flags).sum()) < _FEWEST:
        return 0.0
    return _resemblance(flags.astype(np.int64), np.ones(len(flags), dtype=np.bool_), nominal=True)


def _notes(rows: int, window: int, count: int, features: dict[str, Calibration], earlier: int) -> tuple[str, ...]:
    ranked = [name for name, found in features.items() if found.ranked]
    notes = []
    if ranked:
        notes.append(f"rows resemble their neighbours in {len(ranked)} columns, whose windows are ranked: {ranked[:5]}")
    if not count:
        notes.append(f"{rows} held-out rows are fewer than one window of {window}: windows were drawn from them")
    if ranked and earlier:
        notes.append(
            f"{count} held-out windows are few to rank among: inputs are ranked among {earlier} windows of training "
            "rows just before as well, answers and scores are not"
        )
    if ranked and count + earlier < FEWEST:
        notes.append(f"of {count + earlier} healthy windows no rank can be told: such columns are not tested for drift")
    elif ranked and count + earlier < ENOUGH:
        notes.append(
            f"{count + earlier} healthy windows are few to rank among: such columns call only when far beyond them"
        )
    return tuple(notes)
