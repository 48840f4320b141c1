"""How many quiet windows and streams call at all: parts of `bench.watch`.

`watch` takes half a second a stream, and a share of 4 % of streams needs thousands of them. So the counters themselves
are drawn, all columns and days at once, by the law that rows would give them; that the chances are those of `watch` a
test proves.
"""

from __future__ import annotations

import argparse
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri, xlogy

from volvelle.monitor.records import Counted, Policy, Reference, Sketch, digest
from volvelle.monitor.watch import watch

COLUMNS, DAYS, DAILY, BINS, SPANS = 20, 50, 500, 16, (1, 2, 3, 5, 8)
LEVEL = 0.05 / DAYS
BATCH = 1000
Array = NDArray[Any]


def streams(rng: np.random.Generator, options: argparse.Namespace) -> tuple[str, tuple[str, ...], Any]:
    """Streams of 50 quiet days of 500 rows of 20 columns, where 5 % may call."""
    lines = []
    for healthy in (5000, 20_000, 100_000):
        count = 8 * options.resamples
        smallest = np.stack([_chances(*_drawn(rng, healthy)) for _ in range(count)])
        calls = int((smallest <= LEVEL).any(axis=1).sum())
        lines.append((f"{healthy:,}", f"{count:,}", f"{100 * calls / count:.1f} %", "at most 5 %"))
    return "Streams of 50 quiet days that call", ("healthy rows", "streams", "call", "wanted"), lines


def windows(rng: np.random.Generator, options: argparse.Namespace) -> tuple[str, tuple[str, ...], Any]:
    """Quiet windows of 20 columns, each with a reference of its own, where 5 % or one a year may call."""
    lines = []
    for size in (800, 1000, 5000):
        for healthy in (size, 20_000):
            calls, count = np.zeros(2), BATCH * max(1, options.resamples // 10)
            for _ in range(count // BATCH):
                reference, shares = _shares(rng, healthy, (BATCH, COLUMNS))
                smallest = _corrected(_smooth(reference, rng.multinomial(size, shares)))
                calls += [(smallest <= level).sum() for level in (0.05, 1 / 365)]
            cells = [f"{100 * share:.2f} %" for share in calls / count]
            lines.append((f"{size:,}", f"{healthy:,}", f"{count:,}", *cells))
    heads = ("rows", "healthy rows", "windows", "call where 5 % may", "where 1 a year (0.27 %) may")
    return "Drawn windows that call though nothing drifts, the effect floor left out", heads, lines


def shifts(rng: np.random.Generator, options: argparse.Namespace) -> tuple[str, tuple[str, ...], Any]:
    """Windows of 5,000 rows that call when one of 20 columns shifts, each with a reference of its own."""
    lines = []
    for name, shift in (("mean by 0.1 sd", 0.1), ("total variation 0.05, by a shift", 0.1254)):
        for healthy in (5000, 20_000):
            calls, count = np.zeros(2), BATCH * max(1, options.resamples // 10)
            for _ in range(count // BATCH):
                reference, shares = _shares(rng, healthy, (BATCH, COLUMNS))
                above = ndtr(ndtri(np.minimum(1.0, np.cumsum(shares[:, 0], axis=-1))) - shift)
                shares[:, 0] = np.diff(above, axis=-1, prepend=0)
                chances = _smooth(reference, rng.multinomial(5000, shares))
                called = (_corrected(chances), chances[:, 0] * COLUMNS)
                calls += [((called[0] <= level) & (called[1] <= 0.05)).sum() for level in (0.05, 1 / 365)]
            lines.append((name, f"{healthy:,}", f"{count:,}", *(f"{100 * c / count:.1f} %" for c in calls)))
    heads = ("what drifts", "healthy rows", "windows", "call where 5 % may", "where 1 a year may")
    return "Drawn windows of 5,000 rows that call for one drifting column of 20", heads, lines


def _shares(rng: np.random.Generator, healthy: int, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Counters of a reference ``[16]``, and what truly lies between its cuts ``[*shape, 16]``.

    The cuts are order statistics of the healthy rows, so that the shares between them follow Dirichlet's law.
    """
    places = healthy * np.arange(1, BINS) // BINS
    shares = rng.dirichlet(np.diff(places, prepend=0, append=healthy + 1), size=shape)
    return np.diff(places, prepend=0, append=healthy), shares


def _drawn(rng: np.random.Generator, healthy: int) -> tuple[Array, Array]:
    """Counters of the reference ``[16]`` and of days ``[50, 20, 16]``."""
    reference, shares = _shares(rng, healthy, (COLUMNS,))
    return reference, rng.multinomial(DAILY, shares, size=(DAYS, COLUMNS))


def _chances(reference: Array, days: Array) -> Array:
    """The smallest corrected chance of each day ``[50]``, as `watch` has it."""
    summed = np.concatenate([np.zeros_like(days[:1]), np.cumsum(days, axis=0)])
    best, tried = np.ones(days.shape[:2]), np.zeros(len(days))
    for span in SPANS:
        found = _smooth(reference, summed[span:] - summed[:-span])
        best[span - 1 :], tried[span - 1 :] = np.minimum(best[span - 1 :], found), tried[span - 1 :] + 1
    return _corrected(np.minimum(1.0, best * tried[:, None]))


def _corrected(chances: Array) -> Array:
    """The smallest of chances ``[n, 20]``, by Benjamini and Hochberg."""
    return np.asarray((np.sort(chances, axis=1) * COLUMNS / np.arange(1, COLUMNS + 1)).min(axis=1))


def _smooth(reference: Array, now: Array) -> Array:
    """The chance of `volvelle.monitor.drift.smooth` for many counters ``[..., 16]`` at once, none of them rare."""
    rows, size = reference.sum(), now.sum(axis=-1, keepdims=True)
    shares = (reference + now) / (rows + size)
    normal = ndtri(np.cumsum(shares, axis=-1) - shares / 2)
    normal -= (shares * normal).sum(axis=-1, keepdims=True)
    apart = now / size - reference / rows
    scale = (rows * size / (rows + size) * (1 - 1 / (rows + size)))[..., 0]
    before, wave, length, squares = np.zeros_like(normal), np.ones_like(normal), np.zeros_like(size), []
    for _ in range(2):
        then = (normal - (shares * normal * wave**2).sum(axis=-1, keepdims=True)) * wave - length * before
        length = np.sqrt((shares * then**2).sum(axis=-1, keepdims=True))
        before, wave = wave, then / length
        squares.append((wave * apart).sum(axis=-1) ** 2 * scale)
    both = xlogy(reference, reference / (shares * rows)) + xlogy(now, now / (shares * size))
    every = chdtrc(BINS - 1, 2 * both.sum(axis=-1))
    chances = [chdtrc(1, squares[0]) / 0.8, chdtrc(1, squares[1]) / 0.1, every / 0.1]
    return np.asarray(np.minimum(1.0, np.min(chances, axis=0)))


def agrees(known: Reference, rng: np.random.Generator) -> bool:
    """Whether `watch` says of one drawn stream what `_chances` does.

    Args:
        known: a reference of 20 columns whose counters are replaced.
        rng: draws the stream.
    """
    reference, days = _drawn(rng, known.whole.rows)

    def held(counts: Array, like: Sketch) -> Sketch:
        features = {f"x{k}": Counted(bins=tuple(map(int, counts[k])), run=1) for k in range(COLUMNS)}
        return msgspec.structs.replace(
            like, rows=int(counts[0].sum()), features=features, scores=((int(counts[0].sum()),),)
        )

    whole = held(np.tile(reference, (COLUMNS, 1)), known.whole)
    now = [held(day, msgspec.structs.replace(whole, edges=digest(known.edges))) for day in days]
    report = watch(msgspec.structs.replace(known, whole=whole), now, Policy(window=DAILY))
    return bool(np.allclose([w.smallest or 0.0 for w in report.windows], _chances(reference, days), rtol=1e-9))
