"""The gate grammar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volvelle.errors import SpecError
from volvelle.spec.gates import Condition, Gate, parse, slice_text

RIGHT = {
    "recall >= 0.75": ("recall", ">=", 0.75, ""),
    "recall>=75%": ("recall", ">=", 0.75, ""),
    "overfit_gap <= 0.05": ("overfit_gap", "<=", 0.05, ""),
    "flash <= 64 KiB": ("flash", "<=", 65536.0, ""),
    "flash<=64kB": ("flash", "<=", 64000.0, ""),
    "latency <= 5 ms": ("latency", "<=", 0.005, ""),
    "throughput >= 600 /min": ("throughput", ">=", 10.0, ""),
    "rmse < 5_000": ("rmse", "<", 5000.0, ""),
    "r2 >= -1e-1": ("r2", ">=", -0.1, ""),
    "accuracy == 1": ("accuracy", "==", 1.0, ""),
    "recall where sex = 'Female' >= 0.75": ("recall", ">=", 0.75, "sex = 'Female'"),
    "recall where sex == 'Female' and age >= 65 >= 0.75": ("recall", ">=", 0.75, "sex = 'Female' and age >= 65"),
    'recall where "Air temp [K]" < 300.5 >= 0.5': ("recall", ">=", 0.5, '"Air temp [K]" < 300.5'),
    "recall where Type in ('L', 'it''s') >= 0.5": ("recall", ">=", 0.5, "Type in ('L', 'it''s')"),
    "recall where Grösse != 3 >= 0.5": ("recall", ">=", 0.5, "Grösse != 3"),
}
WRONG = {
    "": "ends where",
    "recal >= 0.5": "no metric or gate is called 'recal'",
    "recall": "ends where a comparison",
    "recall >=": "ends where a number",
    "recall 0.8": "stands where a comparison",
    "recall = 0.8": "not a comparison of a gate",
    "recall >= high": "stands where a number",
    "recall >= 1.2": "lies between 0 and 1",
    "recall >= 80": "lies between 0 and 1",
    "recall <= 0.5": "asks for worse",
    "rmse >= 3": "asks for worse",
    "flash <= 64": "needs a unit",
    "flash <= 64 ms": "measures seconds",
    "flash <= 64 kib": "is not known",
    "flash <= -1 KiB": "never negative",
    "recall >= 1e999": "not finite",
    "recall >= 0.5 0.6": "not expected",
    "recall >= 0.5 % 3": "not expected",
    "recall where >= 0.5": "is not a column name",
    "recall where sex = >= 0.5": "is not a value",
    "recall where sex = Female >= 0.5": "is not a value",
    "recall where Air temp > 3 >= 0.5": "is not a comparison",
    "recall where sex = 'Female >= 0.5": "not expected",
    "recall where sex in () >= 0.5": "is not a value",
    "recall; drop table": "not expected",
}


@pytest.mark.parametrize("text", RIGHT)
def test_a_sound_gate_is_parsed(text: str) -> None:
    """Name, comparison, bound in its own unit and slice come out of every form of the grammar."""
    gate = parse(text)
    assert (gate.name, gate.comparison, gate.bound, slice_text(gate.where)) == RIGHT[text]


@pytest.mark.parametrize("text", WRONG)
def test_nonsense_is_refused_with_a_next_move(text: str) -> None:
    """Every broken gate is one SpecError that says what was found and what to do."""
    with pytest.raises(SpecError, match="gate") as caught:
        parse(text)
    assert WRONG[text] in caught.value.problem
    assert caught.value.next_move


def test_near_names_are_offered() -> None:
    """A misspelt metric is answered with the nearest one."""
    with pytest.raises(SpecError) as caught:
        parse("acuracy >= 0.5")
    assert "'accuracy'" in caught.value.next_move


columns = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(lambda t: t.strip())
values = st.one_of(
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20),
    st.integers(-(10**6), 10**6).map(float),
)
conditions = st.builds(
    Condition,
    column=columns,
    comparison=st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
    values=st.tuples(values),
)


@given(st.lists(conditions, min_size=1, max_size=3), st.floats(0, 1))
def test_what_is_written_is_read_back(where: list[Condition], bound: float) -> None:
    """Any slice, with any column name and value, survives being written and parsed."""
    text = f"recall where {slice_text(tuple(where)).replace(chr(34) * 2, chr(34))} >= {bound!r}"
    if any('"' in c.column for c in where):
        return
    gate = parse(text)
    assert gate.where == tuple(where)
    assert gate.bound == bound


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Whatever is written, the answer is a gate or a SpecError."""
    try:
        found: Gate | SpecError = parse(text)
    except SpecError as error:
        found = error
    assert isinstance(found, Gate) or found.next_move
