"""A text becomes the weights of its words and pairs of neighbouring words: ``tf_idf:500`` keeps the 500 most frequent.

The weight of a term that stands t times in a text is (1 + ln t) (1 + ln((1 + n) / (1 + d))), where d of the n training
texts hold it; the weights of a text are then divided by the root of their squares' sum. Terms of a single text are left
out. A text of unknown words, like a missing one, has weight 0 throughout.

Source: G. Salton and C. Buckley, Term-weighting approaches in automatic text retrieval, Information Processing and
Management 24, 1988; smoothed as if one more text held every term, so that no weight is infinite.

>>> import numpy as np
>>> fit(np.array([[5, 7], [5, 9], [5, 7]], dtype=np.int64))
{'words': [5, 7], 'pairs': [[5, 7]], 'weights': [1.0, 1.2876820724517808, 1.2876820724517808]}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import ML, Graph, Value
from volvelle.prepare.arithmetic import row
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "words"
GIVES: Flow = "number"
FILLS = True
OPTION: float = 1000.0
OPTION_RANGE = (1.0, 20000.0)
_LEAST = 2
_SHIFT = 2**31


def fit(block: NDArray[np.generic], option: float = OPTION) -> Params:
    """The words and pairs of one column's words ``[n, length]`` that most texts hold, and their weights."""
    words = np.asarray(block, dtype=np.int64)
    first, second = words[:, :-1], words[:, 1:]
    pairs = np.where((first >= 0) & (second >= 0), first * _SHIFT + second, -1)
    singles, held = _documents(words)
    doubles, held_twice = _documents(pairs)
    counts = np.concatenate([held, held_twice])
    # A word is in at least as many texts as any pair with it, and stands before it: kept pairs have kept words.
    kept = np.sort(np.argsort(-counts, kind="stable")[: int(option)])
    kept_words, kept_pairs = kept[kept < len(singles)], kept[kept >= len(singles)] - len(singles)
    weights = 1.0 + np.log((1 + len(words)) / (1 + counts[kept]))
    return {
        "words": [int(w) for w in singles[kept_words]],
        "pairs": [[int(p // _SHIFT), int(p % _SHIFT)] for p in doubles[kept_pairs]],
        "weights": [float(w) for w in weights],
    }


def _documents(terms: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Terms of more than one row ``[n, length]``, ascending, and in how many rows they are; -1 is none."""
    ordered = np.sort(terms, axis=1)
    fresh = ordered >= 0
    fresh[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    found, counts = np.unique(ordered[fresh], return_counts=True)
    often = counts >= _LEAST
    return found[often], counts[often]


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """Counts by TfIdfVectorizer, whose own weights are linear in the count; the rest by plain operators."""
    words, pairs = params["words"], params["pairs"]
    width = len(words) + len(pairs)
    if not width:
        return graph.cast(graph.columns(x, []), "float")
    counts = graph.node(
        "TfIdfVectorizer",
        x,
        kind="float",
        width=width,
        mode="TF",
        min_gram_length=1,
        max_gram_length=2 if pairs else 1,
        max_skip_count=0,
        ngram_counts=[0, len(words)] if pairs else [0],
        ngram_indexes=list(range(width)),
        pool_int64s=[*words, *(w for pair in pairs for w in pair)],
    )
    one = row(graph, [1.0])
    there = graph.node("Min", counts, one)
    terms = graph.node("Add", there, graph.node("Log", graph.node("Max", counts, one)))
    weighed = graph.node("Mul", terms, row(graph, params["weights"]))
    # ReduceSum adds in an order that depends on how many rows there are; Normalizer goes row by row.
    return graph.node("Normalizer", weighed, domain=ML, norm="L2")


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``message=17`` for the word with the code 17, ``message=17+4`` for a pair."""
    terms = [str(w) for w in params["words"]] + ["+".join(map(str, pair)) for pair in params["pairs"]]
    return tuple(f"{columns[0]}={term}" for term in terms)
