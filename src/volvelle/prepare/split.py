"""The split: which rows are held back as the sealed test side, and the folds of the training side.

Rows that are equal in every feature never lie on both sides: a model would be asked what it was told. Nor do rows of
one group, where a group column is named. Only where a column says what the test side is does that count for nothing.

- ``stratified``: the share of every class (or tenth of a number) is kept. ``random``: without regard to the target.
- ``group``: whole groups, stratified where classes allow it, as near to the share as whole groups come.
- ``time``: the newest rows, equal times together. Test rows that equal a training row are left out.
- ``hash``: a row's side depends on its own content only (or its group's name), so it never changes side when data
  grow. The share is met on average.
- ``marked``: a column says "test" in the rows to hold back. The folds are divided as "auto" would.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.errors import DataError, near
from volvelle.prepare.allocate import deal, take_share
from volvelle.prepare.identity import content_hashes, equal_rows, joined
from volvelle.prepare.records import Method as Method
from volvelle.spec.requirements import SplitMethod, Task

Index = NDArray[np.int64]
MARK = "test"
"""What the column of a marked split says in the rows to hold back."""
TENTHS = 10
GROUP_TRIES, GROUP_WORK = 32, 2_000_000


@dataclass(frozen=True, slots=True)
class Keys:
    """The columns that a split looks at.

    Attributes:
        target: the column to predict; rows without it must have been removed.
        features: the columns that a model will see; rows equal in all of them are duplicates.
        time: ordering column.
        group: rows with an equal value here never straddle; missing is a group of its own.
        column: says "test" in the rows of the test side.
    """

    target: str
    features: tuple[str, ...]
    time: str | None = None
    group: str | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Sides:
    """Row numbers of both sides, ascending int64, and what was done.

    Attributes:
        train: rows to learn from.
        test: rows to seal.
        method: the method used; never "auto".
        duplicates: rows that equal an earlier row in every feature.
        groups: number of groups, 0 without a group column.
        left_out: rows on neither side, because they are newer than, and equal to, a training row.
        note: a sentence for people, or empty.
    """

    train: Index
    test: Index
    method: Method
    duplicates: int
    groups: int
    left_out: int
    note: str


def sides(
    frame: pl.DataFrame,
    keys: Keys,
    *,
    task: Task,
    method: SplitMethod = "auto",
    test: float = 0.2,
    seed: int = 7,
) -> Sides:
    """Divide the rows of `frame` into a training and a test side.

    The same arguments always give the same sides.

    Args:
        frame: all rows, with a target in each.
        keys, task: the columns that matter; classification is stratified by class.
        method: "auto" is marked, time or group where such a column is named, else stratified (for classes) or random.
        test, seed: share of rows for the test side, in (0, 0.9); seed of every random choice.

    Raises:
        DataError: a column is absent, times are missing, or the rows are too few or too alike to divide.
    """
    _check(frame, keys, test)
    chosen, rows = _resolve(method, keys, task), len(frame)
    equal = equal_rows(frame, keys.features)
    groups = _numbers(frame[keys.group]) if keys.group else None
    if chosen == "marked":
        picked = np.flatnonzero(frame[str(keys.column)].cast(pl.String).eq_missing(pl.Series([MARK])).to_numpy())
    elif chosen == "time":
        picked = _newest(_blocks(frame, keys, groups), test)
    elif chosen == "hash":
        hashes = content_hashes(frame, (keys.group,) if keys.group else keys.features, seed)
        picked = np.flatnonzero(hashes < np.uint64(test * 2.0**64))
    else:
        picked = _pick(frame, keys, _units(equal, groups), (chosen, task), test, seed)
    kept = picked if chosen == "marked" else _apart(picked, equal, rows)
    train = np.setdiff1d(np.arange(rows, dtype=np.int64), picked)
    different, count = int(equal.max()) + 1, 0 if groups is None else int(groups.max()) + 1
    if not len(train) or not len(kept):
        raise _one_sided(chosen, rows, count or different, keys)
    if task == "classification" and chosen not in ("time", "marked"):
        _check_classes(frame[keys.target], train, different)
    return Sides(
        train=train,
        test=kept,
        method=chosen,
        duplicates=rows - different,
        groups=count,
        left_out=len(picked) - len(kept),
        note=_note(chosen, test, len(kept) / (len(kept) + len(train)), len(picked) - len(kept)),
    )


def folds(
    frame: pl.DataFrame,
    keys: Keys,
    *,
    task: Task,
    method: Method,
    count: int = 5,
    seed: int = 7,
) -> list[tuple[Index, Index]]:
    """Cross-validation folds of the training side, divided the way `sides` divided the whole.

    Pairs of ascending row numbers (to learn from, to score on). By time: the rows in `count` + 1 blocks, each scored
    by what came before it. Otherwise each row is scored once, except (without groups) a class whose rows are all equal,
    and equal rows that would fill more than a fold: those only serve to learn from, unless too little were left.

    Args:
        frame: the training rows alone.
        keys: the columns that matter.
        task: classification is stratified by class.
        method: as resolved by `sides`.
        count: number of folds, at least 2.
        seed: of every random choice.

    Raises:
        DataError: fewer different rows, groups or times than folds.
    """
    _check(frame, keys, 0.5)
    everything = np.arange(len(frame), dtype=np.int64)
    equal = equal_rows(frame, keys.features)
    groups = _numbers(frame[keys.group]) if keys.group else None
    method = _resolve("auto", replace(keys, column=None), task) if method == "marked" else method
    if method == "time":
        return _forward(_blocks(frame, keys, groups), equal, count)
    units = _units(equal, groups)
    strata = _strata(frame[keys.target], task, method)
    where = deal(units, strata, count, np.random.default_rng(seed), spare=groups is None)
    if _filled(where) < count:
        where = deal(units, strata, count, np.random.default_rng(seed), spare=False)
    if _filled(where) < count:
        noun = "groups" if keys.group else "different rows"
        raise DataError(
            f"{count} folds need at least {count} {noun} that can be scored; found {int(units.max()) + 1} {noun}",
            next_move="set [search] folds lower, or bring more rows",
        )
    pairs = []
    for fold in range(count):
        valid = np.flatnonzero(where == fold)
        kept = _apart(valid, equal, len(frame))
        pairs.append((np.setdiff1d(everything, valid), kept))
    return _not_empty(pairs)


def _filled(where: Index) -> int:
    return len(np.unique(where[where >= 0]))


def _check_classes(target: pl.Series, train: Index, different: int) -> None:
    """Refuse sides in which keeping equal rows together takes a class of several rows from training."""
    counts = target.value_counts(name="rows").rows()
    learnt = set(target[train].unique().to_list())
    lost = sorted(str(name) for name, rows in counts if rows > 1 and name not in learnt)
    if lost and different < len(target):
        raise DataError(
            f"no row of class {lost[0]!r} is left to learn from: rows that are equal stay on one side, and only "
            f"{different} of {len(target)} rows are different",
            where=f"column {target.name!r}",
            next_move="bring rows that differ, or columns that tell them apart",
        )


def _check(frame: pl.DataFrame, keys: Keys, test: float) -> None:
    for column in (keys.target, *keys.features, keys.time, keys.group, keys.column):
        if column is not None and column not in frame.columns:
            raise DataError(f"the data have no column {column!r}", next_move=near(column, frame.columns))
    needed = max(4, int(np.ceil(1 / test)))
    if len(frame) < needed:
        raise DataError(
            f"a test share of {test:g} needs at least {needed} rows with a target; found {len(frame)}",
            next_move="bring more rows",
        )
    if keys.time is not None and (absent := frame[keys.time].null_count()):
        raise DataError(
            f"{absent} of {len(frame)} rows have no time in {keys.time!r}",
            where=keys.time,
            next_move="remove those rows, or name no [data] time",
        )


def _resolve(method: SplitMethod, keys: Keys, task: Task) -> Method:
    if method == "auto":
        if keys.column:
            return "marked"
        if keys.time:
            return "time"
        if keys.group:
            return "group"
        return "stratified" if task == "classification" else "random"
    if (method == "time" and not keys.time) or (method == "group" and not keys.group):
        raise DataError(
            f"the split is by {method}, but no {method} column is named",
            where="split.method",
            next_move=f'add {method} = "..." to [data]',
        )
    return method


def _units(equal: Index, groups: Index | None) -> Index:
    """Rows that must stay together: equal rows, and groups with all they share equal rows with."""
    if groups is None:
        return equal
    together = joined(equal, groups)
    largest, before = np.bincount(together).max(), np.bincount(groups).max()
    # Coarse features can chain all groups together; then groups stay apart and equal rows leave the test side.
    return groups if largest > max(before, len(groups) / 2) else together


def _strata(target: pl.Series, task: Task, method: Method) -> Index:
    if task == "classification" and method != "random":
        return _numbers(target)
    if method == "stratified" and target.dtype.is_numeric():
        values = target.cast(pl.Float64).to_numpy()
        edges = np.quantile(values, np.arange(1, TENTHS) / TENTHS)
        return np.unique(np.searchsorted(edges, values), return_inverse=True)[1].astype(np.int64)
    return np.zeros(len(target), dtype=np.int64)


def _numbers(series: pl.Series) -> Index:
    """Each value's rank among the different values, missing included: independent of the order of rows."""
    if series.dtype in (pl.Categorical, pl.Enum, pl.Boolean):
        series = series.cast(pl.String)
    ranks: Index = series.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    return np.asarray(ranks - ranks.min())


def _pick(frame: pl.DataFrame, keys: Keys, units: Index, how: tuple[Method, Task], test: float, seed: int) -> Index:
    method, task = how
    if not units.any():
        raise _one_sided(method, len(frame), 1, keys)
    strata = _strata(frame[keys.target], task, method)
    rng = np.random.default_rng(seed)
    best = take_share(units, strata, test, rng)
    if keys.group is None:
        return best
    wanted = test * np.bincount(strata)

    def miss(rows: Index) -> float:
        have = np.bincount(strata[rows], minlength=len(wanted))
        return float(np.abs(have - wanted).sum() + abs(len(rows) - test * len(units)))

    for _ in range(min(GROUP_TRIES, GROUP_WORK // len(units))):
        other = take_share(units, strata, test, rng, largest_first=False)
        best = other if miss(other) < miss(best) else best
    return best


def _blocks(frame: pl.DataFrame, keys: Keys, groups: Index | None) -> Index:
    """The rank of each row's time; with groups the rank of the time at which its whole group has ended."""
    times = _numbers(frame[str(keys.time)])
    if groups is None:
        return times
    ends = np.zeros(int(groups.max()) + 1, dtype=np.int64)
    np.maximum.at(ends, groups, times)
    return np.unique(ends[groups], return_inverse=True)[1].astype(np.int64)


def _newest(blocks: Index, test: float) -> Index:
    """Rows of the newest blocks that together come nearest to the share; at least one block stays."""
    newest_first = np.cumsum(np.bincount(blocks)[::-1])[:-1]
    if not len(newest_first):
        return np.empty(0, dtype=np.int64)
    count = int(np.argmin(np.abs(newest_first - test * len(blocks)))) + 1
    return np.flatnonzero(blocks > blocks.max() - count)


def _forward(blocks: Index, equal: Index, count: int) -> list[tuple[Index, Index]]:
    """`count` + 1 blocks of about equal size, never cutting through one time."""
    if int(blocks.max()) < count:
        raise DataError(
            f"{count} folds forward in time need at least {count + 1} different times; found {int(blocks.max()) + 1}",
            next_move="set [search] folds lower",
        )
    ends = np.cumsum(np.bincount(blocks))
    cuts: list[int] = []
    for part in range(1, count + 1):
        nearest = int(np.argmin(np.abs(ends - part * len(blocks) / (count + 1))))
        lowest, highest = (cuts[-1] + 1 if cuts else 0), len(ends) - 2 - (count - part)
        cuts.append(min(max(nearest, lowest), highest))
    pairs = []
    for start, end in zip(cuts, [*cuts[1:], len(ends) - 1], strict=True):
        valid = np.flatnonzero((blocks > start) & (blocks <= end))
        train = np.flatnonzero(blocks <= start)
        pairs.append((train, valid[~np.isin(equal[valid], equal[train])]))
    return _not_empty(pairs)


def _apart(picked: Index, equal: Index, rows: int) -> Index:
    """The picked rows that equal none of the others."""
    outside = np.ones(rows, dtype=bool)
    outside[picked] = False
    return picked[~np.isin(equal[picked], equal[outside])]


def _not_empty(pairs: list[tuple[Index, Index]]) -> list[tuple[Index, Index]]:
    if all(len(train) and len(valid) for train, valid in pairs):
        return pairs
    raise DataError(
        "a fold has no row left to score: its rows equal rows to learn from",
        next_move="set [search] folds lower, or add features that tell the rows apart",
    )


def _one_sided(method: Method, rows: int, different: int, keys: Keys) -> DataError:
    if method == "marked":
        return DataError(
            f"column {keys.column!r} puts all {rows} rows on one side",
            next_move=f"write {MARK!r} in the rows to hold back, and anything else in the others",
        )
    if method == "time":
        return DataError(
            f"the rows cannot be divided by time: {keys.time!r} ends the same everywhere, or new rows equal old ones",
            next_move='set [split] method = "stratified", "random" or "group"',
        )
    if method == "hash" and different > 1:
        return DataError(
            f"the hashes put all {rows} rows on one side", next_move="bring more rows, or set another [search] seed"
        )
    if keys.group:
        return DataError(
            f"all {rows} rows belong together in {keys.group!r}: no group can be held back",
            next_move="name another [data] group, or none",
        )
    return DataError(
        f"all {rows} rows are equal in every feature: none can be held back",
        next_move="check which columns are features",
    )


def _note(method: Method, asked: float, found: float, left_out: int) -> str:
    said = []
    if method not in ("hash", "marked") and abs(found - asked) > 0.02:
        said.append(
            f"the test side holds {found:.1%} of the rows, not {asked:.1%}: rows that belong together stay whole"
        )
    if left_out:
        said.append(f"{left_out} test rows were left out because they equal a training row")
    return "; ".join(said)
