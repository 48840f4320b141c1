"""Small shipped models of every kind for tests of explaining."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.catalog import ESTIMATORS
from volvelle.evaluate.explain.shipped import Inputs, Shipped
from volvelle.model.encode import encode
from volvelle.model.signature import Feature, ModelTask, Signature
from volvelle.prepare import recipe as preparing
from volvelle.train.assemble import Part, assemble, finish, scored
from volvelle.train.contract import Lesson, defaults
from volvelle.train.learning import learn
from volvelle.train.records import Calibration

KINDS = ("a", "b", "c")


def table(rows: int, seed: int = 0) -> pl.DataFrame:
    """Two numbers, one of them sometimes missing, a category, and a number that nothing depends on."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    missing = rng.random(rows) < 0.1
    return pl.DataFrame(
        {
            "first": x[:, 0],
            "second": np.where(missing, np.nan, x[:, 1]),
            "kind": [KINDS[k] for k in rng.integers(0, 3, rows)],
            "idle": x[:, 2],
        }
    ).with_columns(pl.col("second").fill_nan(None))


def truth(frame: pl.DataFrame, task: ModelTask, seed: int = 1) -> NDArray[Any]:
    """A target that depends on all columns but `idle`."""
    rng = np.random.default_rng(seed)
    second = frame["second"].fill_null(0.0).to_numpy() * (frame["kind"] == "a").to_numpy()
    raw = 1.5 * frame["first"].to_numpy() + second
    raw = raw + rng.normal(0, 0.4, len(frame))
    if task == "regression":
        return np.asarray(raw)
    return np.asarray(raw > 0.2, dtype=np.int64) if task == "binary" else np.digitize(raw, (-0.5, 0.8))


def signature(task: ModelTask) -> Signature:
    """Of the table."""
    numbers = tuple(Feature(name=n, kind="number", low=-4.0, high=4.0) for n in ("first", "second", "idle"))
    kind = Feature(name="kind", kind="category", categories=KINDS)
    classes = {"binary": ("no", "yes"), "multiclass": ("low", "middle", "high"), "regression": ()}[task]
    return Signature(
        features=(*numbers[:2], kind, numbers[2]),
        target="y",
        task=task,
        classes=classes,
        positive=1 if task == "binary" else None,
    )


def shipped(estimator: str, task: ModelTask, frame: pl.DataFrame, y: NDArray[Any], **settings: Any) -> Shipped:
    """A trained model as one graph."""
    return shipped_as(signature(task), estimator, frame, y, **settings)


def shipped_as(known: Signature, estimator: str, frame: pl.DataFrame, y: NDArray[Any], **settings: Any) -> Shipped:
    """A trained model of any signature as one graph."""
    return Shipped(assemble(known, [_trained(known, estimator, frame, y, **settings)], {}), known)


def averaged(task: ModelTask, frame: pl.DataFrame, y: NDArray[Any], *estimators: str) -> Shipped:
    """The mean of several models as one graph, the first counting twice."""
    known = signature(task)
    weights = [2.0, *[1.0] * (len(estimators) - 1)]
    trained = [_trained(known, name, frame, y, **_FEW.get(name, {})) for name in estimators]
    parts = [part._replace(weight=w / sum(weights)) for part, w in zip(trained, weights, strict=True)]
    return Shipped(assemble(known, parts, {}), known)


def calibrated(
    method: str, params: dict[str, Any], task: ModelTask, frame: pl.DataFrame, y: NDArray[Any], *estimators: str
) -> Shipped:
    """The mean of models of equal weight with a calibration behind it."""
    known = signature(task)
    trained = [_trained(known, name, frame, y, **_FEW.get(name, {})) for name in estimators]
    content = scored(known, [part._replace(weight=1 / len(trained)) for part in trained], {})
    return Shipped(finish(content, known, Calibration(method=method, params=params)), known)


_FEW: dict[str, dict[str, Any]] = {n: {"trees": 12} for n in ("random_forest", "extra_trees", "lightgbm")}


def _trained(known: Signature, estimator: str, frame: pl.DataFrame, y: NDArray[Any], **settings: Any) -> Part:
    task = known.task
    inputs: Inputs = dict(encode(frame, known))
    module = ESTIMATORS.load(estimator)
    recipe = preparing.fit(inputs, known, module.VIEW, {})
    lesson = Lesson(
        x=preparing.features(recipe, known, inputs),
        y=y,
        task=task,
        classes=len(known.classes),
        categorical=preparing.categorical(recipe),
    )
    return Part(learn(estimator, lesson, defaults(module.SPACE) | settings), recipe)
