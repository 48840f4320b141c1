"""Dealing rows that belong together (a *unit*: equal rows, or a group) to sides and folds.

Both functions take a unit and a stratum for each row, both numbered from 0 without gaps. A unit counts to the
stratum of most of its rows. Units go whole; strata are kept in proportion as far as whole units allow; every
choice comes from the generator that is passed in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def take_share(
    units: Rows, strata: Rows, share: float, rng: np.random.Generator, *, largest_first: bool = True
) -> Rows:
    """Row numbers, ascending, of about `share` of the rows of every stratum.

    Error diffusion: units pass in random order (larger ones first), and one is taken as soon as the share owed has
    grown to half its size. What a stratum still owes is carried to the next, so the total is right too. The last
    unit of a stratum is left behind, so a stratum of one unit gives nothing while there is anything else to take.
    """
    sizes, owner = np.bincount(units), _owners(units, strata)
    taken = np.zeros(len(sizes), dtype=bool)
    owed, limit = 0.0, float(np.median(sizes)) / 2
    rows_of = np.bincount(owner, weights=sizes)
    for stratum in np.argsort(-rows_of, kind="stable"):
        members = rng.permutation(np.flatnonzero(owner == stratum))
        if len(members):
            chosen, owed = _diffuse(sizes[members], share, owed, largest_first=largest_first)
            taken[members[chosen]] = True
        owed = min(max(owed, -limit), limit)
    if not taken.any():
        taken[np.argmin(np.abs(sizes - share * len(units)))] = True
    return np.flatnonzero(taken[units])


def _diffuse(sizes: Rows, share: float, owed: float, *, largest_first: bool) -> tuple[NDArray[np.bool_], float]:
    """Which units to take, and what is still owed afterwards; at least one unit is left."""
    taken = np.zeros(len(sizes), dtype=bool)
    singles = np.flatnonzero(sizes == 1)
    large = np.flatnonzero(sizes > 1)
    if largest_first:
        large = large[np.argsort(-sizes[large], kind="stable")]
    for unit in large.tolist():
        size = int(sizes[unit])
        owed += share * size
        if owed >= size / 2:
            taken[unit] = True
            owed -= size
    if len(singles):
        place = np.arange(1, len(singles) + 1)
        total = np.minimum(np.maximum(np.floor(owed + share * place + 0.5), 0), place)
        taken[singles] = np.diff(total, prepend=0) > 0
        owed += share * len(singles) - float(total[-1])
    if taken.all():
        smallest = int(np.argmin(sizes))
        taken[smallest] = False
        owed += float(sizes[smallest])
    return taken, owed


def deal(units: Rows, strata: Rows, folds: int, rng: np.random.Generator, *, spare: bool) -> Rows:
    """The fold of each row, from 0; -1 for rows that belong to none.

    Larger units go first, each to the fold that holds least of its stratum (then least in all); single rows level out
    the rest. With `spare` a stratum of a single unit belongs to no fold (it can be learnt or scored, not both), nor
    does a unit that is larger than a fold (a score should not hang on one row repeated).
    """
    sizes, owner = np.bincount(units), _owners(units, strata)
    fold = np.full(len(sizes), -1, dtype=np.int64)
    total = np.zeros(folds, dtype=np.int64)
    rows_of = np.bincount(owner, weights=sizes)
    for stratum in np.argsort(-rows_of, kind="stable"):
        members = rng.permutation(np.flatnonzero(owner == stratum))
        if spare and len(members) == 1 and len(rows_of) > 1:
            continue
        if spare:
            members = members[sizes[members] * folds <= max(len(units), folds)]
        members = members[np.argsort(-sizes[members], kind="stable")]
        own = np.zeros(folds, dtype=np.int64)
        large = members[sizes[members] > 1]
        for unit in large.tolist():
            place = int(np.lexsort((total + own, own))[0])
            fold[unit] = place
            own[place] += sizes[unit]
        singles = members[len(large) :]
        fold[singles] = _level(own, total, len(singles))
        own += np.bincount(fold[singles], minlength=folds)
        total += own
    return fold[units]


def _level(own: Rows, total: Rows, count: int) -> Rows:
    """Folds for `count` single rows: always the fold with the lowest level, then the one with least in all."""
    folds = len(own)
    levels = (own[:, None] + np.arange(count)).ravel()
    number = np.repeat(np.arange(folds), count)
    order = np.lexsort((number, np.repeat(total + own, count), levels))
    return number[order[:count]]


def _owners(units: Rows, strata: Rows) -> Rows:
    """The stratum of most rows of each unit; of equals the smallest."""
    width = int(strata.max()) + 1
    pairs, counts = np.unique(units * width + strata, return_counts=True)
    order = np.lexsort((pairs % width, -counts, pairs // width))
    ranked = pairs[order]
    first = np.flatnonzero(np.diff(ranked // width, prepend=-1))
    return np.asarray(ranked[first] % width)
