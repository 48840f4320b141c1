"""LightGBM: gradient-boosted trees with native missing values and native category splits.

The last fit averages several boosters that differ in their seed: what they add up to before the link is one ensemble
of trees, whose leaves are divided by their number. The mean of a convex loss is never above the mean of the losses, so
this needs no trial of its own; a trial grows one booster. Each is grown by one thread, all at once where there are
several. Columns are sampled anew at every node.

A column is cut into at most 255 bins, or into 1,023: with these the loss was 8 % lower where near values mean something
else (electricity), 1 to 2 % on diamonds and wine, and nothing elsewhere, for up to three quarters more time. The
default rate is a fast one, so that large tables have time for others: at 0.06 the first trial took twice as long for
0.5 % less.

The leaves are rounded once after training, inside the boosters, so that their sum is exact in float32
(see `volvelle.train.trees`); a logit moves by less than ``trees * 2**-21``, or by more with fewer ``leaf_bits``.

References: Ke et al., LightGBM: a highly efficient gradient boosting decision tree, NeurIPS 2017; Breiman, Bagging
predictors, Machine Learning 24, 1996.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson, defaults
>>> x = np.array([[np.nan], [1.0], [2.0], [3.0]] * 20, dtype=np.float32)
>>> booster = fit(Lesson(x=x, y=np.array([1, 0, 0, 1] * 20), task="binary", classes=2), defaults(SPACE))
>>> predict(booster, x[:4]).argmax(axis=1).tolist()
[1, 0, 0, 1]
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.boosted import booster_trees, rounded
from volvelle.train.classes import certain, emit_certain, emit_spread, even, seen_classes, spread
from volvelle.train.contract import Choice, Float, Grown, Int, Lesson, Settings, Space, View, defaults
from volvelle.train.dense import standard, two_columns
from volvelle.train.rows import WHOLE, calm, growth, stopping
from volvelle.train.trees import emit_trees

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass", "regression")
VIEW: View = "raw"
COST = 3
SPACE: Space = {
    "learning_rate": Float(low=0.01, high=0.3, default=0.1, log=True),
    "leaves": Int(low=3, high=511, default=15, log=True),
    "min_leaf": Int(low=2, high=100, default=15, log=True),
    "l2": Float(low=1e-3, high=100.0, default=1.0, log=True),
    "features": Float(low=0.3, high=1.0, default=0.8),
    "rows": Float(low=0.5, high=1.0, default=0.9),
    "extra": Choice(options=(False, True), default=False),
    "bins": Choice(options=(255, 1023), default=255),
    "balanced": Choice(options=(False, True), default=False),
}
SETTLED = ("trees", "boosters")
"""Found by early stopping, and how many boosters are averaged; or given by hand."""
LAST = ("boosters",)
GROWS = ("trees",)
BOOSTERS = 3
"""Averaged in the last fit: measured on eight sets, six are hardly better than three."""
PORTFOLIO: tuple[Settings, ...] = (
    {"learning_rate": 0.05, "leaves": 31, "min_leaf": 5, "features": 0.5, "rows": 0.8, "bins": 1023},
    {"learning_rate": 0.06, "leaves": 6, "min_leaf": 30, "features": 0.6, "rows": 0.8, "l2": 10.0},
    {"learning_rate": 0.06, "leaves": 31, "min_leaf": 5, "features": 1.0, "extra": True},
    {"learning_rate": 0.03, "leaves": 20, "min_leaf": 25, "features": 0.7, "rows": 0.8, "l2": 3.0},
    {"learning_rate": 0.05, "leaves": 63, "min_leaf": 10, "features": 0.5, "rows": 0.8, "l2": 5.0, "bins": 1023},
)
SMALL: Space = SPACE | {
    "trees": Int(low=2, high=500, default=100, log=True),
    "leaves": Int(low=2, high=63, default=8, log=True),
    "learning_rate": Float(low=0.02, high=0.5, default=0.1, log=True),
    "depth": Int(low=2, high=20, default=20),
    "bins": Choice(options=(255,), default=255),
    "leaf_bits": Choice(options=(24, 12, 8), default=24),
}
TREES, MOST_TREES, ENDLESS = 120, 1500, 1000
"""Where nothing else is said; where early stopping ends its search; and where it ends that of the defaults."""
WIDER: Settings = {"learning_rate": 0.2, "leaves": 127, "features": 1.0, "bins": 1023}
"""Taken in place of the defaults where these would go on beyond `ENDLESS`, and where they are better."""
_APART = 1_000_003
"""Between the seeds of two boosters."""
PATIENCE, LARGE, FEWEST_ROWS = 60, 100, 100
"""Boosting stops after so many trees without gain on held-out rows, half as many of so many leaves; fewer rows give
`TREES`."""


@dataclass(frozen=True, slots=True)
class Boosted:
    """Boosters with rounded leaves, which add up to one; none when the lesson held one class."""

    library: tuple[Any, ...]
    seen: NDArray[np.int64]
    classes: int
    offset: float = 0.0


def fit(lesson: Lesson, settings: Settings) -> Boosted:
    """Boost. A regression fits what is left after the mean, which is added back in double precision."""
    offset, seen, y, objective = _asked(lesson)
    if len(seen) == 1:
        return Boosted((), seen, lesson.classes)
    with calm():
        trees, asked = int(settings.get("trees", TREES)), _parameters(lesson, settings) | objective
        # Made before the boosters share it.
        rows = _rows(lesson, y, _weights(y, seen, settings), asked).construct()
        seeds = [lesson.seed + _APART * k for k in range(int(settings.get("boosters", 1)))]
        with ThreadPoolExecutor(lesson.threads) as pool:
            grown = list(pool.map(lambda seed: lightgbm.train(asked | {"seed": seed}, rows, trees), seeds))
        return _rounded(grown, Boosted((), seen, lesson.classes, offset), None, settings.get("leaf_bits", 24))


def settle(lesson: Lesson, settings: Settings) -> Settings:
    """The number of trees, by early stopping on parts of the lesson that are held out; all of it is learnt later."""
    _, seen, y, objective = _asked(lesson)
    if "trees" in settings or len(seen) == 1:
        return {}
    found = _averaged(settings)
    if len(y) < FEWEST_ROWS:
        return found
    parts = stopping(lesson.x, y, lesson.seed, classes=len(seen))
    if not parts:
        return found
    with calm():
        weights = _weights(y, seen, settings)

        def stopped(tried: Settings) -> tuple[int, float]:
            asked = _parameters(lesson, tried) | objective
            return _stopped(asked, _rows(lesson, y, weights, asked), parts, tried)

        trees, loss = stopped(settings)
        if trees > ENDLESS - PATIENCE and settings == defaults(SPACE):
            wide, less = stopped(settings | WIDER)
            if less < loss:
                return found | WIDER | {"trees": round(wide * growth(WHOLE))}
    return found | {"trees": round(trees * growth(WHOLE))}


def grow_until(lesson: Lesson, held: Lesson, settings: Settings) -> Grown:
    """Boost until the rows held out say to stop; where they cannot, as `fit` does."""
    offset, seen, y, objective = _asked(lesson)
    known = np.isin(held.y, seen) if len(seen) else np.ones(len(held.y), dtype=bool)
    truth = np.searchsorted(seen, held.y[known]) if len(seen) else held.y - offset
    # A loss on one class alone falls for ever.
    if len(seen) == 1 or len(y) < FEWEST_ROWS or len(np.unique(truth)) < min(2, len(seen) or 1):
        return Grown(fit(lesson, settings), (), _averaged(settings))
    with calm():
        asked, told = _parameters(lesson, settings) | objective, dict[str, Any]()
        rows = _rows(lesson, y, _weights(y, seen, settings), asked)
        beside = rows.create_valid(held.x[known], truth, weight=_weights(truth, seen, settings))
        stop: list[Any] = [
            lightgbm.early_stopping(_patience(settings), verbose=False),
            lightgbm.record_evaluation(told),
        ]
        # Else it comes back without the trees behind its own best.
        kept: dict[str, Any] = {"keep_training_booster": True}
        booster = lightgbm.train(
            asked, rows, _most(settings), valid_sets=[beside], valid_names=["held"], callbacks=stop, **kept
        )
    (losses,) = told["held"].values()
    boosted = Boosted((booster,), seen, lesson.classes, offset)
    return Grown((settings.get("leaf_bits", 24), boosted), tuple(losses), _averaged(settings))


def cut(grown: Grown, steps: int | None) -> Boosted:
    """The first trees of a booster that was grown, with rounded leaves."""
    bits, boosted = grown.learnt
    with calm():
        return _rounded(boosted.library, boosted, steps, bits)


def _rounded(boosters: Sequence[Any], as_: Boosted, steps: int | None, bits: int) -> Boosted:
    """The mean of the first trees of boosters; of all where no number is given."""
    texts = [booster.model_to_string(num_iteration=steps or -1) for booster in boosters]
    outputs, finest = boosters[0].num_model_per_iteration(), 2.0**-20 if len(as_.seen) else 0.0
    return replace(as_, library=rounded(texts, outputs, finest, bits))


def instead(grown: Grown, settings: Settings) -> Settings | None:
    """Larger trees, where the defaults have not stopped."""
    return WIDER if settings == defaults(SPACE) and len(grown.losses) == _most(settings) else None


def _patience(settings: Settings) -> int:
    return PATIENCE // 2 if settings["leaves"] >= LARGE else PATIENCE


def _most(settings: Settings) -> int:
    return ENDLESS if settings == defaults(SPACE) else MOST_TREES


def _averaged(settings: Settings) -> Settings:
    return {} if "boosters" in settings else {"boosters": BOOSTERS}


def _stopped(parameters: dict[str, Any], rows: Any, parts: list[Any], tried: Settings) -> tuple[int, float]:
    """After how many trees the mean loss of the held-out parts, which grow in step, is least, and that loss."""
    stop = lightgbm.early_stopping(_patience(tried), verbose=False)
    told: dict[str, Any] = lightgbm.cv(parameters, rows, _most(tried), folds=parts, callbacks=[stop])
    (losses,) = (values for name, values in told.items() if name.endswith("-mean"))
    return len(losses), float(losses[-1])


def small(leaves: int) -> tuple[Settings, ...]:
    """Boosters with so many leaves in all: few large trees to many small ones, each at the rate for its number.

    Two are balanced, which bounds the questions of the slowest row, and leaves have 8 bits, or 12.
    """
    shapes = [(8, 20, 8), (16, 20, 8), (4, 20, 8), (31, 20, 8), (8, 3, 8), (16, 5, 12)]
    sizes = [(size, min(leaves // size, 500), depth, bits) for size, depth, bits in shapes if leaves >= 2 * size]
    return tuple(
        {
            "trees": trees,
            "leaves": size,
            "learning_rate": round(min(0.5, max(0.03, 8 / trees)), 3),
            "min_leaf": 10,
            "depth": depth,
            "leaf_bits": bits,
        }
        for size, trees, depth, bits in sizes
    )


def _asked(lesson: Lesson) -> tuple[float, NDArray[np.int64], NDArray[Any], dict[str, Any]]:
    """Offset, seen classes, what is learnt, and the objective."""
    if lesson.task == "regression":
        offset = standard(lesson.y)[0]
        asked = {"objective": "regression", "boost_from_average": False}
        return offset, np.empty(0, dtype=np.int64), lesson.y - offset, asked
    seen, y = seen_classes(lesson)
    if len(seen) == 2:
        return 0.0, seen, y, {"objective": "binary"}
    return 0.0, seen, y, {"objective": "multiclass", "num_class": len(seen)}


def _weights(y: NDArray[Any], seen: NDArray[np.int64], settings: Settings) -> NDArray[np.float64] | None:
    if not (settings["balanced"] and len(seen)):
        return None
    return even(y)


def _rows(lesson: Lesson, y: NDArray[Any], weights: NDArray[np.float64] | None, parameters: dict[str, Any]) -> Any:
    """The lesson as LightGBM wants it."""
    return lightgbm.Dataset(
        lesson.x, y, weight=weights, categorical_feature=list(lesson.categorical), params=parameters
    )


def predict(fitted: Boosted, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """What LightGBM's boosters add up to, behind the link, rounded to float32."""
    if not fitted.library:
        return certain(len(x), fitted.seen, fitted.classes)
    with calm():
        total = np.sum([b.predict(x, raw_score=True, num_threads=1) for b in fitted.library], axis=0)
    if not fitted.classes:
        return np.asarray(total + fitted.offset, dtype=np.float32).reshape(-1, 1)
    return spread(
        two_columns(expit(total)) if len(fitted.seen) == 2 else softmax(total, axis=1), fitted.seen, fitted.classes
    )


def emit(graph: Graph, x: Value, fitted: Boosted) -> Value:
    """Exact sum of leaves; softmax for classes. Two classes are the softmax of the logits (0, sum)."""
    if not fitted.library:
        return emit_certain(graph, x, fitted.seen, fitted.classes)
    binary = len(fitted.seen) == 2
    trees = [t for b in fitted.library for t in booster_trees(b, first_target=1 if binary else 0)]
    sums = emit_trees(graph, x, trees, max(len(fitted.seen), 1))
    if fitted.classes:
        return emit_spread(graph, graph.node("Softmax", sums, axis=1), fitted.seen, fitted.classes)
    value = graph.node("Add", graph.cast(sums, "double"), graph.constant(np.array([fitted.offset])))
    return graph.cast(value, "float")


def _parameters(lesson: Lesson, settings: Settings) -> dict[str, Any]:
    # Small lessons: a leaf of the usual size would leave no split at all.
    min_leaf = max(1, min(settings["min_leaf"], len(lesson.y) // 8))
    return {
        "learning_rate": settings["learning_rate"],
        "num_leaves": settings["leaves"],
        "max_depth": settings.get("depth", -1),
        "max_bin": settings.get("bins", 255),
        "min_data_in_leaf": min_leaf,
        "min_data_per_group": min_leaf,
        "min_data_in_bin": min(3, min_leaf),
        "lambda_l2": settings["l2"],
        "feature_fraction_bynode": settings["features"],
        "bagging_fraction": settings["rows"],
        "bagging_freq": 1 if settings["rows"] < 1 and len(lesson.y) >= 50 else 0,
        "zero_as_missing": False,
        "extra_trees": settings["extra"],
        "seed": lesson.seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
