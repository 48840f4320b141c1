"""Free text as numbers: each word becomes a hash of its own, so that no dictionary has to travel.

A word is a run of letters, marks, digits and underscores (``\\w`` of Unicode Technical Standard 18, annex C) of the
text in normal form NFKC, in lower case, with every digit read as 0: ``Call 0870`` and ``call 0871`` are the same two
words, and what is kept of a number is how long it is.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.model.word_codes import NO_WORD, word_code

MOST_WORDS = 256
"""Of one text only so many words are read."""
_STEP = 8


def words(cells: pl.Series) -> pl.Series:
    """The words of each text, in their order; none where it is missing.

    >>> words(pl.Series(["Win £1000 NOW!", None])).to_list()
    [['win', '0000', 'now'], []]
    """
    plain = cells.fill_null("").str.normalize("NFKC").str.to_lowercase()
    return plain.str.replace_all(r"\p{Nd}", "0").str.extract_all(r"\w+")


def word_codes(cells: pl.Series, length: int) -> NDArray[np.int64]:
    """The hashes of the first `length` words of each text, ``[n, length]``, padded with -1.

    >>> word_codes(pl.Series(["call", ""]), 2).tolist()
    [[234933372, -1], [-1, -1]]
    """
    found = words(cells).list.head(length)
    counts = found.list.len().to_numpy().astype(np.int64)
    flat = found.explode().drop_nulls()
    different = flat.unique()
    codes = flat.replace_strict(different, pl.Series([word_code(w) for w in different], dtype=pl.Int64))
    made = np.full((len(cells), length), NO_WORD, dtype=np.int64)
    ends = np.cumsum(counts)
    place = np.arange(int(counts.sum())) - np.repeat(ends - counts, counts)
    made[np.repeat(np.arange(len(cells)), counts), place] = codes.to_numpy()
    return made


def lexicon(cells: pl.Series) -> dict[int, str]:
    """The words behind the hashes, for people: no model needs them.

    >>> lexicon(pl.Series(["call me", "Call"]))
    {234933372: 'call', 1297681974: 'me'}
    """
    return {word_code(word): word for word in words(cells).explode().drop_nulls().unique().sort()}


def longest(cells: pl.Series) -> int:
    """How many words of each text must be read for these texts: a multiple of 8, at most 256.

    >>> longest(pl.Series(["one two three"]))
    8
    """
    most = int(words(cells).list.len().to_numpy().max(initial=0))
    return min(MOST_WORDS, max(1, -(-most // _STEP)) * _STEP)
