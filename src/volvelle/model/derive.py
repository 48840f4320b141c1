"""Derive the signature of a model from the spec, the data set and its training rows.

Nothing here looks at the test side: ranges, categories and classes are those of the training rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.data.collect import named_columns, require_columns
from volvelle.data.records import Column, ColumnKind, Dataset
from volvelle.data.table import looks_like_classes
from volvelle.errors import DataError, SpecError, near
from volvelle.model.signature import Feature, ModelTask, Signature
from volvelle.model.words import longest
from volvelle.spec.requirements import Data, FeatureSpec, Spec, Task

MAX_CATEGORIES = 1000
MAX_CLASSES = 1000
_FEW_NAMES = 10


def derive(spec: Spec, dataset: Dataset, train: pl.DataFrame) -> tuple[Signature, tuple[str, ...]]:
    """The signature and notes on what was left out and why.

    Args:
        spec: the requirements.
        dataset: the data that `train` is a part of.
        train: training rows of a canonical frame; rows with a missing target do not count.

    Raises:
        SpecError: a column that the spec names is absent, the task does not suit the target, no such positive class.
        DataError: no feature is left, fewer than two classes, or a class with fewer than two rows.
    """
    target = spec.problem.target
    _require_keys(spec, dataset)
    train, _ = known_target(train, target)
    task, classes, positive, notes = _task(spec, dataset, train)
    features: list[Feature] = []
    for column in dataset.columns:
        if column.name == target:
            continue
        declared = spec.features.get(column.name, FeatureSpec())
        reason = _left_out(spec, declared, column, train[column.name])
        if reason:
            notes += (f"column {column.name!r} is not a feature: {reason}",) if reason != "asked" else ()
            continue
        feature, note = _feature(column.name, column.kind, train[column.name], declared)
        features.append(feature)
        notes += (note,) if note else ()
    if not features:
        reasons = [note for note in notes if "is not a feature" in note]
        advice = "take columns off [data] ignore, or declare a role under [features]"
        raise DataError("; ".join(["no column is left as a feature", *reasons[:3]]), next_move=advice)
    signature = Signature(features=tuple(features), target=target, task=task, classes=classes, positive=positive)
    return signature, notes


def columns_as_features(
    frame: pl.DataFrame, kinds: Mapping[str, ColumnKind], declared: Mapping[str, FeatureSpec]
) -> tuple[Feature, ...]:
    """Every column of a table as a feature, whether or not a model could use it.

    Categories of too many values, and those that are perhaps names of the rows, count as text.

    Args:
        frame: canonical rows.
        kinds: of the columns.
        declared: what a spec says of some of them.
    """
    found = []
    for name, kind in kinds.items():
        asked = declared.get(name, FeatureSpec())
        distinct, there = frame[name].drop_nulls().n_unique(), frame[name].len() - frame[name].null_count()
        many = kind == "category" and not asked.categories and _many_names(distinct, there)
        found.append(_feature(name, "text" if many else kind, frame[name], asked)[0])
    return tuple(found)


def _many_names(distinct: int, rows: int) -> bool:
    return distinct > MAX_CATEGORIES or (distinct > _FEW_NAMES and distinct > rows / 2)


def known_target(frame: pl.DataFrame, target: str) -> tuple[pl.DataFrame, int]:
    """The rows whose target is known, and how many were dropped.

    >>> known_target(pl.DataFrame({"y": [1, None]}), "y")[1]
    1

    Raises:
        DataError: no row has a target.
    """
    known = frame.filter(pl.col(target).is_not_null())
    if not known.height:
        raise DataError("no row has a target", where=f"column {target!r}", next_move="check [problem] target")
    return known, frame.height - known.height


def target_codes(frame: pl.DataFrame, signature: Signature) -> NDArray[Any]:
    """Class positions int64 ``[n]``, or values float64 ``[n]`` for regression.

    Raises:
        DataError: a target is missing, or is none of the classes.
    """
    if signature.target not in frame.columns:
        raise DataError(
            f"there is no target column {signature.target!r}", next_move=near(signature.target, frame.columns)
        )
    column = frame[signature.target]
    if column.null_count():
        raise DataError(
            f"{column.null_count()} rows have no target",
            where=f"column {signature.target!r}",
            next_move="drop rows without a target first",
        )
    if signature.task == "regression":
        return np.asarray(column.cast(pl.Float64).to_numpy(), dtype=np.float64)
    text = class_text(column)
    codes = text.replace_strict(
        list(signature.classes), list(range(len(signature.classes))), default=-1, return_dtype=pl.Int64
    )
    strange = text.filter(codes < 0)
    if len(strange):
        raise DataError(
            f"{len(strange)} rows have the class {strange[0]!r}, which has no training row",
            where=f"column {signature.target!r}",
            next_move="collect more rows of that class, merge it with another, or remove it",
        )
    return np.asarray(codes.to_numpy(), dtype=np.int64)


def class_text(column: pl.Series) -> pl.Series:
    """Class names of a column: whole numbers without a point, booleans as true and false.

    >>> class_text(pl.Series([1.0, 2.5])).to_list(), class_text(pl.Series([True])).to_list()
    (['1', '2.5'], ['true'])
    """
    if not column.dtype.is_float():
        return column.cast(pl.String)
    value = pl.col("x")
    whole = (value == value.floor()) & (value.abs() < 2**53)
    text = pl.when(whole).then(value.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(value.cast(pl.String))
    return column.to_frame("x").select(text.alias("x")).to_series().alias(column.name)


def _task(
    spec: Spec, dataset: Dataset, train: pl.DataFrame
) -> tuple[ModelTask, tuple[str, ...], int | None, tuple[str, ...]]:
    problem = spec.problem
    column = next(c for c in dataset.columns if c.name == problem.target)
    if problem.task in ("forecast", "anomaly"):
        raise SpecError(
            f"the task {problem.task!r} is not available yet",
            where="[problem] task",
            next_move="use 'classification' or 'regression'",
        )
    task = problem.task
    notes: tuple[str, ...] = ()
    if task is None:
        task = task_of(spec, dataset)
        notes = (f"the task is {task}: the target {column.name!r} ({column.kind}) has {column.distinct} values",)
    if task == "regression":
        if column.kind not in ("number", "integer"):
            raise SpecError(
                f"regression needs a number, but {column.name!r} is a {column.kind}",
                where="[problem] task",
                next_move='set task = "classification", or correct the cells that are no numbers',
            )
        return "regression", (), None, notes
    if column.kind == "time":
        raise SpecError("a time cannot be a class", where="[problem] target", next_move="choose another target")
    classes, counts = _classes(column, train[problem.target])
    positive = None
    if len(classes) == 2:
        positive, more = _positive(problem.positive, classes, counts)
        return "binary", classes, positive, notes + more
    if problem.positive is not None:
        notes += (f"positive = {problem.positive!r} has no meaning with {len(classes)} classes",)
    return "multiclass", classes, positive, notes


def task_of(spec: Spec, dataset: Dataset) -> Task:
    """The task that the spec names, or that the target's kind suggests.

    Raises:
        SpecError: there is no such target column.
    """
    _require_keys(spec, dataset)
    column = next(c for c in dataset.columns if c.name == spec.problem.target)
    return spec.problem.task or ("classification" if looks_like_classes(column.kind, column.distinct) else "regression")


def _require_keys(spec: Spec, dataset: Dataset) -> None:
    """Check the columns that decide what is learnt; collecting has checked the others."""
    named = named_columns(Data(source="", time=spec.data.time, group=spec.data.group), {}, spec.problem.target)
    require_columns(named, (column.name for column in dataset.columns))


def _classes(column: Column, cells: pl.Series) -> tuple[tuple[str, ...], dict[str, int]]:
    counted = class_text(cells).alias("value").value_counts()
    counts = {str(value): int(count) for value, count in counted.rows()}
    where = f"column {column.name!r}"
    if len(counts) < 2:
        raise DataError(
            f"the target has one class only: {next(iter(counts))!r}",
            where=where,
            next_move="collect rows of another class, or check [problem] target",
        )
    if len(counts) > MAX_CLASSES or (len(counts) > _FEW_NAMES and len(counts) > cells.len() / 2):
        raise DataError(
            f"the target has {len(counts)} classes in {cells.len()} training rows",
            where=where,
            next_move="check [problem] target: it looks like a name or a measurement, not a class",
        )
    rare = sorted(name for name, count in counts.items() if count < 2)
    absent = sorted(set(column.categories) - set(counts)) if column.kind == "category" else []
    if rare or absent:
        shown = ", ".join(repr(name) for name in [*rare, *absent][:5])
        raise DataError(
            f"{len(rare) + len(absent)} classes have fewer than two training rows: {shown}",
            where=where,
            next_move="collect more rows of them, merge them with another class, or remove those rows",
        )
    if column.kind in ("number", "integer"):
        return tuple(sorted(counts, key=float)), counts
    return tuple(sorted(counts)), counts


def _positive(asked: str | None, classes: tuple[str, ...], counts: dict[str, int]) -> tuple[int, tuple[str, ...]]:
    if asked is None:
        position = 0 if counts[classes[0]] < counts[classes[1]] else 1
        return position, (f"the positive class is {classes[position]!r}, the rarer one; set [problem] positive",)
    matches = [i for i, name in enumerate(classes) if name == asked]
    matches = matches or [i for i, name in enumerate(classes) if name in ("true", "false") and name == asked.lower()]
    if not matches:
        raise SpecError(
            f"the target has no class {asked!r}", where="[problem] positive", next_move=near(asked, classes)
        )
    return matches[0], ()


def _left_out(spec: Spec, declared: FeatureSpec, column: Column, cells: pl.Series) -> str:
    """Why a column is no feature; "asked" where the spec says so, empty where it is one."""
    if column.name in spec.data.ignore or declared.role == "ignore":
        return "asked"
    if column.name == spec.data.group:
        return "it is the group"
    if column.name == spec.split.column:
        return "it says what is held back"
    if column.name == spec.data.time:
        return "it orders the rows"
    if cells.n_unique() <= 1:
        return "it has one value in all training rows"
    distinct = cells.drop_nulls().n_unique()
    if column.kind == "category" and declared.role is None and not declared.categories:
        if distinct > MAX_CATEGORIES:
            return f"it is text with {distinct} different values"
        if distinct > _FEW_NAMES and distinct > cells.len() / 2:
            return f"it is text with {distinct} different values in {cells.len()} rows, perhaps a name of the row"
    return ""


def _feature(name: str, kind: ColumnKind, cells: pl.Series, declared: FeatureSpec) -> tuple[Feature, str]:
    low, high, categories, note = declared.low, declared.high, declared.categories, ""
    bounded = kind in ("number", "integer") and (low, high) != (None, None)
    if kind in ("number", "integer", "time"):
        numbers = cells.dt.timestamp("us") / 1e6 if kind == "time" else cells
        outside = int((~numbers.is_between(*_ends(low, high))).sum()) if bounded else 0
        if outside:
            note = f"column {name!r} has {outside} cells outside its declared range: they count as missing"
        low = _number(numbers.min()) if low is None else low
        high = _number(numbers.max()) if high is None else high
        categories = ()
    elif kind == "boolean":
        categories = ("false", "true")
    elif kind == "text":
        categories = ()
    else:
        found = {str(value) for value in cells.drop_nulls().unique()}
        strange = sorted(found - set(categories)) if categories else []
        categories = categories or tuple(sorted(found))
        if strange:
            note = f"column {name!r} holds {len(strange)} undeclared categories, e.g. {strange[0]!r}: they are unseen"
    feature = Feature(
        name=name,
        kind=kind,
        unit=declared.unit,
        low=low,
        high=high,
        bounded=bounded,
        categories=categories,
        length=longest(cells) if kind == "text" else 1,
        missing=declared.missing,
        unseen=declared.unseen,
    )
    return feature, note


def _ends(low: float | None, high: float | None) -> tuple[float, float]:
    return -np.inf if low is None else low, np.inf if high is None else high


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
