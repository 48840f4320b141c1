"""Many files as one table: a folder (``parts/``) or a pattern (``parts/*.csv``), read in sorted order of their names.

All files are of one kind and agree in their columns: a column that is absent, extra or of another type in one file
is an error that names file and column; a column of texts that mean numbers in one file and something else in another
is noted with both. Another order of the columns is put right and noted. Files whose name begins
with ``.`` or ``_`` do not count. A part behind ``#`` (a sheet) is asked of every file.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     _ = [Path(folder, f"{n}.csv").write_text(f"a,b\\n{n},x\\n{n},y\\n") for n in (2, 1)]
...     read("*.csv", Path(folder), Layout()).frame["a"].to_list()
['1', '1', '2', '2']
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from volvelle.data.contract import Read
from volvelle.data.dispatch import read_source
from volvelle.data.kinds import KINDS, settle
from volvelle.data.listing import found_by, names_digest
from volvelle.data.records import Layout, Origin
from volvelle.errors import DataError, near
from volvelle.spec.sources import MANY, source_of

SUFFIXES: tuple[str, ...] = ()
SCHEMES: tuple[str, ...] = ("folder",)
_LOOKED = 1000
"""Rows of each file whose kinds are compared."""
_SAME = "give all files the same columns, or name fewer of them, e.g. 'parts/2024-*.csv'"


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows of all files.

    Raises:
        DataError: no file, files of several kinds, one that cannot be read, or files that disagree.
    """
    pattern, _, part = where.partition("#")
    if not any(mark in pattern for mark in "*?") and not pattern.endswith("/"):
        pattern += "/"
    names = found_by(pattern, folder)
    if not names:
        raise DataError("no file is found there", where=pattern, next_move=_look(pattern, folder))
    _refuse_mixture(names, pattern)
    reads = [read_source(f"{name}#{part}" if part else name, folder, layout) for name in names]
    _refuse_layouts(names, reads, pattern)
    frames, notes = _aligned(names, [got.frame for got in reads], pattern)
    frame = pl.concat(frames).rechunk()
    listed = Origin(name=pattern, sha256=names_digest(names), size=len(names), kind="names")
    origins = (listed, *(origin for got in reads for origin in got.origins))
    counts = f"{len(names)} files were read in the order of their names, from {names[0]} to {names[-1]}"
    notes += _other_kinds(names, reads)
    return Read(frame, reads[0].layout, origins, (counts, *notes, *_gathered(names, reads)))


def _look(pattern: str, folder: Path) -> str:
    parent = (folder / pattern).parent if not pattern.endswith("/") else folder / pattern
    if not parent.is_dir():
        return f"there is no folder {parent.name!r}; check the path in [data] source"
    there = sorted(path.name for path in parent.iterdir())[:1000]
    return near(Path(pattern).name, there) if there else "the folder is empty"


def _refuse_mixture(names: list[str], where: str) -> None:
    kinds = Counter(map(_kind, names))
    unread = next((name for name in names if not _kind(name)), "")
    if len(kinds) == 1 and not unread:
        return
    counted = ", ".join(f"{count} x {kind or 'not readable'}" for kind, count in kinds.most_common())
    odd = unread or next(name for name in names if _kind(name) == kinds.most_common()[-1][0])
    raise DataError(
        f"{len(names)} files of several kinds ({counted}), e.g. {odd}",
        where=where,
        next_move="name those of one kind, e.g. 'parts/*.csv'",
    )


def _kind(name: str) -> str:
    """The source that reads this file; empty if none does, or if its name would be taken for something else."""
    found = source_of(name)
    return found[0] if found and found[1] == name and found[0] != MANY else ""


def _refuse_layouts(names: list[str], reads: list[Read], where: str) -> None:
    """Refuse files whose text would be understood differently."""
    for key, text in (("decimal", "the decimal mark is {!r}"), ("header", "whether there is a header is {!r}")):
        values = [getattr(got.layout, key) for got in reads]
        other = next((i for i, value in enumerate(values) if value != values[0]), 0)
        if other:
            raise DataError(
                f"{text.format(values[0])} in {names[0]} and {values[other]!r} in {names[other]}",
                where=where,
                next_move=f"state it for all of them: [data] {key} = ...",
            )


def _aligned(names: list[str], frames: list[pl.DataFrame], where: str) -> tuple[list[pl.DataFrame], tuple[str, ...]]:
    """Frames with the columns, order and types of the first, or one error that lists every difference."""
    first = frames[0].schema
    differences, reordered = [], []
    for name, frame in zip(names, frames, strict=True):
        absent = [c for c in first if c not in frame.schema]
        extra = [c for c in frame.columns if c not in first]
        differences += [f"{name} lacks column {c!r}" for c in absent] + [f"{name} adds column {c!r}" for c in extra]
        if not absent and not extra and frame.columns != list(first):
            reordered.append(name)
    types: dict[str, pl.DataType] = {}
    for column in first:
        found = {n: f.schema[column] for n, f in zip(names, frames, strict=True) if column in f.schema}
        joined = _joined(list(found.values()))
        if joined is None:
            odd = next(n for n in found if found[n] != found[names[0]])
            differences.append(f"column {column!r} is {found[names[0]]} in {names[0]} and {found[odd]} in {odd}")
        else:
            types[column] = joined
    if differences:
        more = f" and {len(differences) - 6} more" if len(differences) > 6 else ""
        raise DataError(f"the files disagree: {'; '.join(differences[:6])}{more}", where=where, next_move=_SAME)
    notes = (f"columns stand in another order in {len(reordered)} files, e.g. {reordered[0]}",) if reordered else ()
    return [frame.select(pl.col(c).cast(t) for c, t in types.items()) for frame in frames], notes


def _other_kinds(names: list[str], reads: list[Read]) -> tuple[str, ...]:
    """A note for each text column whose first cells are of one kind in one file and of another elsewhere."""
    kinds: dict[str, dict[str, str]] = {}
    for name, got in zip(names, reads, strict=True):
        for column in settle(got.frame.head(_LOOKED), got.layout, {})[0].iter_columns():
            if got.frame.schema[column.name] == pl.String and column.null_count() < len(column):
                kind = KINDS[column.dtype]
                kinds.setdefault(column.name, {}).setdefault("number" if kind == "integer" else kind, name)
    told = {column: " and ".join(f"a {k} in {n}" for k, n in found.items()) for column, found in kinds.items()}
    return tuple(f"column {c!r} reads as {told[c]}" for c in kinds if len(kinds[c]) > 1)


def _joined(types: list[pl.DataType]) -> pl.DataType | None:
    """One type for all, reached without loss; None if there is none. A column without any value has every type."""
    known = [t for t in dict.fromkeys(types) if t != pl.Null]
    if len(known) < 2:
        return known[0] if known else pl.Null()
    if all(t.is_signed_integer() or t in (pl.UInt8, pl.UInt16, pl.UInt32) for t in known):
        return pl.Int64()
    if all(t.is_float() for t in known):
        return pl.Float64()
    return None


def _gathered(names: list[str], reads: list[Read]) -> tuple[str, ...]:
    """Every note once, with the number of files that have it."""
    counts = Counter(note.replace(name, "FILE") for name, got in zip(names, reads, strict=True) for note in got.notes)
    return tuple(f"{note} ({count} of {len(names)} files)" for note, count in counts.items())
