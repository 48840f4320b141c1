"""JSON rows are typed exactly as `encode` types frames, and what is wrong is said of one row and one field."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volvelle.errors import DataError
from volvelle.model.cells import Unfit, reader
from volvelle.model.encode import encode
from volvelle.model.signature import Feature, Signature
from volvelle.model.word_codes import words_of
from volvelle.model.words import words
from volvelle.serve.answering import Answerer
from volvelle.serve.forms import Refusal
from volvelle.testing.named_models import model_of, signature_of

POLICIES: Any = st.sampled_from(["allow", "refuse"])
NAMES = ("n", " s ", "3", "2.5", "1e-7", "true", "NA", "été", "")


@st.composite
def features(draw: Any, kind: str) -> Feature:
    """A feature of a kind with any policy."""
    return Feature(
        name="x",
        kind=kind,  # type: ignore[arg-type]
        low=draw(st.sampled_from([None, -1.0, 0.1])),
        high=draw(st.sampled_from([None, 5.0])),
        bounded=draw(st.booleans()),
        categories=("false", "true") if kind == "boolean" else NAMES if kind == "category" else (),
        length=4 if kind == "text" else 1,
        missing=draw(POLICIES),
        unseen=draw(POLICIES),
    )


def _clock() -> st.SearchStrategy[str]:
    two = st.integers(0, 61).map(lambda n: f"{n:02}")
    date = st.tuples(st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32))
    written = st.one_of(
        date.map(lambda d: "{:04}-{:02}-{:02}".format(*d)),
        date.map(lambda d: "{:04}/{}/{}".format(*d)),
        date.map(lambda d: f"{d[2]}.{d[1]}.{d[0]:04}"),
        date.map(lambda d: f"{d[1]}/{d[2]}/{d[0]:04}"),
    )
    hours = st.tuples(st.sampled_from(["T", " ", "  "]), two, two).map(lambda t: f"{t[0]}{t[1]}:{t[2]}")
    rest = st.sampled_from(["", "Z", ":07", ":60", ":07.25Z", "+02:00", "-0930", "+24:00", "+02:60", "+2", ":07 "])
    return st.tuples(written, st.one_of(st.just(""), hours), rest).map("".join)


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-3, 30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [3.0, 2.5, 1e-7, 1e300, -0.0, 2.0**53, "NaN", "nan", "inf", "-Infinity", "1e999", "٣", "1_0", "+.5"]
    ),
    st.sampled_from([*NAMES, "yes", " NO ", "TRUE", "?", "null", "\x1c3", "\u20032.5", "0x1", "1e5", "5.", "\ta"]),
    st.text(max_size=12),
    _clock(),
    st.just([1]),
    st.just({"a": 1}),
)


def by_encode(feature: Feature, cell: Any) -> list[float] | None:
    """What `encode` makes of a frame of this one cell; None where it refuses it."""
    tensor = {"number": "numbers", "integer": "numbers", "time": "times", "text": "words"}.get(feature.kind, "codes")
    try:
        frame = pl.from_dicts([{"x": cell}])
        matrix = encode(frame, Signature(features=(feature,), target="y", task="regression"))[tensor]
    except (DataError, pl.exceptions.PolarsError):
        return None
    return [float(value) if tensor == "numbers" else int(value) for value in matrix[0]]


class Alone(Answerer):
    """The encoding of an answerer without a model behind it."""

    def run(self, matrices: Any) -> Any:
        self.seen = matrices


def answerer(folder: Path, *given: Feature) -> Alone:
    """An answerer of these features whose model is the smallest there is."""
    signature = Signature(features=given, target="y", task="regression")
    (folder / "signature.json").write_bytes(msgspec.json.encode(signature))
    return Alone(folder, hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest())


@pytest.mark.parametrize("kind", ["number", "integer", "category", "boolean", "time", "text"])
def test_cells_are_read_as_encode_reads_them(kind: str, model_folder: Path) -> None:
    """For any JSON cell and any policy the answerer makes the number that `encode` makes, or both refuse."""

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(features(kind), CELLS)
    def holds(feature: Feature, cell: Any) -> None:
        wanted = by_encode(feature, cell)
        alone = answerer(model_folder, feature)
        body = json.dumps({"rows": [{"x": cell, "extra": [1]}] * 2}).encode()
        if wanted is None:
            with pytest.raises(Refusal) as caught:
                alone.answer(alone.rows(body))
            assert (caught.value.field, caught.value.row, caught.value.status) == ("x", 1, 422)
            return
        alone.answer(alone.rows(body))
        [matrix] = alone.seen.values()
        np.testing.assert_array_equal(matrix[0].astype(np.float64), np.array(wanted, dtype=np.float64))

    holds()


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=40))
def test_words_are_found_as_in_columns(text: str) -> None:
    """Any text has the same words here and where columns are split."""
    assert words_of(text) == words(pl.Series([text]))[0].to_list()


def test_a_cell_that_does_not_fit_is_not_echoed() -> None:
    """The reason says what is wrong and never what was sent."""
    for kind, cell in (("number", "s3cret"), ("boolean", "s3cret"), ("time", "s3cret"), ("category", ["s3cret"])):
        with pytest.raises(Unfit) as caught:
            reader(Feature(name="x", kind=kind))(cell)  # type: ignore[arg-type]
        assert "s3cret" not in str(caught.value)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answerer]:
    """Models of three numbers, three categories and two times, that refuse and that allow."""
    made = {}
    for task in ("multiclass", "regression"):
        folder = tmp_path_factory.mktemp(task)
        signature = signature_of(task, refuse=task == "multiclass")
        content = model_of(signature)
        (folder / "model.onnx").write_bytes(content)
        (folder / "signature.json").write_bytes(msgspec.json.encode(signature))
        made[task] = Answerer(folder, hashlib.sha256(content).hexdigest())
    return made


_FLOATS = st.floats(width=64, allow_nan=False, allow_infinity=False)
_NUMBER = st.one_of(
    st.none(), st.floats(-10, 1e4), _FLOATS, st.sampled_from([90.5, 3000.0, 3000.0001, 1e39, "5", True])
)
_CODE = st.one_of(st.none(), st.sampled_from(["north", "south", "a b", "A_B", "true", "no", "x", 3]), st.booleans())
_TIME = st.one_of(st.none(), st.integers(0, 2**33), st.sampled_from(["2024-03-03", "03/01/2024", "2**70"]))
_ROW = st.fixed_dictionaries(
    dict.fromkeys(("heat", "turns", "pump age"), _NUMBER)
    | dict.fromkeys(("site", "colour", "on"), _CODE)
    | dict.fromkeys(("since", "seen"), _TIME)
)


def told(answerer: Answerer, rows: list[Any]) -> Any:
    """What is said of the first row: its answer, or why there is none."""
    try:
        answers = answerer.answer(answerer.rows(json.dumps({"rows": rows}).encode()))
    except Refusal as refusal:
        return (refusal.status, refusal.problem, refusal.field, refusal.row)
    return answers.predictions[0], answers.scores[:1].tolist()


@pytest.mark.parametrize("task", ["multiclass", "regression"])
@settings(max_examples=300, deadline=None, derandomize=True)
@given(row=_ROW)
def test_a_row_alone_is_answered_as_beside_others(task: str, named: dict[str, Answerer], row: dict[str, Any]) -> None:
    """The short way of one row and the way of many give the same bits, and refuse for the same reason."""
    assert told(named[task], [row]) == told(named[task], [row, row])


def test_the_short_way_is_taken(named: dict[str, Answerer]) -> None:
    """A usual row is answered over fixed arrays, and a second one does not change what was said of the first."""
    answerer = named["multiclass"]
    row = {"heat": 5, "turns": 9, "pump age": 1, "site": "north", "colour": "a b", "on": True, "since": 1, "seen": None}
    [[*cells]] = answerer.rows(json.dumps(row).encode())
    first = answerer.answer([tuple(cells)])
    assert first.shares is not None
    kept = first.scores.tolist()
    cells[0] = 80.0
    assert answerer.answer([tuple(cells)]).scores.tolist() != kept == first.scores.tolist()
