"""Rows in, answers out, by name."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from volvelle.errors import DataError
from volvelle.model.graph import Graph
from volvelle.model.predictor import Predictor, Rows
from volvelle.model.signature import Feature, Signature

SIGNATURE = Signature(
    features=(Feature(name="b", kind="number"), Feature(name="a", kind="category", categories=("x", "y"))),
    target="t",
    task="binary",
    classes=("no", "yes"),
    positive=1,
)


class Stream:
    """A foreign table that speaks the Arrow stream protocol and nothing else."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def model() -> Predictor:
    """Says yes, with certainty, where b is above one or a is y."""
    graph = Graph("rule")
    numbers, codes = graph.input("numbers", "float", 1), graph.input("codes", "int64", 1)
    large = graph.node("Greater", numbers, graph.constant(np.array([1], dtype=np.float32)), kind="bool")
    yes = graph.node(
        "Or", large, graph.node("Equal", codes, graph.constant(np.array([1], dtype=np.int64)), kind="bool")
    )
    scores = graph.concat([graph.cast(graph.node("Not", yes), "float"), graph.cast(yes, "float")])
    graph.output("label", graph.node("ArgMax", scores, kind="int64", width=1, axis=1, keepdims=0), vector=True)
    graph.output("scores", scores)
    return Predictor(graph.finish(), SIGNATURE)


FRAME = pl.DataFrame({"other": [0, 0, 0], "a": ["x", "x", "y"], "b": [0.5, 1.5, 0.5]})


@pytest.mark.parametrize(
    "rows",
    [FRAME, Stream(FRAME), FRAME.to_dict(as_series=False), FRAME.to_dicts()],
    ids=["polars", "arrow", "columns", "rows"],
)
def test_rows_come_in_any_usual_form(rows: Rows) -> None:
    """Frames, Arrow streams, mappings of columns and lists of rows give the same answers, in any column order."""
    answers = model().predict(rows)
    assert answers["prediction"].to_list() == ["no", "yes", "yes"]
    assert answers["probability_yes"].to_list() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("rows", [3, "table", [1, 2], {"a": [1], "b": [1, 2, 3]}])
def test_what_is_no_table_is_one_error(rows: Rows) -> None:
    """Anything else is refused with the forms that are taken."""
    with pytest.raises(DataError):
        model().predict(rows)


def test_no_rows_give_no_answers() -> None:
    """An empty frame with the right columns is fine."""
    assert model().predict(FRAME.head(0)).height == 0
