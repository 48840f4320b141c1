"""The recipe: fitted on the graph that ships, run by it, kept as JSON."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import load_from_string
from onnx.reference import ReferenceEvaluator

from volvelle.errors import DataError
from volvelle.model.graph import Graph
from volvelle.model.session import Session
from volvelle.model.signature import MISSING_TIME, Feature, Signature
from volvelle.prepare.contract import View
from volvelle.prepare.recipe import Recipe, categorical, emit, feature_names, features, fit, graph_inputs

VIEWS: tuple[View, ...] = ("dense", "ordinal", "raw", "means")
SIGNATURE = Signature(
    features=(
        Feature(name="colour", kind="category", categories=("red", "green", "blue", "mauve")),
        Feature(name="width", kind="number"),
        Feature(name="made", kind="time"),
        Feature(name="height", kind="integer"),
        Feature(name="sold", kind="boolean", categories=("false", "true")),
        Feature(name="note", kind="text", length=3),
    ),
    target="y",
    task="binary",
    classes=("no", "yes"),
    positive=1,
)


def rows(n: int = 300, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    numbers = rng.lognormal(size=(n, 2)).astype(np.float32)
    numbers[rng.random((n, 2)) < 0.1] = np.nan
    times = rng.integers(-(10**9), 2 * 10**9, (n, 1))
    times[rng.random((n, 1)) < 0.1] = MISSING_TIME
    codes = np.stack([rng.choice(3, n, p=[0.5, 0.3, 0.2]), rng.integers(-1, 2, n)], axis=1)
    codes[100:102, 0] = 3
    return {"numbers": numbers, "codes": codes, "times": times, "words": rng.integers(-1, 5, (n, 3))}


def extremes() -> dict[str, Any]:
    big = np.float32(3.4e38)
    return {
        "numbers": np.array([[big, -big], [np.nan, np.nan], [np.inf, -np.inf], [1e-45, 0]], dtype=np.float32),
        "codes": np.array([[-2, -2], [-1, -1], [999, 40], [3, 1]]),
        "times": np.array([[MISSING_TIME], [2**62], [-(2**62)], [0]]),
        "words": np.array([[-1, -1, -1], [0, 1, 2], [2**31 - 1, 0, -1], [3, 3, 3]]),
    }


@pytest.mark.parametrize("view", VIEWS)
def test_names_widths_and_types_agree(view: View) -> None:
    """There is one name a feature, and features are one float32 matrix with a row a row."""
    recipe = fit(rows(), SIGNATURE, view)
    found = features(recipe, SIGNATURE, rows(50, seed=1))
    assert found.dtype == np.float32
    assert found.shape == (50, len(feature_names(recipe)))
    assert len(set(feature_names(recipe))) == found.shape[1]


@pytest.mark.parametrize("view", ["dense", "ordinal"])
def test_nothing_is_missing_or_infinite_for_any_row(view: View) -> None:
    """Dense and ordinal features are finite for missing, unseen, infinite and extreme values, learnt or only asked."""
    for learnt in (rows(), extremes()):
        recipe = fit(learnt, SIGNATURE, view)
        assert np.isfinite(features(recipe, SIGNATURE, extremes())).all()


def test_dense_names_speak_of_categories() -> None:
    """One-hot columns carry the category's name, and joined rare ones say so."""
    names = feature_names(fit(rows(), SIGNATURE, "dense"))
    colours = [n for n in names if n.startswith("colour")]
    assert colours == ["colour=red", "colour=green", "colour=blue", "colour=rare"]
    assert [n for n in names if n.startswith("sold")] == ["sold=false", "sold=true", "sold=missing"]


@pytest.mark.parametrize("view", ["ordinal", "raw"])
def test_categorical_points_at_the_code_columns(view: View) -> None:
    """The positions are those of the category features, and the columns hold their codes."""
    data = rows()
    recipe = fit(data, SIGNATURE, view)
    found, names = features(recipe, SIGNATURE, data), feature_names(recipe)
    assert [names[p] for p in categorical(recipe)] == ["colour", "sold"]
    assert np.array_equal(found[:, categorical(recipe)[0]], data["codes"][:, 0].astype(np.float32))


def test_dense_has_no_categorical_column() -> None:
    """One-hot columns are amounts, and a dense learner knows no codes even where the user asks for them."""
    assert categorical(fit(rows(), SIGNATURE, "dense")) == ()
    assert categorical(fit(rows(), SIGNATURE, "dense", {"colour": ("ordinal",)})) == ()


def test_raw_leaves_numbers_alone() -> None:
    """Numbers pass bit for bit, missing included; missing and unseen codes become NaN."""
    recipe = fit(rows(), SIGNATURE, "raw")
    found = features(recipe, SIGNATURE, extremes())
    assert feature_names(recipe)[:2] == ("width", "height")
    assert np.array_equal(found[:, :2], extremes()["numbers"], equal_nan=True)
    assert np.isnan(found[:2, categorical(recipe)]).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(VIEWS))
def test_graph_means_the_same_to_the_reference(seed: int, view: View) -> None:
    """The ONNX reference evaluator, which shares no code with onnxruntime, gives the same features."""
    recipe = fit(rows(80, seed), SIGNATURE, view)
    reference = ReferenceEvaluator(load_from_string(written(recipe)))
    for data in (rows(20, seed + 1), extremes()):
        with np.errstate(all="ignore"):
            expected = next(iter(reference.run(None, data)))
        found = features(recipe, SIGNATURE, data)
        assert np.allclose(found, expected, rtol=1e-5, atol=1e-5, equal_nan=True)


def test_equal_names_are_told_apart() -> None:
    """A number column called like a calendar part: both features keep a name of their own."""
    signature = Signature(
        features=(Feature(name="t hour", kind="number"), Feature(name="t", kind="time")), target="y", task="regression"
    )
    data: dict[str, Any] = {
        "numbers": np.arange(24, dtype=np.float32)[:, None],
        "times": np.arange(24, dtype=np.int64)[:, None] * 3600,
    }
    assert feature_names(fit(data, signature, "raw")) == ("t hour", "t hour (2)")


@pytest.mark.parametrize("view", VIEWS)
def test_json_round_trip_gives_the_same_bytes(view: View) -> None:
    """A recipe read back from JSON is equal and writes the same graph."""
    recipe = fit(rows(), SIGNATURE, view)
    again = msgspec.json.decode(msgspec.json.encode(recipe), type=Recipe)
    assert again == recipe
    assert written(again) == written(recipe)
    assert written(fit(rows(), SIGNATURE, view)) == written(recipe)


def written(recipe: Recipe) -> bytes:
    graph = Graph("features")
    graph.output("features", emit(graph, graph_inputs(graph, SIGNATURE), recipe, SIGNATURE))
    return graph.finish()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(0, 1000), st.sampled_from(VIEWS))
def test_rows_do_not_depend_on_each_other(n: int, seed: int, view: View) -> None:
    """A row's features are the same alone and among others, also when fitted on a handful of rows."""
    data = rows(n, seed)
    recipe = fit(data, SIGNATURE, view)
    together = features(recipe, SIGNATURE, data)
    alone = features(recipe, SIGNATURE, {t: x[n // 2 : n // 2 + 1] for t, x in data.items()})
    assert np.allclose(together[n // 2], alone[0], rtol=1e-6, atol=1e-6, equal_nan=True)


def test_later_steps_are_fitted_on_what_earlier_steps_give() -> None:
    """The mean that scaling learns is the mean after imputing and log1p, in float32 as the graph computes it."""
    data = rows()
    recipe = fit(data, SIGNATURE, "dense", {"width": ("impute_constant:5", "log1p", "scale_standard")})
    chain = next(c for c in recipe.chains if c.columns == ("width",))
    column = np.where(np.isnan(data["numbers"][:, 0]), 5, data["numbers"][:, 0]).astype(np.float64)
    assert chain.steps[2].params["centre"] == pytest.approx([np.log1p(column).mean()], rel=1e-6)


def test_test_rows_do_not_enter() -> None:
    """Features of a row are fixed by the training rows: other rows asked along change nothing."""
    recipe = fit(rows(), SIGNATURE, "dense")
    far = {t: np.concatenate([rows(5)[t], extremes()[t]]) for t in rows()}
    assert np.array_equal(features(recipe, SIGNATURE, far)[:5], features(recipe, SIGNATURE, rows(5)))


def test_inputs_are_declared_only_where_features_travel() -> None:
    """A signature of numbers alone makes a graph with one input, and codes need not be given."""
    signature = Signature(features=(Feature(name="a", kind="number"),), target="y", task="regression")
    data = {"numbers": np.arange(6, dtype=np.float32)[:, None]}
    recipe = fit(data, signature, "dense")
    graph = Graph("features")
    graph.output("features", emit(graph, graph_inputs(graph, signature), recipe, signature))
    assert Session(graph.finish()).inputs == ("numbers",)
    assert features(recipe, signature, data).shape == (6, 1)


def test_many_rows_come_in_blocks() -> None:
    """More rows than are run at once give the same answer as in two calls."""
    data = rows(40_000)
    recipe = fit(data, SIGNATURE, "ordinal")
    halves = [{t: x[part] for t, x in data.items()} for part in (slice(0, 20_001), slice(20_001, None))]
    whole = features(recipe, SIGNATURE, data)
    assert np.array_equal(whole, np.concatenate([features(recipe, SIGNATURE, h) for h in halves]))


@pytest.mark.parametrize(
    ("kept", "data"),
    [
        ((), {}),
        (("made",), {"times": np.zeros((9, 1), dtype=np.int64)}),
    ],
)
def test_no_feature_left_is_refused(kept: tuple[str, ...], data: dict[str, Any]) -> None:
    """Everything ignored, or a constant time alone: the error says what to do."""
    chosen = tuple(f for f in SIGNATURE.features if f.name in kept)
    signature = Signature(features=chosen, target="y", task="regression")
    with pytest.raises(DataError, match="no feature is left") as caught:
        fit(data, signature, "raw")
    assert "[data] ignore" in caught.value.next_move


def test_no_row_is_refused() -> None:
    """Nothing can be fitted on an empty training side."""
    with pytest.raises(DataError, match="no row"):
        fit({t: x[:0] for t, x in rows().items()}, SIGNATURE, "dense")
