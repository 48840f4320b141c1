"""CatBoost: gradient-boosted oblivious trees, which ask one question at each level. Needs ``volvelle[catboost]``.

So regular a tree errs in other ways than LightGBM's: where rows are few, or what counts is smooth, it is often the
better one, and elsewhere a good partner for an average. Categories come as means of the target made out of fold,
since CatBoost's own statistics of them depend on the order of the rows and cannot be written into a graph exactly.
The number of trees is found by early stopping.

The leaves and the bias are rounded once after training, inside the model, so that their sum is exact in float32.

References: Prokhorenkova et al., CatBoost: unbiased boosting with categorical features, NeurIPS 2018; Dorogush, Ershov,
Gulin, CatBoost: gradient boosting with categorical features support, 2018.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson, defaults
>>> x = np.array([[np.nan], [1.0], [2.0], [3.0]] * 20, dtype=np.float32)
>>> fitted = fit(Lesson(x=x, y=np.array([1, 0, 0, 1] * 20), task="binary", classes=2), defaults(SPACE))
>>> predict(fitted, x[:4]).argmax(axis=1).tolist()
[1, 0, 0, 1]
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import catboost
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from volvelle.errors import InputError
from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.classes import certain, emit_certain, emit_spread, even, seen_classes, spread
from volvelle.train.contract import Choice, Float, Grown, Int, Lesson, Settings, Space, View
from volvelle.train.dense import standard, two_columns
from volvelle.train.oblivious import model_trees, one_leaf, round_model
from volvelle.train.rows import WHOLE, calm, growth, stopping
from volvelle.train.trees import emit_trees

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass", "regression")
VIEW: View = "means"
COST = 5
SPACE: Space = {
    "learning_rate": Float(low=0.02, high=0.3, default=0.15, log=True),
    "depth": Int(low=2, high=8, default=6),
    "l2": Float(low=0.1, high=30.0, default=3.0, log=True),
    "rows": Float(low=0.5, high=1.0, default=0.7),
    "noise": Float(low=0.0, high=5.0, default=1.0),
    "balanced": Choice(options=(False, True), default=False),
}
SMALL: Space = SPACE | {
    "trees": Int(low=2, high=300, default=60, log=True),
    "depth": Int(low=2, high=6, default=4),
    "learning_rate": Float(low=0.05, high=0.5, default=0.15, log=True),
    "leaf_bits": Choice(options=(24, 12, 8), default=24),
}
SETTLED = ("trees", "boosters")
"""Found by early stopping, and how many models are averaged; or given by hand."""
LAST = ("boosters",)
GROWS = ("trees",)
BOOSTERS = 3
"""Averaged in the last fit, as those of LightGBM are."""
_APART = 1_000_003
"""Between the seeds of two boosters."""
PORTFOLIO: tuple[Settings, ...] = (
    {"learning_rate": 0.08, "depth": 4, "l2": 1.0},
    {"learning_rate": 0.05, "depth": 6, "noise": 0.0},
    {"learning_rate": 0.08, "depth": 8},
)
TREES, MOST_TREES = 200, 2000
"""Where nothing else is said, and where early stopping ends its search."""
PATIENCE, FEWEST_ROWS, PARTS = 60, 100, 3
"""Boosting stops after so many trees without gain on held-out rows; fewer rows give `TREES`; of parts that are held out
in turn at most so many are."""
BORDERS, FEWEST_BORDERS, ROWS_A_BORDER = 128, 32, 16
"""Questions that a column can be asked, fewer of few rows, whose trees take their time for these."""
_NEWTON = {"Logloss": 3, "MultiClass": 1, "RMSE": 1}
"""Steps to the value of a leaf. More of them follow few rows too closely: with CatBoost's own 10 the log loss of
four sets was 1 to 9 % higher."""
_ONE_AT_A_TIME = Lock()
_FINEST = 2.0**-20
"""Logits that differ by it are still told apart after a float32 softmax."""


@dataclass(frozen=True, slots=True)
class Boosted:
    """A model with rounded leaves; `library` is None where no row differs from another, or none in its target."""

    library: Any
    seen: NDArray[np.int64]
    classes: int
    offset: float = 0.0
    shares: tuple[float, ...] = (0.0,)
    """Logits of the classes, or the number to add to the offset, where there is no model."""


def fit(lesson: Lesson, settings: Settings) -> Boosted:
    """Boost. A regression fits what is left after the mean, which is added back in double precision.

    Raises:
        InputError: CatBoost refuses the rows.
    """
    offset, seen, y, objective = _asked(lesson)
    if len(seen) == 1 or _alike(lesson.x) or _alike(y.reshape(-1, 1)):
        return Boosted(None, seen, lesson.classes, offset, _logits(y, len(seen)))
    asked = _parameters(lesson, settings) | objective | {"iterations": int(settings.get("trees", TREES))}
    seeds = [lesson.seed + _APART * k for k in range(int(settings.get("boosters", 1)))]
    with _told():
        rows = _rows(lesson, y, seen, settings)
        models = [catboost.CatBoost(asked | {"random_seed": seed}).fit(rows) for seed in seeds]
        if not all(model.tree_count_ for model in models):
            raise InputError("CatBoost grew no tree: the target is too large or too small for it")
        model = models[0] if len(models) == 1 else catboost.sum_models(models, weights=[1 / len(models)] * len(models))
    round_model(model, _FINEST if len(seen) else 0.0, settings.get("leaf_bits", 24))
    return Boosted(model, seen, lesson.classes, offset)


def settle(lesson: Lesson, settings: Settings) -> Settings:
    """The number of trees, by early stopping on a part of the lesson that is held out; all of it is learnt later."""
    _, seen, y, objective = _asked(lesson)
    if "trees" in settings or _alike(lesson.x) or _alike(y.reshape(-1, 1)):
        return {}
    found = _averaged(settings)
    if len(y) < FEWEST_ROWS:
        return found
    parts = stopping(lesson.x, y, lesson.seed, classes=len(seen))[:PARTS]
    if not parts:
        return found
    asked = _parameters(lesson, settings) | objective | {"iterations": MOST_TREES}
    with _told():
        rows = _rows(lesson, y, seen, settings)
        told = catboost.cv(rows, asked, folds=parts, early_stopping_rounds=PATIENCE, as_pandas=False, verbose=False)
    losses = next((told[name] for name in told if name.startswith("test") and name.endswith("-mean")), ())
    if not np.isfinite(losses).any():
        return found
    return found | {"trees": round((int(np.nanargmin(losses)) + 1) * growth(WHOLE))}


def grow_until(lesson: Lesson, held: Lesson, settings: Settings) -> Grown:
    """Boost until the rows held out say to stop; where they cannot, as `fit` does.

    Raises:
        InputError: CatBoost refuses the rows.
    """
    offset, seen, y, objective = _asked(lesson)
    known = np.isin(held.y, seen) if len(seen) else np.ones(len(held.y), dtype=bool)
    truth = np.searchsorted(seen, held.y[known]) if len(seen) else held.y - offset
    alike = _alike(lesson.x) or _alike(y.reshape(-1, 1)) or not known.any() or _alike(truth.reshape(-1, 1))
    if len(y) < FEWEST_ROWS or alike:
        return Grown(fit(lesson, settings), (), _averaged(settings))
    asked = _parameters(lesson, settings) | objective | {"iterations": MOST_TREES}
    with _told():
        rows = _rows(lesson, y, seen, settings)
        beside = _rows(dataclasses.replace(held, x=held.x[known]), truth, seen, settings)
        model = catboost.CatBoost(asked).fit(
            rows, eval_set=beside, early_stopping_rounds=PATIENCE, use_best_model=False, verbose=False
        )
        if not model.tree_count_:
            raise InputError("CatBoost grew no tree: the target is too large or too small for it")
        losses = next(iter(model.get_evals_result()["validation"].values()))
    boosted = Boosted(model, seen, lesson.classes, offset)
    return Grown((settings.get("leaf_bits", 24), boosted), tuple(losses), _averaged(settings))


def cut(grown: Grown, steps: int | None) -> Boosted:
    """The first trees of a model that was grown, with rounded leaves."""
    bits: int = grown.learnt[0]
    boosted: Boosted = grown.learnt[1]
    with _told():
        model = boosted.library.copy()
        model.shrink(ntree_end=min(steps or model.tree_count_, model.tree_count_))
    round_model(model, _FINEST if len(boosted.seen) else 0.0, bits)
    return dataclasses.replace(boosted, library=model)


def _averaged(settings: Settings) -> Settings:
    return {} if "boosters" in settings else {"boosters": BOOSTERS}


def leaves(settings: Settings) -> int:
    """The most that one tree has."""
    return int(2 ** settings["depth"])


def small(leaves: int) -> tuple[Settings, ...]:
    """Boosters with so many leaves in all: trees of three depths, each number at its rate, leaves of 8 or 12 bits."""
    sizes = [(depth, min(leaves // 2**depth, 300), bits) for depth, bits in ((4, 8), (3, 8), (6, 8), (2, 12))]
    return tuple(
        {
            "trees": trees,
            "depth": depth,
            "learning_rate": round(min(0.5, max(0.05, 8 / trees)), 3),
            "leaf_bits": bits,
        }
        for depth, trees, bits in sizes
        if trees >= 2
    )


def predict(fitted: Boosted, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """What CatBoost's trees add up to, behind the link, rounded to float32."""
    if len(fitted.seen) == 1:
        return certain(len(x), fitted.seen, fitted.classes)
    if fitted.library is None:
        total = np.tile(np.squeeze(fitted.shares), (len(x), *[1] * (len(fitted.shares) > 1)))
    else:
        total = fitted.library.predict(np.ascontiguousarray(x), prediction_type="RawFormulaVal", thread_count=1)
    if not fitted.classes:
        return np.asarray(total + fitted.offset, dtype=np.float32).reshape(-1, 1)
    return spread(
        two_columns(expit(total)) if len(fitted.seen) == 2 else softmax(total, axis=1), fitted.seen, fitted.classes
    )


def emit(graph: Graph, x: Value, fitted: Boosted) -> Value:
    """Exact sum of leaves; softmax for classes. Two classes are the softmax of the logits (0, sum)."""
    if len(fitted.seen) == 1:
        return emit_certain(graph, x, fitted.seen, fitted.classes)
    first = 1 if len(fitted.seen) == 2 else 0
    trees = [one_leaf(fitted.shares, first)] if fitted.library is None else model_trees(fitted.library, first)
    sums = emit_trees(graph, x, trees, max(len(fitted.seen), 1))
    if fitted.classes:
        return emit_spread(graph, graph.node("Softmax", sums, axis=1), fitted.seen, fitted.classes)
    value = graph.node("Add", graph.cast(sums, "double"), graph.constant(np.array([fitted.offset])))
    return graph.cast(value, "float")


def _asked(lesson: Lesson) -> tuple[float, NDArray[np.int64], NDArray[Any], dict[str, Any]]:
    """Offset, seen classes, what is learnt, and the loss."""
    if lesson.task == "regression":
        offset = standard(lesson.y)[0]
        return offset, np.empty(0, dtype=np.int64), lesson.y - offset, _loss("RMSE")
    seen, y = seen_classes(lesson)
    if len(seen) == 2:
        return 0.0, seen, y, _loss("Logloss") | {"boost_from_average": True}
    return 0.0, seen, y, _loss("MultiClass") | {"classes_count": len(seen)}


def _loss(name: str) -> dict[str, Any]:
    return {"loss_function": name, "leaf_estimation_method": "Newton", "leaf_estimation_iterations": _NEWTON[name]}


def _alike(table: NDArray[Any]) -> bool:
    """Whether no column has two values; CatBoost refuses such rows. NaN is a value."""
    return bool(((table == table[:1]) | (np.isnan(table) & np.isnan(table[:1]))).all())


def _logits(y: NDArray[Any], classes: int) -> tuple[float, ...]:
    """What is answered where nothing can be asked: logarithms of the shares, of two classes their difference."""
    if classes < 2:
        return (0.0,)
    found = np.log(np.bincount(y, minlength=classes) / len(y)).astype(np.float32).astype(np.float64)
    return (float(np.float32(found[1] - found[0])),) if classes == 2 else tuple(found.tolist())


def _rows(lesson: Lesson, y: NDArray[Any], seen: NDArray[np.int64], settings: Settings) -> Any:
    return catboost.Pool(lesson.x, y, weight=even(y) if settings["balanced"] and len(seen) else None)


@contextmanager
def _told() -> Iterator[None]:
    """CatBoost's refusals as ours; one fit at a time, for its log is one for all threads."""
    try:
        with _ONE_AT_A_TIME, calm():
            yield
    except catboost.CatBoostError as error:
        raise InputError(f"CatBoost: {str(error).rpartition(': ')[2]}") from error


def _parameters(lesson: Lesson, settings: Settings) -> dict[str, Any]:
    return {
        "learning_rate": settings["learning_rate"],
        "depth": settings["depth"],
        "l2_leaf_reg": settings["l2"],
        "bootstrap_type": "Bernoulli",
        # Of few rows a sample may be empty, which CatBoost refuses.
        "subsample": settings["rows"] if len(lesson.y) >= FEWEST_ROWS else 1.0,
        "random_strength": settings["noise"],
        "boosting_type": "Plain",
        "border_count": max(FEWEST_BORDERS, min(BORDERS, len(lesson.y) // ROWS_A_BORDER)),
        "random_seed": lesson.seed,
        "thread_count": lesson.threads,
        "allow_writing_files": False,
        "logging_level": "Silent",
    }
