"""The training side as a model sees it: signature, encoded inputs, target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes
from volvelle.flow.context import Context
from volvelle.model.derive import derive, target_codes
from volvelle.model.encode import encode
from volvelle.model.signature import Signature
from volvelle.prepare.records import Split
from volvelle.prepare.split import Keys
from volvelle.spec.requirements import Spec

_FOLDS, _FEW_FOLDS, _MANY = 5, 3, 10_000


class Training(NamedTuple):
    """What candidates learn from."""

    frame: pl.DataFrame
    signature: Signature
    inputs: dict[str, NDArray[Any]]
    target: NDArray[Any]
    """Class positions int64 ``[n]`` or float64 ``[n]``."""
    notes: tuple[str, ...]
    pairs: tuple[str, ...] | str = "none"
    """Columns joined two by two, as the spec has it."""
    overrides: Mapping[str, tuple[str, ...]] = {}
    """Steps that the spec names for single columns."""


def training(spec: Spec, dataset: Dataset, split: Split, context: Context) -> Training:
    """Encode the training side by the signature derived from it.

    Raises:
        DataError: no feature is left, or the target does not fit the task.
    """
    frame = from_bytes(context.get(split.train))
    signature, notes = derive(spec, dataset, frame)
    codes = target_codes(frame, signature)
    return Training(frame, signature, encode(frame, signature), codes, notes, spec.prepare.pairs, overrides(spec))


def fold_count(spec: Spec, rows: int) -> int:
    """Folds of so many training rows. Of many rows few folds tell as much, and leave time for other candidates."""
    return spec.search.folds or (_FOLDS if rows < _MANY else _FEW_FOLDS)


def keys(spec: Spec, frame: pl.DataFrame) -> Keys:
    """The columns that decide how rows are divided: equal rows are equal in what a model could see."""
    column = spec.split.column
    apart = {spec.problem.target, spec.data.group, column, *spec.data.ignore}
    seen = tuple(c for c in frame.columns if c not in apart)
    return Keys(target=spec.problem.target, features=seen, time=spec.data.time, group=spec.data.group, column=column)


def overrides(spec: Spec) -> dict[str, tuple[str, ...]]:
    """Preparation steps that the spec names for single columns."""
    return {name: feature.steps for name, feature in spec.features.items() if feature.steps is not None}


def groups_of(frame: pl.DataFrame, column: str | None) -> NDArray[np.int64] | None:
    """A number for each row's group, or None."""
    if column is None:
        return None
    return frame[column].cast(pl.String).fill_null("").rank("dense").to_numpy().astype(np.int64)
