"""Which steps a column goes through, and what is said where the user's own do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from volvelle.catalog import STEPS
from volvelle.errors import SpecError
from volvelle.model.signature import Feature, Signature
from volvelle.prepare.choose import CYCLIC, DEFAULTS, FLOWS, SKEWED, check_overrides, check_steps, parse, plan

SIGNATURE = Signature(
    features=(
        Feature(name="age", kind="number"),
        Feature(name="sex", kind="category", categories=("f", "m")),
        Feature(name="income", kind="number"),
        Feature(name="gap", kind="integer"),
        Feature(name="seen", kind="time"),
    ),
    target="y",
    task="regression",
)


def rows(n: int = 200) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    numbers = np.stack([rng.normal(size=n), rng.lognormal(size=n), rng.normal(size=n)], axis=1)
    numbers[::5, 2] = np.nan
    return {
        "numbers": numbers.astype(np.float32),
        "codes": rng.integers(0, 2, (n, 1)),
        "times": rng.integers(0, 10**9, (n, 1)),
    }


def chosen(
    view: Any, overrides: dict[str, tuple[str, ...]] | None = None
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(p.columns, p.steps) for p in plan(SIGNATURE, rows(), view, overrides or {})]


def test_dense_groups_columns_with_equal_steps() -> None:
    """Skewed columns get the power step, columns with gaps an indicator, and equal chains are one block."""
    assert chosen("dense") == [
        (("age", "gap"), ("impute_median", "scale_standard")),
        (("income",), SKEWED),
        (("gap",), ("missing_indicator",)),
        (("sex",), ("rare_categories", "one_hot")),
        (("seen",), ("calendar", "impute_median", "scale_standard")),
        (("seen",), CYCLIC),
    ]


def test_ordinal_and_raw() -> None:
    """Ordinal fills and codes; raw leaves numbers alone."""
    assert chosen("ordinal") == [
        (("age", "income", "gap"), ("impute_median",)),
        (("gap",), ("missing_indicator",)),
        (("sex",), ("ordinal",)),
        (("seen",), ("calendar", "impute_median")),
    ]
    assert chosen("raw") == [
        (("age", "income", "gap"), ()),
        (("sex",), ("ordinal_or_missing",)),
        (("seen",), ("calendar",)),
    ]


def test_means_tell_of_categories_by_the_target() -> None:
    """A category of more than two goes by the mean target; one of two, and all without a target, by its code."""
    codes = np.array([[0, 0], [1, 1], [2, 0], [0, 1]], dtype=np.int64)
    features = tuple(
        Feature(name=n, kind="category", categories=tuple(c)) for n, c in (("three", "abc"), ("two", "ab"))
    )
    signature = Signature(features=features, target="y", task="regression")
    told = plan(signature, {"codes": codes}, "means", {}, np.arange(4.0).reshape(-1, 1))
    assert [(p.columns, p.steps) for p in told] == [(("three",), ("target_mean",)), (("two",), ("ordinal_or_missing",))]
    assert [p.columns for p in plan(signature, {"codes": codes}, "means", {})] == [("three", "two")]


def test_own_steps_replace_the_default_and_are_filled_where_needed() -> None:
    """The user's steps stand in every view; a chain that may leave something missing ends with an imputer."""
    own = {"age": ("log1p",), "gap": ("impute_constant:-1", "scale_minmax"), "sex": ("one_hot",)}
    for view, ending in (("dense", ("impute_median",)), ("ordinal", ("impute_median",)), ("raw", ())):
        found = dict(chosen(view, own))
        assert found[("age",)] == ("log1p", *ending)
        assert found[("gap",)] == ("impute_constant:-1", "scale_minmax")
        assert found[("sex",)] == ("one_hot",)


def test_power_and_indicator_only_where_they_can_help() -> None:
    """A skewed column of two values is not bent, and one that is missing everywhere gets no indicator."""
    signature = Signature(
        features=(Feature(name="flag", kind="number"), Feature(name="void", kind="number")),
        target="y",
        task="regression",
    )
    numbers = np.stack([np.arange(100) == 7, np.full(100, np.nan)], axis=1).astype(np.float32)
    found = plan(signature, {"numbers": numbers}, "dense", {})
    assert [(p.columns, p.steps) for p in found] == [(("flag", "void"), DEFAULTS["dense"]["numbers"])]


def test_default_steps_all_fit() -> None:
    """Every default chain passes the check that the user's chains must pass."""
    for steps_of in DEFAULTS.values():
        for tensor, steps in steps_of.items():
            check_steps(steps, FLOWS[tensor])
    check_steps(SKEWED, "number")
    check_steps(CYCLIC, "time")


def test_every_option_is_a_literal_with_a_default_in_range() -> None:
    """What `parse` reads without importing equals what the loaded step holds."""
    for name in STEPS.names():
        step = STEPS.load(name)
        for fact in ("TAKES", "GIVES", "FILLS", "CATEGORICAL", "OPTION", "OPTION_RANGE"):
            assert STEPS.fact(name, fact) == getattr(step, fact, None)
        if hasattr(step, "OPTION"):
            assert parse(f"{name}:{step.OPTION}") == (name, step.OPTION)


@pytest.mark.parametrize(
    ("column", "steps", "problem", "advice"),
    [
        ("agee", ("log1p",), "'agee', which is no feature", "did you mean 'age'?"),
        ("age", ("log1",), "no step is called 'log1'", "did you mean 'log1p'"),
        ("age", ("one_hot",), "step 'one_hot' takes a code, but is given a number", "power"),
        ("sex", ("one_hot", "one_hot"), "step 'one_hot' takes a code, but is given a number", "scale_standard"),
        ("sex", (), "are empty, but the column is a code", '"one_hot"'),
        ("sex", ("rare_categories",), "end with 'rare_categories', which gives a code", '"ordinal"'),
        ("seen", ("scale_standard",), "takes a number, but is given a time", "calendar"),
        ("age", ("log1p:2",), "step 'log1p' takes no argument, found '2'", '"log1p"'),
        ("age", ("impute_constant:zero",), "'zero' is no number", '"impute_constant:0"'),
        ("age", ("impute_constant:",), "'' is no number", '"impute_constant:0"'),
        ("age", ("impute_constant:nan",), "nan is out of range", "from -inf to inf"),
        ("age", ("clip_outliers:0.5",), "0.5 is out of range", "from 0 to 0.49"),
    ],
)
def test_steps_that_do_not_fit_are_refused(column: str, steps: tuple[str, ...], problem: str, advice: str) -> None:
    """The error names the column, the step and what would fit."""
    with pytest.raises(SpecError) as caught:
        check_overrides(SIGNATURE, {column: steps})
    assert problem in caught.value.problem
    assert advice in caught.value.next_move
    assert caught.value.where == f"features.{column}.steps"
