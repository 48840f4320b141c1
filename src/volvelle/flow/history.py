"""The versions of the data that the runs of a project pinned: which there are, and how two of them differ."""

from __future__ import annotations

from typing import Literal

import polars as pl

from volvelle.data.records import Column, Dataset
from volvelle.data.versions import from_bytes
from volvelle.errors import NotFound, near
from volvelle.flow.store import ObjectLost
from volvelle.flow.turn import Project
from volvelle.spec.requirements import Record

SHORT = 12
"""Characters of a version that people are shown."""
_LISTED = 8
_MOVED = 0.1
"""Share of the range, or of the rows with a missing cell, from which on a move is told."""
What = Literal["added", "removed", "kind", "categories", "range", "missing"]


class Version(Record, frozen=True):
    """One pinned version."""

    version: str
    rows: int
    columns: int
    source: str
    first: str
    """When the first run that pinned it began; UTC, ISO 8601."""
    runs: tuple[int, ...]
    """The runs that used it, oldest first."""


class Change(Record, frozen=True):
    """One difference in one column."""

    column: str
    what: What
    before: str = ""
    after: str = ""


class Difference(Record, frozen=True):
    """How version `b` differs from version `a`."""

    a: str
    b: str
    changes: tuple[Change, ...]
    added: int
    """Rows of `b` that `a` lacks; equal rows are counted as often as they occur."""
    removed: int
    compared: tuple[str, ...]
    """The columns by which rows were compared: those of both versions that have one kind."""


def versions(project: Project) -> tuple[Version, ...]:
    """All versions, oldest first. Runs whose record is lost are left out."""
    found: dict[str, Version] = {}
    known: dict[str, Dataset] = {}
    for run in project.ledger.runs():
        step = next((s for s in project.ledger.steps(run.id) if s.stage == "collect"), None)
        if step is None:
            continue
        if step.output not in known:
            try:
                known[step.output] = project.store.get_record(step.output, Dataset)
            except ObjectLost:
                continue
        data = known[step.output]
        earlier = found.get(data.version)
        found[data.version] = Version(
            version=data.version,
            rows=data.rows,
            columns=len(data.columns),
            source=earlier.source if earlier else data.source,
            first=earlier.first if earlier else run.started,
            runs=(*(earlier.runs if earlier else ()), run.id),
        )
    return tuple(found.values())


def find_version(project: Project, text: str) -> Version:
    """The version whose name begins with `text`.

    Raises:
        NotFound: there is none (near names are offered), or several begin so (they are named).
    """
    there = versions(project)
    matching = [v for v in there if text and v.version.startswith(text.lower())]
    if len(matching) == 1:
        return matching[0]
    names = [v.version[:SHORT] for v in there]
    if matching:
        shown = ", ".join(v.version[: max(SHORT, len(text) + 4)] for v in matching)
        raise NotFound(
            f"{len(matching)} versions begin with {text!r}: {shown}",
            where=str(project.folder),
            next_move="give more characters",
        )
    advice = near(text[:SHORT], names) if names else "volvelle run makes the first one"
    raise NotFound(f"there is no version {text!r} of the data", where=str(project.folder), next_move=advice)


def rows_of(project: Project, version: str) -> pl.DataFrame:
    """The pinned rows.

    Raises:
        ObjectLost: they are no longer in the store.
    """
    return from_bytes(project.store.get(version))


def compare_versions(project: Project, a: Version, b: Version) -> Difference:
    """Every difference from `a` to `b`: schema and values column by column, and rows.

    Raises:
        ObjectLost: the record or the rows of one are no longer in the store.
    """
    before, after = _columns(project, a), _columns(project, b)
    changes = [Change(column=n, what="removed", before=c.kind) for n, c in before.items() if n not in after]
    changes += [Change(column=n, what="added", after=c.kind) for n, c in after.items() if n not in before]
    for name in (n for n in before if n in after):
        changes += drift(before[name], a.rows, after[name], b.rows)
    shared = [name for name, column in before.items() if name in after and after[name].kind == column.kind]
    added, removed = moved_rows(rows_of(project, a.version), rows_of(project, b.version), shared)
    return Difference(
        a=a.version, b=b.version, changes=tuple(changes), added=added, removed=removed, compared=tuple(shared)
    )


def drift(before: Column, rows_before: int, after: Column, rows_after: int) -> list[Change]:
    """What changed in one column that both versions have.

    >>> was, now = (Column(name="a", kind="number", low=0.0, high=high) for high in (1.0, 3.0))
    >>> [(c.what, c.before, c.after) for c in drift(was, 9, now, 9)]
    [('range', '0 to 1', '0 to 3')]
    """
    name = before.name
    if before.kind != after.kind:
        return [Change(column=name, what="kind", before=before.kind, after=after.kind)]
    changes = []
    gone = [c for c in before.categories if c not in set(after.categories)]
    new = [c for c in after.categories if c not in set(before.categories)]
    if gone or new:
        changes.append(Change(column=name, what="categories", before=_listed("gone", gone), after=_listed("new", new)))
    if _range_moved(before, after):
        changes.append(Change(column=name, what="range", before=_range(before), after=_range(after)))
    shares = before.missing / max(rows_before, 1), after.missing / max(rows_after, 1)
    if (min(shares) == 0.0) != (max(shares) == 0.0) or abs(shares[0] - shares[1]) >= _MOVED:
        shown = [f"{share:.2%} missing" for share in shares]
        changes.append(Change(column=name, what="missing", before=shown[0], after=shown[1]))
    return changes


def moved_rows(before: pl.DataFrame, after: pl.DataFrame, columns: list[str]) -> tuple[int, int]:
    """How many rows were added and removed, by 64-bit hashes of their content, whatever their order.

    >>> moved_rows(pl.DataFrame({"a": [1, 1, 2]}), pl.DataFrame({"a": [2, 1, 3]}), ["a"])
    (1, 1)
    """
    if not columns:
        return after.height, before.height
    counts = [
        frame.select(columns).hash_rows(seed=0).alias("row").value_counts(name=f"n{i}")
        for i, frame in enumerate((before, after))
    ]
    both = counts[0].join(counts[1], on="row", how="full", coalesce=True).fill_null(0)
    more = both["n1"].cast(pl.Int64) - both["n0"].cast(pl.Int64)
    return int(more.clip(lower_bound=0).sum()), int((-more).clip(lower_bound=0).sum())


def _columns(project: Project, version: Version) -> dict[str, Column]:
    output = next(s.output for s in project.ledger.steps(version.runs[-1]) if s.stage == "collect")
    return {column.name: column for column in project.store.get_record(output, Dataset).columns}


def _range_moved(before: Column, after: Column) -> bool:
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return False
    allowed = _MOVED * (before.high - before.low)
    return abs(after.low - before.low) > allowed or abs(after.high - before.high) > allowed


def _range(column: Column) -> str:
    if column.kind != "time":
        return f"{column.low:g} to {column.high:g}"
    ends = pl.Series([column.low, column.high]) * 1e6
    low, high = ends.cast(pl.Int64).cast(pl.Datetime("us")).dt.to_string("%Y-%m-%dT%H:%M:%SZ")
    return f"{low} to {high}"


def _listed(word: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{word}: {', '.join(names[:_LISTED])}{more}"
