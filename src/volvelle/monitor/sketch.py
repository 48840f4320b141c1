"""Rows as counters that add up: what a server, a stream and a device keep of what they answered.

>>> from volvelle.model.signature import Feature, Signature
>>> from volvelle.monitor.edges import edges
>>> signature = Signature(features=(Feature(name="t", kind="number", low=0, high=9),), target="y", task="regression")
>>> rows, answers = pl.DataFrame({"t": [0.0, 1, 2, 2]}), pl.DataFrame({"prediction": [5.0, 5, 6, 6]})
>>> made = edges(rows, answers, signature)
>>> found = sketch(pl.DataFrame({"t": [2, 2, None, 99]}), answers, made)
>>> found.features["t"]
Counted(bins=(0, 0, 3), missing=1, outside=1, run=2)
>>> add(found, found).features["t"]
Counted(bins=(0, 0, 6), missing=2, outside=2, run=2)
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.errors import InputError
from volvelle.model.derive import class_text
from volvelle.model.signature import UNSEEN_CODE
from volvelle.monitor.edges import Column, missing, score_columns, values
from volvelle.monitor.records import UNIT, Binned, Counted, Edges, Sketch, digest

Lines = tuple[tuple[int, ...], ...]
_LATENCY = tuple(16.0 * 2**k for k in range(15))
"""Microseconds: 16, 32, ... 262,144."""


def sketch(frame: pl.DataFrame, answers: pl.DataFrame, edges: Edges, *, errors: int = 0) -> Sketch:
    """Count the rows of one window, in the order in which they came.

    Args:
        frame: rows by feature name; an absent column counts as missing.
        answers: ``prediction`` and, for classes, ``score_0``, ``score_1``, ...; perhaps ``at`` (time) and ``us``
            (microseconds that an answer took).
        edges: by which to count.
        errors: requests that were refused or failed.

    Raises:
        DataError: cells are not of their feature's kind.
        InputError: a column of the answers is absent.
    """
    _require(answers, edges)
    columns = values(frame, tuple(b.feature for b in edges.features))
    scores, chosen, worth = _scores(answers, edges)
    took = answers["us"].cast(pl.Float32).to_numpy() if "us" in answers.columns else None
    at = answers["at"].dt.timestamp("us") if "at" in answers.columns and answers.height else None
    return Sketch(
        edges=digest(edges),
        rows=frame.height,
        features={b.feature.name: _counted(b, columns[b.feature.name]) for b in edges.features},
        scores=scores,
        chosen=chosen,
        worth=worth,
        errors=errors,
        latency=() if took is None else _tuple(_bins(took, _LATENCY)),
        since=None if at is None else at.min(),  # type: ignore[arg-type]
        until=None if at is None else at.max(),  # type: ignore[arg-type]
    )


def add(a: Sketch, b: Sketch) -> Sketch:
    """Both windows as one: every counter adds up, and of two runs the longer one is kept.

    A run that crosses from one window into the next is not seen. What only one of them has summed is left out.

    Raises:
        InputError: they were counted by different edges, or of different models.
    """
    if a.edges != b.edges:
        raise InputError(
            f"sketches of edges {a.edges[:12]} and {b.edges[:12]} do not add up",
            next_move="add sketches of one release only",
        )
    moments = [(x, y) for x, y in ((a.since, b.since), (a.until, b.until))]
    return Sketch(
        edges=a.edges,
        rows=a.rows + b.rows,
        features={name: _added(counted, b.features[name]) for name, counted in a.features.items()},
        scores=tuple(map(_sum, a.scores, b.scores)),
        chosen=tuple(map(_sum, a.chosen, b.chosen)),
        worth=tuple(map(_sum, a.worth, b.worth)) if a.worth and b.worth else (),
        errors=a.errors + b.errors,
        latency=_sum(a.latency, b.latency) if a.latency and b.latency else a.latency or b.latency,
        since=min((m for m in moments[0] if m is not None), default=None),
        until=max((m for m in moments[1] if m is not None), default=None),
    )


def total(sketches: Iterable[Sketch]) -> Sketch:
    """The sum of one or more sketches.

    Raises:
        InputError: as `add`.
    """
    return reduce(add, sketches)


def longest_run(column: Column, gone: NDArray[np.bool_]) -> int:
    """The longest run of one value; a missing cell ends a run.

    >>> longest_run(np.array([1, 2, 2, 2, 0, 0]), np.array([False] * 4 + [True] * 2))
    3
    """
    if gone.all():
        return 0
    breaks = np.flatnonzero((column[1:] != column[:-1]) | gone[1:])
    ends = np.concatenate(([-1], breaks, [len(column) - 1]))
    return int(np.diff(ends)[~gone[ends[:-1] + 1]].max(initial=0))


def _counted(binned: Binned, column: Column) -> Counted:
    feature, gone = binned.feature, missing(binned.feature, column)
    absent, run = int(gone.sum()), longest_run(column, gone)
    beyond = int(outside(binned, column, gone).sum())
    if feature.kind == "time":
        return Counted(bins=(), missing=absent, outside=beyond, run=run)
    bins = np.bincount(places(binned, column), minlength=binned.width)
    bins[-1] -= absent
    return Counted(bins=_tuple(bins), missing=absent, outside=beyond, run=run)


def places(binned: Binned, column: Column) -> NDArray[np.int64]:
    """Which counter each row belongs to, ``[n]``; missing rows stand in the last one."""
    if binned.nominal:
        place = np.full(len(binned.feature.categories) + 2, len(binned.own), dtype=np.int64)
        place[list(binned.own)] = np.arange(len(binned.own))
        # Codes -2 (unseen) and -1 (missing) index the table from its end.
        return np.asarray(place[column])
    return _reached(column, binned.cuts)


def outside(binned: Binned, column: Column, gone: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows lie outside of what training saw, ``[n]``: beyond the range, before the first time, an unseen code."""
    feature = binned.feature
    if binned.nominal:
        return np.asarray(column == UNSEEN_CODE)
    low = -np.inf if feature.low is None else feature.low
    if feature.kind == "time":
        return (column < low) & ~gone
    high = np.inf if feature.high is None else feature.high
    return np.asarray((column < np.float32(low)) | (column > np.float32(high)))


def _reached(column: Column, cuts: tuple[float, ...]) -> NDArray[np.int64]:
    """How many cuts each number reaches; what is not a number stands behind the last one."""
    return np.searchsorted(np.asarray(cuts, dtype=np.float32), column, side="right")


def _bins(column: Column, cuts: tuple[float, ...]) -> NDArray[np.int64]:
    found = np.bincount(_reached(column, cuts), minlength=len(cuts) + 1)
    found[-1] -= int(np.isnan(column).sum())
    return found


def _scores(answers: pl.DataFrame, edges: Edges) -> tuple[Lines, Lines, Lines]:
    """Rows by counter of all rows and of those that were given each class; the chances that they are worth."""
    columns = score_columns(answers, len(edges.classes))
    scores = tuple(_tuple(_bins(column, cuts)) for column, cuts in zip(columns, edges.scores, strict=True))
    if not edges.classes:
        return scores, (), ()
    given = class_text(answers["prediction"])
    lines = [(given == name).fill_null(False).to_numpy() for name in edges.classes]
    chosen = tuple(
        _tuple(_bins(column[line], cuts)) for column, line, cuts in zip(columns, lines, edges.scores, strict=True)
    )
    if not edges.worth:
        return scores, chosen, ()
    everyone = [np.ones(len(line), dtype=np.bool_) for line in lines]
    sums = tuple(
        worth_of(column[line], cuts, knots)
        for side in (everyone, lines)
        for column, line, cuts, knots in zip(columns, side, edges.scores, edges.worth, strict=True)
    )
    return scores, chosen, sums


def worth_of(column: Column, cuts: tuple[float, ...], knots: tuple[tuple[float, float], ...]) -> tuple[int, ...]:
    """By counter the chances that scores ``[n]`` are worth, summed in units of 2**-20.

    >>> worth_of(np.array([0.1, 0.3, 0.9]), (0.5,), ((0.0, 0.0), (1.0, 1.0))) == (round(0.1 * UNIT) + round(0.3 * UNIT),
    ...     round(0.9 * UNIT))
    True
    """
    if not knots:
        return (0,) * (len(cuts) + 1)
    known = column[~np.isnan(column)]
    chances = np.rint(np.interp(known, *np.asarray(knots).T) * UNIT)
    return _tuple(np.bincount(_reached(known, cuts), weights=chances, minlength=len(cuts) + 1).astype(np.int64))


def _require(answers: pl.DataFrame, edges: Edges) -> None:
    wanted = ["prediction", *(f"score_{k}" for k in range(len(edges.classes)))]
    absent = [name for name in wanted if name not in answers.columns]
    if absent:
        raise InputError(
            f"the answers lack {', '.join(absent[:5])}; they have {', '.join(answers.columns[:8])}",
            next_move="give the columns prediction and score_0, score_1, ... in the order of the model's classes",
        )


def _added(a: Counted, b: Counted) -> Counted:
    return Counted(
        bins=_sum(a.bins, b.bins), missing=a.missing + b.missing, outside=a.outside + b.outside, run=max(a.run, b.run)
    )


def _sum(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def _tuple(counts: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(counts.tolist())
