"""The graph that takes columns by name answers as the graph behind it does, and refuses what encoding refuses."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import onnxruntime as ort
import polars as pl
import pytest
from numpy.typing import NDArray

from volvelle.errors import ModelError
from volvelle.model.columns import by_column, inputs, outputs
from volvelle.model.graph import Graph, Kind, Value
from volvelle.model.predictor import Predictor
from volvelle.model.signature import Feature, Signature

NUMBER = Feature(name="heat", kind="number", low=0.0, high=9.0, bounded=True)
SITE = Feature(name="site", kind="category", categories=("north", "7"))
FLAG = Feature(name="flag", kind="boolean", categories=("false", "true"))
DAY = Feature(name="v1", kind="time")
FRAME = pl.DataFrame(
    {
        "heat": [1.5, None, 9.5, float("inf"), 0.0, 9.0],
        "site": ["north", " north", "7", None, "south", "NA"],
        "flag": [True, False, None, True, False, True],
        "v1": [0, -5, 1_709_424_000, 3, 4, 253_402_300_799],
    }
)
FED: dict[str, NDArray[Any]] = {
    "heat": np.array(FRAME["heat"].fill_null(float("nan")).to_list(), dtype=np.float32),
    "site": np.array(FRAME["site"].to_list(), dtype=object),
    "flag": np.array(FRAME["flag"].to_list(), dtype=np.float32),
    "v1": np.array(FRAME["v1"].to_list(), dtype=np.int64),
}


def signature(*features: Feature, classes: tuple[str, ...] = ()) -> Signature:
    task = "regression" if not classes else "binary" if len(classes) == 2 else "multiclass"
    return Signature(features=features, target="y", task=task, classes=classes)  # type: ignore[arg-type]


def written(asked: Signature) -> bytes:
    """A graph that lets every cell through to its answers: a weighted sum, missing numbers as 100."""
    graph = Graph("sums")
    kinds: tuple[tuple[Any, Kind], ...] = (("numbers", "float"), ("codes", "int64"), ("times", "int64"))
    parts: list[Value] = []
    for tensor, kind in kinds:
        if count := len(asked.of(tensor)):
            given = graph.cast(graph.input(tensor, kind, count), "float")
            hole = graph.node("IsNaN", given, kind="bool")
            parts.append(
                graph.node(
                    "Where", hole, graph.constant(np.array([100], dtype=np.float32)), given, kind="float", width=count
                )
            )
    x = graph.concat(parts)
    width = len(asked.classes) or 1
    weights = graph.constant(np.arange(1, x.width * width + 1, dtype=np.float32).reshape(x.width, width) % 7)
    scores = graph.node("MatMul", x, weights, width=width)
    if not asked.classes:
        graph.output("prediction", scores)
    else:
        graph.output("label", graph.node("ArgMax", scores, kind="int64", width=1, axis=1, keepdims=0), vector=True)
        graph.output("scores", scores)
    return graph.finish()


@pytest.mark.parametrize("classes", [(), ("no", "yes"), ("a", "b", "c", "d e")], ids=len)
@pytest.mark.parametrize("features", [(NUMBER,), (SITE,), (DAY,), (DAY, SITE, FLAG, NUMBER)], ids=len)
def test_the_answers_are_the_same(features: tuple[Feature, ...], classes: tuple[str, ...]) -> None:
    """Numbers, categories, booleans and times, missing, unseen and out of range, answer as they do by encoding."""
    asked = signature(*features, classes=classes)
    content = written(asked)
    session = ort.InferenceSession(by_column(content, asked), providers=["CPUExecutionProvider"])
    assert [given.name for given in session.get_inputs()] == list(inputs(asked))
    answers = session.run(None, {name: FED[name] for name in inputs(asked)})
    expected = Predictor(content, asked).predict(FRAME)
    assert list(outputs(asked)) == expected.columns
    for name, column in zip(outputs(asked), answers, strict=True):
        assert column.tolist() == expected[name].to_list(), name


@pytest.mark.parametrize(
    ("feature", "cells", "why"),
    [
        (
            Feature(name="x", kind="number", missing="refuse"),
            np.array([np.nan], dtype=np.float32),
            "missing values are refused",
        ),
        (
            Feature(name="x", kind="boolean", missing="refuse"),
            np.array([np.nan], dtype=np.float32),
            "missing values are refused",
        ),
        (
            Feature(name="x", kind="category", categories=("a",), missing="refuse"),
            np.array(["?"], dtype=object),
            "missing values are refused",
        ),
        (
            Feature(name="x", kind="category", categories=("a",), unseen="refuse"),
            np.array(["b"], dtype=object),
            "categories that training never saw are refused",
        ),
        (Feature(name="x", kind="time", missing="refuse"), np.array([-(2**63)]), "missing values are refused"),
        (Feature(name="x", kind="time"), np.array([1_709_424_000_000]), "must be whole seconds since 1970"),
    ],
)
def test_what_encoding_refuses_fails(feature: Feature, cells: NDArray[Any], why: str) -> None:
    """A cell that its feature refuses, or a time in another unit, makes the runtime fail and name the reason."""
    asked = signature(feature)
    session = ort.InferenceSession(by_column(written(asked), asked), providers=["CPUExecutionProvider"])
    with pytest.raises(Exception, match=f"x: .*{why}"):
        session.run(None, {"x": cells})


def test_a_feature_called_like_an_answer_is_refused() -> None:
    """A graph has one value of a name."""
    asked = signature(Feature(name="prediction", kind="number"))
    with pytest.raises(ModelError, match="'prediction' is called like an answer"):
        by_column(written(asked), asked)


def test_a_kind_that_needs_more_than_operators_is_refused() -> None:
    """Free text has no form that an operator could make of it."""
    asked = signature(Feature(name="said", kind=cast(Any, "text")))
    with pytest.raises(ModelError, match="'said' is a text, which operators alone cannot encode"):
        inputs(asked)
