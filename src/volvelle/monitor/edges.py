"""Where the counters begin: quantiles of healthy rows, and the most frequent categories."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.model.encode import encode
from volvelle.model.signature import MISSING_TIME, Feature, Signature
from volvelle.monitor.records import BINS, OWN, Binned, Edges

Column = NDArray[Any]
_NUMBERS = ("number", "integer")


def edges(frame: pl.DataFrame, answers: pl.DataFrame, signature: Signature, *, model: str = "") -> Edges:
    """The edges for the rows of one model.

    Args:
        frame: healthy rows by feature name, best held out from training.
        answers: ``score_0``, ``score_1``, ... by the signature's classes; ``prediction`` for regression.
        signature: of the model.
        model: SHA-256 of its ONNX file.

    Raises:
        DataError: cells are not of their feature's kind.
    """
    features = tuple(map(_lenient, signature.features))
    columns = values(frame, features)
    return Edges(
        model=model,
        task=signature.task,
        classes=signature.classes,
        positive=signature.positive,
        features=tuple(_binned(feature, columns[feature.name]) for feature in features),
        scores=tuple(map(cuts, score_columns(answers, len(signature.classes)))),
    )


def values(frame: pl.DataFrame, features: tuple[Feature, ...]) -> dict[str, Column]:
    """What is counted of each feature, ``[n]``: numbers and lengths of texts (float32, missing is NaN), codes, times.

    A column that is absent is missing in every row, and so is a cell that is no number where one belongs: both show
    in the sketch.

    Raises:
        DataError: cells are not of their feature's kind.
    """
    absent = [pl.lit(None, dtype=pl.Null).alias(f.name) for f in features if f.name not in frame.columns]
    texts = [f.name for f in features if f.kind in _NUMBERS and frame.schema.get(f.name) == pl.String]
    if absent or texts:
        frame = frame.with_columns(*absent, pl.col(texts).cast(pl.Float64, strict=False))
    signature = Signature(features=tuple(f for f in features if f.kind != "text"), target="", task="regression")
    matrices = encode(frame, signature)
    found = {f.name: _lengths(frame[f.name]) for f in features if f.kind == "text"}
    for tensor in ("numbers", "codes", "times"):
        for place, feature in enumerate(signature.of(tensor)):
            found[feature.name] = np.ascontiguousarray(matrices[tensor][:, place])
    return found


def cuts(numbers: Column) -> tuple[float, ...]:
    """At most 15 rising cuts that part `numbers` into about equal shares; one for each value where there are few.

    >>> cuts(np.arange(32, dtype=np.float32))[:3], cuts(np.float32([3, 1, 1, 2]))
    ((2.0, 4.0, 6.0), (2.0, 3.0))
    """
    known = np.sort(numbers[~np.isnan(numbers)].astype(np.float32))
    if not len(known):
        return ()
    distinct = known[np.append(True, known[1:] > known[:-1])]
    if len(distinct) > BINS:
        distinct = np.unique(np.append(known[0], known[len(known) * np.arange(1, BINS) // BINS]))
    return tuple(map(float, distinct[1:]))


def score_columns(answers: pl.DataFrame, classes: int) -> list[Column]:
    """Scores of each class, or the predictions of regression, float32 ``[n]`` each."""
    names = [f"score_{k}" for k in range(classes)] or ["prediction"]
    return [answers[name].cast(pl.Float32).to_numpy() for name in names]


def _binned(feature: Feature, column: Column) -> Binned:
    if feature.kind == "time":
        return Binned(feature=feature)
    if feature.kind in ("category", "boolean"):
        counts = np.bincount(column[column >= 0], minlength=len(feature.categories))
        order = np.argsort(-counts, kind="stable")[:OWN]
        return Binned(feature=feature, own=tuple(map(int, order)))
    return Binned(feature=feature, cuts=cuts(column))


def _lenient(feature: Feature) -> Feature:
    """The feature as it is watched: what its policy refuses is counted, not an error; its range does not blank."""
    return msgspec.structs.replace(feature, missing="allow", unseen="allow", bounded=False)


def _lengths(cells: pl.Series) -> Column:
    return cells.cast(pl.String).str.len_chars().cast(pl.Float32).fill_null(np.nan).to_numpy()


def missing(feature: Feature, column: Column) -> NDArray[np.bool_]:
    """Which of a feature's `values` are missing, ``[n]``."""
    if feature.kind == "time":
        return np.asarray(column == MISSING_TIME)
    return np.asarray(column == -1 if feature.kind in ("category", "boolean") else np.isnan(column))
