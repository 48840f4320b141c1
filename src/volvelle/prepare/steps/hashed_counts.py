"""A text becomes counts of its words in a fixed number of bins: ``hashed_counts:64`` deals all words into 64.

Nothing is learnt and no word is stored, so the step is small and knows words that training never saw; words that share
a bin cannot be told apart. Each count c goes out as ln(1 + c). A missing text counts nothing. For weights of the very
words see `tf_idf`.

Source: K. Weinberger et al., Feature hashing for large scale multitask learning, ICML 2009.

>>> import numpy as np
>>> params = fit(np.array([[5, 7, -1]], dtype=np.int64), option=2)
>>> params, names(("t",), params)
({'bins': 2}, ('t bin 0', 't bin 1'))
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.arithmetic import row, whole
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "words"
GIVES: Flow = "number"
FILLS = True
OPTION: float = 256.0
OPTION_RANGE = (2.0, 65536.0)


def fit(block: NDArray[np.generic], option: float = OPTION) -> Params:
    """Nothing to learn from one column's words ``[n, length]`` but the number of bins."""
    return {"bins": int(option)}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``ln(1 + count(x mod bins))``, where no word stays no word."""
    bins: int = params["bins"]
    none = graph.node("Less", x, whole(graph, 0), kind="bool")
    dealt = graph.node("Mod", x, whole(graph, bins))
    dealt = graph.node("Where", none, whole(graph, -1), dealt, kind="int64", width=x.width)
    counts = graph.node(
        "TfIdfVectorizer",
        dealt,
        kind="float",
        width=bins,
        mode="TF",
        min_gram_length=1,
        max_gram_length=1,
        max_skip_count=0,
        ngram_counts=[0],
        ngram_indexes=list(range(bins)),
        pool_int64s=list(range(bins)),
    )
    return graph.node("Log", graph.node("Add", counts, row(graph, [1.0])))


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``t bin 0`` and so on."""
    return tuple(f"{columns[0]} bin {number}" for number in range(params["bins"]))
