"""A data set as the files in ``data/findings/`` see it: columns, target, a fixed sample, and what the spec says."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.data.collect import describe
from volvelle.data.finding import MOST_EXAMPLES, Example
from volvelle.data.markers import MISSING
from volvelle.data.profile import ColumnProfile, column_profiles
from volvelle.data.records import Dataset
from volvelle.spec.requirements import FeatureSpec, Task
from volvelle.spec.write import value

SAMPLE = 20_000
"""Most rows that a finding about dependence looks at."""
FEW_VALUES = 20
"""An integer target with at most so many values is a class."""
STAMP = frozenset({"date", "day", "time", "timestamp", "stamp", "datetime"})
"""Words in the names of columns that may hold a time."""
_CELL = 60
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Asked(NamedTuple):
    """The part of the spec that decides what is a finding. Without a target, findings about it are left out."""

    target: str = ""
    time: str | None = None
    group: str | None = None
    ignore: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    missing: tuple[str, ...] | None = None
    features: Mapping[str, FeatureSpec] = {}
    task: Task | None = None
    seed: int = 7


class Table:
    """What a finding may look at. All arrays are of the sample, in the order of the rows.

    Args:
        frame: a canonical frame.
        columns: the profile of each of its columns.
        asked: what the spec says.
        notes: what was noted while the cells were read.

    Attributes:
        columns: name to profile.
        features: columns that a model would see: not the target, not set aside, neither time nor group.
        candidates: the same with those set aside: a part of the target stays one where another part is gone.
    """

    def __init__(
        self, frame: pl.DataFrame, columns: Iterable[ColumnProfile], asked: Asked, notes: tuple[str, ...] = ()
    ) -> None:
        self.notes = notes
        self.frame, self.asked, self.rows = frame, asked, frame.height
        self.columns = {column.name: column for column in columns}
        self.target = asked.target
        apart = {asked.target, asked.time, asked.group, *asked.ignore}
        apart |= {name for name, declared in asked.features.items() if declared.role == "ignore"}
        self.features = tuple(name for name in frame.columns if name not in apart)
        self.candidates = tuple(n for n in frame.columns if n not in (asked.target, asked.time, asked.group))
        self._arrays: dict[str, NDArray[Any]] = {}

    @classmethod
    def of(cls, rows: Mapping[str, Any], **asked: Any) -> Table:
        """A table from plain columns: for examples and tests."""
        frame = pl.DataFrame(rows)
        found = tuple(describe(column) for column in frame.iter_columns())
        dataset = Dataset(version="", rows=frame.height, columns=found, source="", origins=())
        return cls(frame, column_profiles(frame, dataset), Asked(**asked))

    @cached_property
    def classes(self) -> bool:
        """Whether the target is a class and not an amount."""
        if not self.target:
            return False
        column = self.columns[self.target]
        if self.asked.task is not None:
            return self.asked.task == "classification"
        return looks_like_classes(column.kind, column.distinct)

    @cached_property
    def sample(self) -> NDArray[np.int64]:
        """Positions of the rows that are looked at, ascending: all with a target, or 20,000 drawn with the seed."""
        known = np.arange(self.rows)
        if self.target:
            known = np.flatnonzero(self.frame[self.target].is_not_null().to_numpy())
        if len(known) <= SAMPLE:
            return known.astype(np.int64)
        drawn = np.random.default_rng(self.asked.seed).choice(known, SAMPLE, replace=False)
        return np.sort(drawn).astype(np.int64)

    @cached_property
    def looked(self) -> str:
        """Words for a sentence: which rows were looked at; empty where all were."""
        return f" (in {len(self.sample):,} of {self.rows:,} rows, drawn at random)" if self.rows > SAMPLE else ""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Class names in the order of the codes in `y`, the most frequent first; empty for an amount."""
        if not self.classes:
            return ()
        text = self.sampled(self.target).cast(pl.String).alias("value")
        return tuple(text.value_counts().sort(by=["count", "value"], descending=[True, False])["value"])

    @cached_property
    def y(self) -> NDArray[Any]:
        """The target: positions in `labels` int64 ``[n]``, or values float64 ``[n]``."""
        if not self.classes:
            return self.numbers(self.target)
        text = self.sampled(self.target).cast(pl.String)
        codes = text.replace_strict(list(self.labels), list(range(len(self.labels))), return_dtype=pl.Int64)
        return np.asarray(codes.to_numpy(), dtype=np.int64)

    def sampled(self, name: str) -> pl.Series:
        """The sampled cells of a column."""
        column = self.frame[name]
        return column if len(self.sample) == self.rows else column.gather(self.sample)

    def numeric(self, name: str) -> bool:
        """Whether a column holds amounts (a time is seconds)."""
        return self.columns[name].kind in ("number", "integer", "time")

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Sampled amounts float64 ``[n]``, NaN where missing; true and false are 1 and 0."""
        if name not in self._arrays:
            self._arrays[name] = amounts(self.sampled(name))
        return self._arrays[name]

    def codes(self, name: str) -> NDArray[np.int64]:
        """A sampled column in at most 32 groups ``[n]``: quantile bins or frequent values; 0 is missing."""
        key = f"codes of {name}"
        if key not in self._arrays:
            self._arrays[key] = _bins(self.numbers(name)) if self.numeric(name) else _groups(self.sampled(name))
        return self._arrays[key]

    def examples(self, rows: Iterable[Any], columns: Iterable[str]) -> tuple[Example, ...]:
        """The first five of these rows (positions from 0) with the cells of some columns and of the target."""
        names = list(dict.fromkeys([*columns, *filter(None, [self.target])]))[:8]
        found = []
        there = (row for row in rows if 0 <= row < self.rows)
        for row in itertools.islice(there, MOST_EXAMPLES):
            cells = {name: _shown(self.frame[name][int(row)]) for name in names}
            found.append(Example(row=int(row) + 1, cells=cells))
        return tuple(found)

    def where(self, cells: pl.Series) -> list[int]:
        """Positions of the first five rows whose flag is set."""
        return [int(i) for i in cells.fill_null(False).arg_true().head(MOST_EXAMPLES)]

    def line(self, key: str, *names: str) -> str:
        """The line of ``[data]`` that adds names to what stands there already.

        >>> Table.of({"id": [1], "x": [2]}, ignore=("id",)).line("ignore", "x")
        '[data] ignore = ["id", "x"]'
        """
        there = getattr(self.asked, key)
        if key == "missing" and there is None:
            there = MISSING
        return f"[data] {key} = {value(list(dict.fromkeys([*there, *names])))}"


def looks_like_classes(kind: str, distinct: int) -> bool:
    """Whether a target of this kind with so many values is a class where the spec names no task."""
    return kind in ("category", "boolean") or (kind == "integer" and distinct <= FEW_VALUES)


def many(count: int, noun: str) -> str:
    """A count with its noun.

    >>> many(1, "row"), many(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def amounts(cells: pl.Series) -> NDArray[np.float64]:
    """Cells as float64, NaN where missing; a time becomes seconds since 1970 UTC."""
    if cells.dtype.is_temporal():
        cells = cells.dt.timestamp("us") / 1e6
    return np.asarray(cells.cast(pl.Float64).fill_null(float("nan")).to_numpy(), dtype=np.float64)


def words(name: str) -> tuple[str, ...]:
    """The words of a column name, in lower case.

    >>> words("settledAmount"), words("Total_time (s)")
    (('settled', 'amount'), ('total', 'time', 's'))
    """
    return tuple(word.lower() for word in re.split(r"[\W\d_]+", _CAMEL.sub(" ", name)) if word)


def _bins(numbers: NDArray[np.float64], most: int = 16) -> NDArray[np.int64]:
    known = ~np.isnan(numbers)
    codes = np.zeros(len(numbers), dtype=np.int64)
    if known.any():
        edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, most + 1)[1:-1], method="lower"))
        codes[known] = 1 + np.searchsorted(edges, numbers[known], side="left")
    return codes


def _groups(cells: pl.Series, most: int = 30) -> NDArray[np.int64]:
    text = cells.cast(pl.String).alias("value")
    counts = text.drop_nulls().value_counts().sort(by=["count", "value"], descending=[True, False]).head(most)
    names = counts["value"].to_list()
    if not names:
        return np.zeros(len(text), dtype=np.int64)
    codes = text.replace_strict(names, list(range(2, len(names) + 2)), default=1, return_dtype=pl.Int64)
    return np.asarray(pl.select(pl.when(text.is_null()).then(0).otherwise(codes)).to_series().to_numpy(), np.int64)


def _shown(cell: object) -> str:
    text = "missing" if cell is None else str(cell)
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"
