"""JSON: rows, nesting, mixed columns, and errors that name the line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from volvelle.data.collect import collect
from volvelle.data.records import Layout
from volvelle.data.sources.json import read
from volvelle.errors import DataError
from volvelle.spec.requirements import Data

REFUSED = {
    '[{"x": NaN}]': "NaN is no JSON value",
    '[{"x": 1, "x": 2}]': "'x' stands twice",
    '[{"x": 1}, 3]': "element 2: a row is not an object but 3",
    '{"rows": [{"x": 1}]}': "one JSON object (keys rows)",
    '"text"': "one JSON value",
    "[]": "no row in it",
    "[{}]": "no keys",
    '[{"x": 1}': "line 1, column",
    '[{"x": 1}] [': "this is not JSON: Extra data",
    '[{"a": {"b": 1}, "a.b": 2}]': "two values would be called 'a.b'",
    '[{"x": "\\ud800"}]': "half a character",
    '{"x":' * 100_000: "nested too deeply",
    '[{"x": ' + "9" * 5000 + "}]": "integer string conversion",
}


@pytest.mark.parametrize("text", sorted(REFUSED), ids=lambda text: text[:20])
def test_what_is_no_table_is_refused(text: str, tmp_path: Path) -> None:
    """Each kind of wrong JSON gives one clear error with a next move."""
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(DataError) as caught:
        read("t.json", tmp_path, Layout())
    assert REFUSED[text] in str(caught.value)
    assert caught.value.next_move


def test_lines_name_the_line_of_an_error(tmp_path: Path) -> None:
    """One object a line: blank lines do not count, and an error names its line."""
    (tmp_path / "t.jsonl").write_text('{"x": 1}\n\n{"x": 2}\n{"x" 3}\n')
    with pytest.raises(DataError, match=r"t\.jsonl, line 4, column 6"):
        read("t.jsonl", tmp_path, Layout())


def test_types_are_kept_and_mixtures_counted(tmp_path: Path) -> None:
    """Large integers stay exact, absent keys are missing, and a mixed column becomes text with the counts noted."""
    rows = '{"i": 9007199254740993, "m": 1, "f": 1}\n{"i": null, "m": "b", "f": 0.5, "deep": {"a": {"b": true}}}\n'
    (tmp_path / "t.ndjson.gz").write_bytes(gzip.compress(rows.encode()))
    frame, dataset = collect(Data(source="t.ndjson.gz"), {}, tmp_path)
    assert frame.to_dicts() == [
        {"i": 2**53 + 1, "m": "1", "f": 1.0, "deep.a.b": None},
        {"i": None, "m": "b", "f": 0.5, "deep.a.b": True},
    ]
    assert "column 'm' holds 1 integers and 1 texts; read as text" in dataset.notes


def test_integers_that_a_double_rounds_are_told(tmp_path: Path) -> None:
    """An integer beyond 2^53 in a column with decimals is rounded with a note, one beyond 64 bits stays text."""
    (tmp_path / "t.json").write_text('[{"a": 9007199254740995, "b": 1e400, "c": 99999999999999999999}, {"a": 0.5}]')
    frame, dataset = collect(Data(source="t.json"), {}, tmp_path)
    assert frame["c"][0] == "99999999999999999999"
    assert frame["b"].null_count() == 2
    assert any("'a' has 1 numbers beyond 2^53" in note for note in dataset.notes)


def test_lists_are_set_aside(tmp_path: Path) -> None:
    """A column of lists is no feature; a note says so."""
    (tmp_path / "t.json").write_text('[{"a": [1], "b": 1}, {"a": null, "b": 2}]')
    got = read("t.json", tmp_path, Layout())
    assert got.frame.columns == ["b"]
    assert got.notes == ("column 'a' holds 1 lists and was set aside",)


def test_an_array_under_the_wrong_name_is_read(tmp_path: Path) -> None:
    """What the file is called proves nothing."""
    (tmp_path / "t.jsonl").write_text('[{"a": 1}]')
    got = read("t.jsonl", tmp_path, Layout())
    assert got.frame.rows() == [(1,)]
    assert "one array" in got.notes[0]
