"""Steps over the words of texts: tf_idf against scikit-learn, hashed_counts against counting by hand."""

from __future__ import annotations

import gzip
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.feature_extraction.text import TfidfVectorizer

from volvelle.model.words import longest, word_codes, words
from volvelle.prepare.steps import tf_idf

blocks = arrays(np.int64, st.tuples(st.integers(2, 12), st.integers(1, 6)), elements=st.integers(0, 4))


def ending(block: Any, lengths: list[int]) -> Any:
    return np.where(np.arange(block.shape[1]) < np.array(lengths)[:, None], block, -1)


@settings(max_examples=100, deadline=None)
@given(blocks, st.data())
def test_weights_are_those_of_scikit_learn(run_step: Any, block: Any, data: Any) -> None:
    """Words and pairs of at least two texts, logarithmic counts, smoothed inverse frequency, length one."""
    block = ending(block, data.draw(st.lists(st.integers(0, 6), min_size=len(block), max_size=len(block))))
    texts = [" ".join(f"w{w}" for w in row if w >= 0) for row in block.tolist()]
    params = tf_idf.fit(block)
    found = run_step("tf_idf", block, params)
    oracle = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    try:
        wanted = oracle.fit_transform(texts).toarray()
    except ValueError:  # no term is in two texts
        assert found.shape == (len(block), 0)
        return
    terms = [f"w{w}" for w in params["words"]] + [f"w{a} w{b}" for a, b in params["pairs"]]
    assert sorted(terms) == oracle.get_feature_names_out().tolist()
    assert np.allclose(found, wanted[:, [oracle.vocabulary_[t] for t in terms]], atol=1e-5)


def test_messages_get_the_weights_of_scikit_learn(run_step: Any, real_data: Path) -> None:
    """The same on thousands of real messages, and no more terms than asked for, the most frequent ones."""
    lines = gzip.decompress((real_data / "text" / "sms_spam.tsv.gz").read_bytes()).decode().splitlines()
    cells = pl.Series([line.partition("\t")[2] for line in lines[:2000]])
    codes = word_codes(cells, longest(cells))
    params = tf_idf.fit(codes, option=20000)
    found = run_step("tf_idf", codes, params)
    oracle = TfidfVectorizer(analyzer=_terms, min_df=2, sublinear_tf=True)
    wanted = oracle.fit_transform(words(cells).to_list())
    assert found.shape == wanted.shape
    assert np.allclose(np.sort(found.sum(axis=1)), np.sort(np.asarray(wanted.sum(axis=1))[:, 0]), atol=1e-4)
    few = tf_idf.fit(codes, option=100)
    assert len(few["words"]) + len(few["pairs"]) == 100
    assert max(few["weights"]) <= sorted(params["weights"])[99]


def _terms(found: list[str]) -> list[str]:
    return [*found, *map(" ".join, itertools.pairwise(found))]


@settings(max_examples=100, deadline=None)
@given(arrays(np.int64, st.tuples(st.integers(1, 8), st.integers(1, 6)), elements=st.integers(-1, 2**31 - 1)))
def test_every_word_is_counted_in_its_bin(run_step: Any, block: Any) -> None:
    """The bin is the hash modulo the number of bins; what is no word is not counted."""
    found = run_step("hashed_counts", block, option=7.0)
    for row, answer in zip(block.tolist(), found, strict=True):
        counts = Counter(w % 7 for w in row if w >= 0)
        assert np.allclose(answer, [np.log1p(counts[b]) for b in range(7)], atol=1e-6)


def test_unknown_and_missing_texts_have_no_weight(run_step: Any) -> None:
    """A text of words that training never saw, and an empty one, are 0 throughout."""
    learnt = np.array([[1, 2], [1, 2], [2, 3]])
    found = run_step("tf_idf", np.array([[8, 9], [-1, -1], [2, 8]]), learnt=learnt)
    assert (found[:2] == 0).all()
    assert found[2].tolist() == pytest.approx([0.0, 1.0, 0.0])
