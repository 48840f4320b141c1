"""Two tables that are at hand, compared: which columns were lost or changed their kind, and which have drifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from msgspec.structs import replace

from volvelle.catalog import DRIFT
from volvelle.data.collect import describe, read_rows
from volvelle.data.records import ColumnKind
from volvelle.errors import DataError, NotFound
from volvelle.flow.history import SHORT, Change, find_version, rows_of, versions
from volvelle.flow.turn import Project
from volvelle.model.derive import class_text, columns_as_features
from volvelle.model.signature import Feature
from volvelle.monitor.compare import TESTS, compare, counted
from volvelle.monitor.edges import values
from volvelle.spec.monitoring import discovery_rate
from volvelle.spec.requirements import Data, Monitor, Record, Spec

EFFECTS = ("total_variation", "psi", "wasserstein")
"""How far a column has moved, whatever chance says."""
TOGETHER = "classifier"
_KEPT = 16
"""Counters of a column that are kept for drawing."""


class Answer(Record, frozen=True):
    """What one test said of one column, or of all of them."""

    test: str
    statistic: float
    effect: float
    unit: str
    """What the effect is: a share of the rows, standard deviations (sd), or an index."""
    p: float | None
    """Corrected for the number of columns and tests; None of an effect size."""


class Moved(Record, frozen=True):
    """One column of both tables."""

    feature: str
    kind: str
    drifted: bool
    answers: tuple[Answer, ...]
    names: tuple[str, ...]
    """Of the counters: categories, or ``from`` of each range."""
    before: tuple[int, ...]
    """Rows by counter."""
    after: tuple[int, ...]

    def of(self, test: str) -> Answer | None:
        """The answer of one test."""
        return next((a for a in self.answers if a.test == test), None)

    @property
    def far(self) -> float:
        """The share of the rows that would have to move for both tables to look the same; chance is not taken off."""
        found = self.of("total_variation")
        return found.effect if found else 0.0


class Drift(Record, frozen=True):
    """How the second table differs from the first."""

    reference: str
    now: str
    rows: tuple[int, int]
    level: float
    """A column has drifted where a corrected chance is at most this, and the effect not smaller than `least`."""
    least: float
    changes: tuple[Change, ...]
    """Columns that came, went, or have another kind."""
    columns: tuple[Moved, ...]
    """Those that have drifted first, the farthest first."""
    together: tuple[Answer, ...]
    """What tests of all columns together say."""

    @property
    def drifted(self) -> bool:
        """Whether anything calls for a look: a column, or all of them together."""
        return bool(self.changes) or any(c.drifted for c in self.columns) or any(map(self.calls, self.together))

    def calls(self, answer: Answer) -> bool:
        """Whether an answer is both sure and large."""
        return answer.p is not None and answer.p <= self.level and _large(answer, self.least)


class Table(NamedTuple):
    """One side."""

    name: str
    rows: pl.DataFrame
    kinds: Mapping[str, ColumnKind]


def look(folder: Path, spec: Spec | None, reference: str | None, now: str, tests: Sequence[str] = ()) -> Drift:
    """Compare two tables.

    Args:
        folder: of the project whose versions of the data are meant.
        spec: says how tables are read, which columns to leave out, the level and the least effect.
        reference: a table, or the first characters of a version; the data of the newest run if absent.
        now: the same.
        tests: beside effect sizes; the usual ones if empty.

    Raises:
        InputError: a table cannot be read or is empty, there is no such version or test, no column is in both.
    """
    before, after = (_table(folder, name, spec) for name in (reference or _newest(folder), now))
    changes, after = _schema(before, after)
    changed = {c.column for c in changes}
    features = tuple(f for f in _features(before, after, spec) if f.name not in changed)
    if not features:
        raise DataError("both tables share no column of one kind", where=now, next_move="compare tables of one form")
    monitor = spec.monitor if spec else Monitor()
    level, least = discovery_rate(monitor.drift), monitor.effect
    asked = tuple(dict.fromkeys((*(tests or (*TESTS, TOGETHER)), *EFFECTS)))
    found: dict[str, list[Answer]] = {}
    for one in compare(before.rows, after.rows, features, asked):
        unit = DRIFT.fact(one.test, "EFFECT")
        said = Answer(test=one.test, statistic=one.found.statistic, effect=one.found.effect, unit=unit, p=one.p)
        found.setdefault(one.feature, []).append(said)
    columns = [_moved(f, found.get(f.name, ()), before.rows, after.rows, (level, least)) for f in features]
    return Drift(
        reference=before.name,
        now=after.name,
        rows=(before.rows.height, after.rows.height),
        level=level,
        least=least,
        changes=changes,
        columns=tuple(sorted(columns, key=lambda c: (not c.drifted, -c.far))),
        together=tuple(found.get("", ())),
    )


def _large(answer: Answer, least: float) -> bool:
    return answer.unit != "share" or answer.effect >= least


def _moved(
    feature: Feature, said: Sequence[Answer], before: pl.DataFrame, after: pl.DataFrame, rule: tuple[float, float]
) -> Moved:
    level, least = rule
    sides = [values(frame.select(feature.name), (feature,))[feature.name] for frame in (before, after)]
    ends, counts = counted(feature, *sides)
    if feature.categories:
        both = np.concatenate(sides)
        often = np.bincount(both[both >= 0], minlength=len(feature.categories))
        order = np.argsort(-often, kind="stable")[: len(counts[0]) - 1]
        names = [*(feature.categories[k] for k in order), "other"]
    else:
        names = [f"< {ends[0]:g}" if ends else "all", *(f"{end:g}" for end in ends)]
    kept = [list(map(int, side)) for side in counts]
    if feature.categories and len(names) > _KEPT:
        names = [*names[: _KEPT - 1], "other"]
        kept = [[*side[: _KEPT - 1], sum(side[_KEPT - 1 :])] for side in kept]
    return Moved(
        feature=feature.name,
        kind=feature.kind,
        drifted=any(a.p is not None and a.p <= level and _large(a, least) for a in said),
        answers=tuple(said),
        names=tuple(names),
        before=tuple(kept[0]),
        after=tuple(kept[1]),
    )


def _schema(before: Table, after: Table) -> tuple[tuple[Change, ...], Table]:
    """Columns that came, went or changed their kind, and the second table with the kinds of the first."""
    changes, rows = [], after.rows
    for name in before.rows.columns:
        if name not in rows.columns:
            changes.append(Change(column=name, what="removed", before=before.kinds[name]))
            continue
        was, is_ = before.kinds[name], after.kinds[name]
        if was == is_ or {was, is_} <= {"number", "integer"}:
            continue
        if rows[name].null_count() == rows.height:
            rows = rows.with_columns(pl.col(name).cast(before.rows.schema[name], strict=False))
        elif was in ("category", "text"):
            rows = rows.with_columns(class_text(rows[name]))
        else:
            changes.append(Change(column=name, what="kind", before=was, after=is_))
    new = [name for name in rows.columns if name not in before.rows.columns]
    changes += [Change(column=name, what="added", after=after.kinds[name]) for name in new]
    return tuple(changes), after._replace(rows=rows)


def _features(before: Table, after: Table, spec: Spec | None) -> tuple[Feature, ...]:
    """Shared columns: ranges are those of the first table, categories those of both."""
    ignored = spec.data.ignore if spec else ()
    declared = spec.features if spec else {}
    shared = {n: k for n, k in before.kinds.items() if n in after.rows.columns and n not in ignored}
    found = columns_as_features(before.rows, shared, declared)
    return tuple(f if f.kind != "category" else _both(f, after.rows[f.name]) for f in found)


def _both(feature: Feature, cells: pl.Series) -> Feature:
    new = sorted(set(map(str, cells.drop_nulls().unique())) - set(feature.categories))
    return replace(feature, categories=(*feature.categories, *new))


def _newest(folder: Path) -> str:
    there = versions(Project(folder, existing=True))
    if not there:
        raise NotFound("no run has pinned data", where=str(folder), next_move="name two tables, or volvelle run")
    return max(there, key=lambda v: max(v.runs)).version


def _table(folder: Path, name: str, spec: Spec | None) -> Table:
    """A table by its place, or a pinned version by its first characters."""
    if not Path(name).exists() and set(name.lower()) <= set("0123456789abcdef"):
        project = Project(folder, existing=True)
        version = find_version(project, name)
        found, told = rows_of(project, version.version), f"{version.source} ({version.version[:SHORT]})"
    else:
        data = spec.data if spec else Data(source=name)
        found, told = read_rows(name, data, spec.features if spec else {}, Path.cwd()).settled, name
    if not found.height:
        raise DataError("there are no rows to compare", where=told, next_move="name a table with rows")
    roles = {n: f.role for n, f in (spec.features if spec else {}).items()}
    kinds = {column.name: describe(column, roles.get(column.name)).kind for column in found.iter_columns()}
    return Table(told, found, kinds)
