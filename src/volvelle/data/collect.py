"""Collect: read a source, settle the kinds, and pin the result as one immutable version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace

from volvelle.data.contract import Read
from volvelle.data.dispatch import read_source, read_source_blocks
from volvelle.data.kinds import KINDS, looks_like_text, settle
from volvelle.data.records import Column, ColumnKind, Dataset, Layout
from volvelle.data.versions import digest, to_bytes
from volvelle.errors import SpecError, near
from volvelle.spec.requirements import Data, FeatureSpec, Role

MAX_CATEGORIES = 1000


class Rows(NamedTuple):
    """Rows to predict."""

    given: pl.DataFrame
    """The cells as they stand in the file: what people join the answers to."""
    settled: pl.DataFrame
    """The same rows with kinds, as a model takes them."""


def collect(data: Data, features: Mapping[str, FeatureSpec], folder: Path) -> tuple[pl.DataFrame, Dataset]:
    """The canonical frame and its record. Relative paths start at `folder`.

    Raises:
        DataError: no source reads this, it cannot be read, or cells do not fit a role.
        SpecError: the spec names a column that is not there.
    """
    frame, dataset, _ = pinned(data, features, folder)
    return frame, dataset


def pinned(data: Data, features: Mapping[str, FeatureSpec], folder: Path) -> tuple[pl.DataFrame, Dataset, bytes]:
    """As `collect`, with the canonical bytes whose hash is the version."""
    got = _read(data, folder)
    require_columns(named_columns(data, features), got.frame.columns)
    frame, notes = settle(got.frame, got.layout, features)
    content = to_bytes(frame)
    dataset = Dataset(
        version=digest(content),
        rows=frame.height,
        columns=tuple(describe(column, _role(features, column.name)) for column in frame.iter_columns()),
        source=data.source,
        origins=got.origins,
        layout=got.layout,
        notes=got.notes + notes,
    )
    return frame, dataset, content


def read_rows(
    where: str,
    data: Data,
    features: Mapping[str, FeatureSpec],
    folder: Path,
    kinds: Mapping[str, ColumnKind] | None = None,
) -> Rows:
    """Rows to predict, read as training rows are. Columns that the spec names may be absent.

    Args:
        where: the file, as the spec would write it.
        data: what the user stated about the text; the rest is found anew, for the file comes from elsewhere.
        features: declared roles.
        folder: where relative paths start.
        kinds: kinds of the columns in training. They overrule what a few rows seem to be, so that a category
            ``2.50`` stays that text even where every cell of this file happens to be a number.

    Raises:
        DataError: as `collect`, and where cells do not fit their kind.
    """
    return _settled(_read(replace(data, source=where, query=None), folder), features, kinds or {})


def read_blocks(
    data: Data, features: Mapping[str, FeatureSpec], folder: Path, kinds: Mapping[str, ColumnKind], size: int
) -> Iterator[Rows]:
    """Rows to predict, at most `size` at once, as `read_rows` reads them; a query is put as it stands.

    A source that can read in blocks never holds all rows; of others the rows as they were read are in memory.

    Raises:
        DataError: as `read_rows`.
    """
    for got in read_source_blocks(data.source, folder, _layout(data), size):
        for start in range(0, got.frame.height, size):
            part = Read(got.frame.slice(start, size), got.layout, got.origins, got.notes)
            yield _settled(part, features, kinds)


def _settled(got: Read, features: Mapping[str, FeatureSpec], kinds: Mapping[str, ColumnKind]) -> Rows:
    roles = {name: feature for name, feature in features.items() if name in got.frame.columns}
    for name, kind in kinds.items():
        roles[name] = FeatureSpec(role="number" if kind == "integer" else kind)
    return Rows(got.frame, settle(got.frame, got.layout, roles)[0])


def named_columns(data: Data, features: Mapping[str, FeatureSpec], target: str | None = None) -> dict[str, list[str]]:
    """Each key of the spec that names columns, and the columns it names."""
    return {
        "[problem] target": [target] if target is not None else [],
        "[data] time": [data.time] if data.time is not None else [],
        "[data] group": [data.group] if data.group is not None else [],
        "[data] ignore": list(data.ignore),
        "[data] sensitive": list(data.sensitive),
        "[features]": list(features),
    }


def require_columns(named: Mapping[str, Iterable[str]], columns: Iterable[str]) -> None:
    """Check that every named column is there.

    Raises:
        SpecError: one is not; near names are offered.
    """
    there = list(columns)
    for key, names in named.items():
        for name in names:
            if name not in there:
                raise SpecError(f"the data have no column {name!r}", where=key, next_move=near(name, there))


def describe(column: pl.Series, role: Role | None = None) -> Column:
    """The record of one column of a canonical frame; `role` is what the spec declares it to be."""
    kind = KINDS[column.dtype]
    if role == "text" or (role is None and looks_like_text(column)):
        kind = "text"
    low = high = None
    categories: tuple[str, ...] = ()
    if kind == "time":
        stamps = column.dt.timestamp("us")
        low, high = _seconds(stamps.min()), _seconds(stamps.max())
    elif kind in ("number", "integer"):
        low, high = _float(column.min()), _float(column.max())
    else:
        text = column.drop_nulls().cast(pl.String).alias("value")
        counts = text.value_counts().sort(by=["count", "value"], descending=[True, False])
        categories = tuple(str(value) for value in counts["value"].head(MAX_CATEGORIES))
    return Column(
        name=column.name,
        kind=kind,
        missing=column.null_count(),
        distinct=column.drop_nulls().n_unique(),
        low=low,
        high=high,
        categories=categories,
    )


def _role(features: Mapping[str, FeatureSpec], name: str) -> Role | None:
    return features[name].role if name in features else None


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _seconds(value: object) -> float | None:
    return value / 1e6 if isinstance(value, int) else None


def _read(data: Data, folder: Path) -> Read:
    return read_source(data.source, folder, _layout(data))


def _layout(data: Data) -> Layout:
    return Layout(
        delimiter=data.delimiter,
        quoting=data.quoting,
        encoding=data.encoding,
        decimal=data.decimal,
        header=data.header,
        missing=data.missing,
        query=data.query,
    )
