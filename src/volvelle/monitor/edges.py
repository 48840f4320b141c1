"""Where the counters begin: quantiles of healthy rows, and the most frequent categories.

Of whole numbers that a device reads as int8 they begin in steps of a power of two, so that a shift finds them.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.errors import InputError
from volvelle.model.encode import encode
from volvelle.model.signature import MISSING_TIME, TENSORS, Feature, Signature
from volvelle.monitor.records import BINS, OWN, Binned, Edges

Column = NDArray[Any]
_NUMBERS = ("number", "integer")
_INT8 = -128, 127


def edges(
    frame: pl.DataFrame, answers: pl.DataFrame, signature: Signature, *, model: str = "", whole: bool = False
) -> Edges:
    """The edges for the rows of one model.

    Args:
        frame: healthy rows by feature name, best held out from training.
        answers: ``score_0``, ``score_1``, ... by the signature's classes; ``prediction`` for regression.
        signature: of the model.
        model: SHA-256 of its ONNX file.
        whole: whether a device reads all numbers as int8; then their counters begin at `steps`.

    Raises:
        DataError: cells are not of their feature's kind.
        InputError: a number does not fit int8 where it should.
    """
    features = tuple(map(_lenient, signature.features))
    columns = values(frame, features)
    if whole:
        require_int8(frame, signature)
    return Edges(
        model=model,
        task=signature.task,
        classes=signature.classes,
        positive=signature.positive,
        features=tuple(_binned(feature, columns[feature.name], whole=whole) for feature in features),
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


def steps(low: int, high: int) -> tuple[float, ...]:
    """At most 15 cuts from `low` to `high`, in steps of the least power of two with which they are so few.

    >>> steps(0, 3), steps(-100, 99)[:3], len(steps(-128, 127))
    ((1.0, 2.0, 3.0), (-84.0, -68.0, -52.0), 15)
    """
    wide = 1 << shift(low, high)
    return tuple(float(cut) for cut in range(low + wide, high + 1, wide))


def shift(low: int, high: int) -> int:
    """By how many bits a distance from `low` is shifted to become a counter below 16.

    >>> shift(0, 15), shift(0, 16), shift(-128, 127)
    (0, 1, 4)
    """
    return max(0, (high - low).bit_length() - 4)


def score_columns(answers: pl.DataFrame, classes: int) -> list[Column]:
    """Scores of each class, or the predictions of regression, float32 ``[n]`` each."""
    names = [f"score_{k}" for k in range(classes)] or ["prediction"]
    return [answers[name].cast(pl.Float32).to_numpy() for name in names]


def _binned(feature: Feature, column: Column, *, whole: bool) -> Binned:
    if feature.kind == "time":
        return Binned(feature=feature)
    if feature.kind in ("category", "boolean"):
        counts = np.bincount(column[column >= 0], minlength=len(feature.categories))
        order = np.argsort(-counts, kind="stable")[:OWN]
        return Binned(feature=feature, own=tuple(map(int, order)))
    if whole and TENSORS[feature.kind] == "numbers":
        return Binned(feature=feature, cuts=steps(int(feature.low or 0), int(feature.high or 0)))
    return Binned(feature=feature, cuts=cuts(column))


def require_int8(frame: pl.DataFrame, signature: Signature) -> None:
    """See that all numbers are whole, from -128 to 127 in the signature and in these rows, and none is missing.

    Raises:
        InputError: one is not: int8 has nothing that stands for a missing cell, and 200 would be counted as -56.
    """
    features = tuple(map(_lenient, signature.features))
    columns = values(frame, features)
    for feature in features:
        if feature.kind in _NUMBERS:
            _require_int8(feature, columns[feature.name])


def _require_int8(feature: Feature, column: Column) -> None:
    low, high, gone = feature.low, feature.high, int(np.isnan(column).sum())
    ends = feature.kind == "integer" and low is not None and high is not None and (low, high) == (int(low), int(high))
    far = int(((column < _INT8[0]) | (column > _INT8[1])).sum())
    if ends and not gone and not far and _INT8[0] <= float(low or 0) <= float(high or 0) <= _INT8[1]:
        return
    counts = ((gone, "missing"), (far, "beyond 8 bits"))
    counted = "".join(f", {count:,} of {len(column):,} {what}" for count, what in counts if count)
    raise InputError(
        f"{feature.name!r} does not fit int8: {feature.kind} from {low} to {high}{counted}",
        where="monitor.on_device",
        next_move="write on_device = true, and the device counts it as float; int8 takes whole numbers of 8 bits",
    )


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
