"""Deriving the signature: features, task, classes."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from volvelle.data.collect import describe
from volvelle.data.records import Dataset
from volvelle.errors import DataError, InputError, SpecError
from volvelle.model.derive import derive, known_target, target_codes
from volvelle.model.signature import Signature
from volvelle.spec.requirements import Data, FeatureSpec, Problem, Spec

ROWS = 40
FRAME = pl.DataFrame(
    {
        "x": [float(i) for i in range(ROWS)],
        "c": ["b", "a", None, "a"] * 10,
        "id": [f"r{i}" for i in range(ROWS)],
        "one": [1] * ROWS,
        "when": pl.Series([i * 86_400_000_000 for i in range(ROWS)]).cast(pl.Datetime("us", "UTC")),
        "flag": [True, False] * 20,
        "text": ["yes"] * 10 + ["no"] * 30,
        "grade": [i % 5 for i in range(ROWS)],
        "amount": [i * 1.5 for i in range(ROWS)],
        "count": list(range(ROWS)),
    }
)


def derived(
    target: str,
    frame: pl.DataFrame = FRAME,
    data: dict[str, Any] | None = None,
    features: dict[str, FeatureSpec] | None = None,
    **problem: Any,
) -> tuple[Signature, tuple[str, ...]]:
    spec = Spec(
        problem=Problem(target=target, **problem), data=Data(source="t.csv", **(data or {})), features=features or {}
    )
    columns = tuple(describe(column) for column in frame.iter_columns())
    dataset = Dataset(version="", rows=frame.height, columns=columns, source="", origins=())
    return derive(spec, dataset, frame)


@pytest.mark.parametrize(
    ("target", "task", "classes", "positive"),
    [
        ("text", "binary", ("no", "yes"), 1),
        ("flag", "binary", ("false", "true"), 1),
        ("grade", "multiclass", ("0", "1", "2", "3", "4"), None),
        ("amount", "regression", (), None),
        ("count", "regression", (), None),
    ],
)
def test_the_task_is_found_from_the_target(
    target: str, task: str, classes: tuple[str, ...], positive: int | None
) -> None:
    """Text, booleans and few integers are classes, the rest is regression; the rarer class is positive."""
    signature, notes = derived(target)
    assert (signature.task, signature.classes, signature.positive) == (task, classes, positive)
    assert any("the task is" in note for note in notes)


def test_features_are_all_columns_that_can_be() -> None:
    """Ignored columns, group, time, constants and names of rows are left out, with a reason each."""
    data = {"ignore": ("amount",), "group": "grade", "time": "when"}
    signature, notes = derived("text", data=data, features={"count": FeatureSpec(role="ignore")})
    assert [f.name for f in signature.features] == ["x", "c", "flag"]
    assert {note.split("'")[1] for note in notes if "is not a feature" in note} == {"id", "one", "when", "grade"}


def test_a_feature_states_what_training_rows_hold() -> None:
    """Range and sorted categories come from the training rows; declared ones win."""
    declared = {"c": FeatureSpec(categories=("b", "z"), unseen="refuse"), "x": FeatureSpec(low=-5.0, unit="m")}
    by_name = {f.name: f for f in derived("text")[0].features}
    assert (by_name["x"].low, by_name["x"].high, by_name["c"].categories) == (0.0, 39.0, ("a", "b"))
    assert (by_name["when"].kind, by_name["when"].high) == ("time", 39 * 86400.0)
    signature, notes = derived("text", features=declared)
    by_name = {f.name: f for f in signature.features}
    assert (by_name["x"].low, by_name["x"].unit) == (-5.0, "m")
    assert (by_name["c"].categories, by_name["c"].unseen) == (("b", "z"), "refuse")
    assert any("1 undeclared categories, e.g. 'a'" in note for note in notes)


def test_a_declared_category_is_kept_although_it_looks_like_a_name() -> None:
    """The user's role overrules the suspicion."""
    signature, _ = derived("text", features={"id": FeatureSpec(role="category")})
    assert "id" in [f.name for f in signature.features]


def test_integer_classes_sort_by_number() -> None:
    """10 comes after 9."""
    frame = pl.DataFrame({"x": list(range(9)), "y": [10, 9, 2] * 3})
    assert derived("y", frame)[0].classes == ("2", "9", "10")


def test_positive_class_of_the_spec() -> None:
    """A stated positive class is found, also in another case for booleans; a wrong one is answered with near names."""
    assert derived("text", positive="no")[0].positive == 0
    assert derived("flag", positive="False")[0].positive == 0
    with pytest.raises(SpecError, match="no class 'yess'") as caught:
        derived("text", positive="yess")
    assert "'yes'" in caught.value.next_move


@pytest.mark.parametrize(
    ("frame", "problem", "fragment"),
    [
        (FRAME, {"target": "Text"}, "no column 'Text'"),
        (FRAME, {"target": "text", "task": "regression"}, "regression needs a number"),
        (FRAME, {"target": "x", "task": "forecast"}, "not available yet"),
        (FRAME, {"target": "id"}, "40 classes in 40 training rows"),
        (FRAME, {"target": "when", "task": "classification"}, "a time cannot be a class"),
        (pl.DataFrame({"x": [1, 2], "y": ["a", "a"]}), {"target": "y"}, "one class only: 'a'"),
        (pl.DataFrame({"x": [1, 2, 3], "y": ["a", "a", "b"]}), {"target": "y"}, "fewer than two training rows: 'b'"),
        (pl.DataFrame({"x": [1, 1, 1, 1], "y": ["a", "a", "b", "b"]}), {"target": "y"}, "no column is left"),
        (pl.DataFrame({"x": [1, 2], "y": pl.Series([None, None], dtype=pl.String)}), {"target": "y"}, "no row has"),
    ],
)
def test_what_cannot_be_learnt_is_refused(frame: pl.DataFrame, problem: dict[str, Any], fragment: str) -> None:
    """Each impossible demand gives one clear error with a next move."""
    with pytest.raises(InputError) as caught:
        derived(frame=frame, **problem)
    assert fragment in str(caught.value)
    assert caught.value.next_move


def test_target_codes() -> None:
    """Class positions follow the classes; values stay; rows without a target are dropped and counted."""
    signature, _ = derived("text")
    assert target_codes(FRAME, signature)[8:12].tolist() == [1, 1, 0, 0]
    values = target_codes(FRAME, derived("amount")[0])
    assert (str(values.dtype), values[2]) == ("float64", 3.0)
    known, dropped = known_target(pl.DataFrame({"text": ["yes", None]}), "text")
    assert (known.height, dropped) == (1, 1)


@pytest.mark.parametrize(
    ("frame", "fragment"),
    [
        (pl.DataFrame({"text": ["never"]}), "1 rows have the class 'never'"),
        (pl.DataFrame({"text": ["yes", None]}), "1 rows have no target"),
        (pl.DataFrame({"txt": ["yes"]}), "no target column 'text'"),
    ],
)
def test_targets_that_do_not_fit_are_named(frame: pl.DataFrame, fragment: str) -> None:
    """An unknown class, a missing target and an absent column are errors."""
    with pytest.raises(DataError, match=fragment):
        target_codes(frame, derived("text")[0])
