"""Free text as hashes of words: the same words everywhere, and nothing else."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volvelle.errors import DataError
from volvelle.model.encode import encode, example
from volvelle.model.signature import Feature, Signature
from volvelle.model.word_codes import word_code
from volvelle.model.words import MOST_WORDS, lexicon, longest, word_codes, words

texts = st.lists(st.one_of(st.none(), st.text(st.characters(codec="latin-1"), max_size=60)), min_size=1, max_size=8)


def signature(**changes: object) -> Signature:
    feature = Feature(name="note", kind="text", length=4, **changes)  # type: ignore[arg-type]
    return Signature(features=(feature,), target="y", task="regression")


@settings(max_examples=200, deadline=None)
@given(texts, st.integers(1, 10))
def test_each_word_keeps_its_place(cells: list[str | None], length: int) -> None:
    """Row by row the hashes are those of the row's first words, and -1 fills the rest."""
    series = pl.Series(cells, dtype=pl.String)
    made = word_codes(series, length)
    assert made.shape == (len(cells), length)
    for row, found in zip(made.tolist(), words(series).to_list(), strict=True):
        wanted = [word_code(w) for w in found[:length]]
        assert row == wanted + [-1] * (length - len(wanted))
    assert set(made[made >= 0].tolist()) <= set(lexicon(series))


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[A-Za-z]{1,6}|[0-9]{1,4}", fullmatch=True), max_size=6))
def test_case_marks_and_digits_do_not_count(parts: list[str]) -> None:
    """Words in other cases, between other marks and with other digits are the same words."""
    plain = " ".join(parts).lower()
    other = "!! ".join(re.sub(r"\d", "7", p).upper() for p in parts)
    assert words(pl.Series([plain])).to_list() == words(pl.Series([other])).to_list()


def test_letters_of_every_script_are_words() -> None:
    """Umlauts, Cyrillic and full-width letters belong to words; two ways to write one letter are one word."""
    assert words(pl.Series(["Größe: 12 мм", "ＡＢＣ", "cafe\u0301"])).to_list() == [
        ["größe", "00", "мм"],
        ["abc"],
        ["café"],
    ]
    assert word_code("café") == int(word_codes(pl.Series(["Cafe\u0301"]), 1)[0, 0])


def test_only_so_many_words_are_read() -> None:
    """The length covers the longest text in steps of eight, up to a stated most."""
    assert [longest(pl.Series(["w " * n])) for n in (0, 1, 8, 9, 10_000)] == [8, 8, 8, 16, MOST_WORDS]


def test_text_is_encoded_by_its_policy() -> None:
    """Numbers are words too, markers and gaps are missing, and a feature that refuses them says so."""
    made = encode(pl.DataFrame({"note": ["a b c d e", "NA", None]}), signature())["words"]
    assert made.shape == (3, 4)
    assert (np.asarray(made, dtype=np.int64) >= 0).tolist() == [[True] * 4, [False] * 4, [False] * 4]
    assert np.array_equal(
        encode(pl.DataFrame({"note": [12]}), signature())["words"],
        encode(pl.DataFrame({"note": ["34"]}), signature())["words"],
    )
    with pytest.raises(DataError, match="row 2"):
        encode(pl.DataFrame({"note": ["a", None]}), signature(missing="refuse"))
    assert encode(pl.DataFrame([example(signature())]), signature())["words"][0, 0] >= 0
