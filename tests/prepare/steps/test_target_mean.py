"""Target encoding: the means of the paper, and no row that is told its own target."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from volvelle.catalog import ESTIMATORS
from volvelle.errors import ContractBroken
from volvelle.model.signature import Feature, ModelTask, Signature
from volvelle.prepare.recipe import Recipe, features, fit, learn, told
from volvelle.prepare.steps import target_mean
from volvelle.train.contract import Lesson, defaults

CLASSES = {"regression": 0, "binary": 2, "multiclass": 3}
OWN = {"city": ("target_mean",)}


def signature(task: ModelTask, cities: int = 8) -> Signature:
    return Signature(
        features=(
            Feature(name="city", kind="category", categories=tuple(f"city {n}" for n in range(cities))),
            Feature(name="size", kind="number"),
        ),
        target="y",
        task=task,
        classes=tuple(f"class {n}" for n in range(CLASSES[task])),
    )


def rows(n: int, cities: int = 8, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {"codes": rng.integers(-1, cities, (n, 1)), "numbers": rng.normal(size=(n, 1)).astype(np.float32)}


@settings(max_examples=150, deadline=None)
@given(arrays(np.int64, st.tuples(st.integers(1, 20), st.integers(1, 3)), elements=st.integers(-2, 5)), st.data())
def test_means_are_drawn_towards_the_mean_of_all(run_step: Any, block: Any, data: Any) -> None:
    """(sum + m prior) / (n + m) for each code and class, missing among the codes; the prior for what was never seen."""
    target = data.draw(arrays(np.float64, (len(block), data.draw(st.integers(1, 3))), elements=st.integers(-9, 9)))
    m = data.draw(st.sampled_from([0.5, 10.0, 1000.0]))
    params = target_mean.fit(block, target, option=m)
    asked = np.concatenate([block, np.full((2, block.shape[1]), [[77], [-2]])])
    found = run_step("target_mean", asked, params).reshape(len(asked), block.shape[1], -1)
    prior = target.mean(axis=0)
    for column in range(block.shape[1]):
        for row, code in enumerate(asked[:, column]):
            mine = block[:, column] == code
            wanted = (target[mine].sum(axis=0) + m * prior) / (mine.sum() + m) if code >= -1 else prior
            assert np.allclose(found[row, column], wanted, rtol=1e-5, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 60), st.integers(0, 1000), st.floats(-1e6, 1e6))
def test_no_row_is_told_its_own_target(n: int, seed: int, other: float) -> None:
    """Whatever a row's target becomes, the feature that it is learnt from stays, while the shipped one may move."""
    data, y = rows(n, seed=seed), np.random.default_rng(seed).normal(size=n)
    row = seed % n
    changed = y.copy()
    changed[row] = other
    known = signature("regression")
    assert np.array_equal(
        learn(data, known, "raw", y, OWN)[1][row], learn(data, known, "raw", changed, OWN)[1][row], equal_nan=True
    )


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_what_ships_is_fitted_on_all_rows(task: ModelTask) -> None:
    """The recipe is the one of all rows; only the columns that look at the target are learnt from out of fold."""
    data, rng = rows(400), np.random.default_rng(1)
    y = rng.normal(size=400) if task == "regression" else rng.integers(0, CLASSES[task], 400)
    recipe, made = learn(data, signature(task), "dense", y, {"city": ("target_mean", "scale_standard")})
    shown = features(recipe, signature(task), data)
    wide = 3 if task == "multiclass" else 1
    assert recipe == fit(data, signature(task), "dense", {"city": ("target_mean", "scale_standard")}, target=y)
    assert told(recipe)
    assert shown.shape[1] == wide + 1
    differ = (shown != made).any(axis=0)
    assert differ.sum() == wide


def test_a_step_that_needs_the_target_is_not_run_without_it() -> None:
    """Without a target nobody plans such a step, and a wish for one is refused."""
    assert not told(fit(rows(900, 60), signature("binary", 60), "dense"))
    with pytest.raises(ContractBroken, match="looks at the target"):
        fit(rows(50), signature("binary"), "dense", OWN)


@pytest.mark.parametrize(("effect", "gains"), [(0.0, False), (2.0, True)])
def test_chance_gains_nothing_and_a_real_effect_much(effect: float, gains: bool) -> None:
    """Three hundred categories that mean nothing make a learner no better; where they mean something it is told."""
    rng = np.random.default_rng(0)
    n, cities = 4000, 300
    data = rows(n, cities)
    pull = rng.normal(size=cities) * effect
    signal = data["numbers"][:, 0] + np.where(data["codes"][:, 0] < 0, 0.0, pull[data["codes"][:, 0]])
    y = (rng.random(n) < 1 / (1 + np.exp(-signal))).astype(np.int64)
    taught, asked = ({t: x[part] for t, x in data.items()} for part in (slice(0, 3000), slice(3000, None)))
    known = signature("binary", cities)

    def loss(learnt: tuple[Recipe, Any]) -> float:
        estimator: Any = ESTIMATORS.load("extra_trees")
        lesson = Lesson(learnt[1], y[:3000], "binary", 2, seed=1)
        p = estimator.predict(estimator.fit(lesson, defaults(estimator.SPACE)), features(learnt[0], known, asked))
        return -float(np.log(np.maximum(p[np.arange(1000), y[3000:]], 1e-6)).mean())

    plain = fit(taught, known, "ordinal")
    without = loss((plain, features(plain, known, taught)))
    encoded = loss(learn(taught, known, "ordinal", y[:3000]))
    assert (without - encoded > 0.02) == gains
    assert encoded - without < 0.01
