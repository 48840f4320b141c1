"""Words of a text, counted in C."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from volvelle.compiler.host import Host
from volvelle.compiler.limits import read
from volvelle.compiler.prove import compiled
from volvelle.errors import ModelError
from volvelle.model.session import Session

WORDS = st.integers(-1, 6)


def counting(words: list[int], pairs: list[tuple[int, int]], length: int, **more: Any) -> bytes:
    """A model that counts words and pairs of neighbours in a text of so many words."""
    width = len(words) + len(pairs)
    told: dict[str, Any] = {
        "mode": "TF",
        "min_gram_length": 1,
        "max_gram_length": 2,
        "max_skip_count": 0,
        "ngram_counts": [0, len(words)],
        "ngram_indexes": list(range(width))[::-1],
        "pool_int64s": [*words, *(w for pair in pairs for w in pair)],
    }
    node = helper.make_node("TfIdfVectorizer", ["x"], ["y"], **(told | more))
    ends = [
        helper.make_tensor_value_info("x", TensorProto.INT64, ["N", length]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", width]),
    ]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(model.SerializeToString())


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.lists(WORDS, min_size=1, max_size=6, unique=True),
    st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8, unique=True),
    st.integers(1, 9),
    st.sampled_from(["TF", "IDF", "TFIDF"]),
    st.sampled_from([(1, 1), (1, 2), (2, 2)]),
)
def test_any_text_is_counted_as_onnxruntime_does(
    words: list[int], pairs: list[tuple[int, int]], length: int, mode: str, grams: tuple[int, int]
) -> None:
    """Counts, ones and weights are those of onnxruntime, to the bit, for texts with repeated and unknown words."""
    random = np.random.default_rng(len(words) + 10 * len(pairs) + 100 * length)
    weights = [float(w) for w in random.normal(size=len(words) + len(pairs)).astype(np.float32)]
    more = {} if mode == "TF" else {"weights": weights}
    content = counting(words, pairs, length, mode=mode, min_gram_length=grams[0], max_gram_length=grams[1], **more)
    rows = random.integers(-1, 8, (20, length))
    wanted = np.asarray(Session(content, check=read).run({"x": rows})["y"])
    (made,) = Host(compiled(content).sources).run([rows])
    assert np.array_equal(made, wanted)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"max_skip_count": 1}, "words left out"),
        ({"pool_int64s": [1, 1, 2, 3], "ngram_counts": [0, 2], "ngram_indexes": [0, 1, 2]}, "stand once"),
        ({"ngram_counts": [0, 1]}, "do not divide"),
    ],
)
def test_what_is_not_counted_is_refused(more: dict[str, Any], told: str) -> None:
    """Words that are skipped, terms that stand twice and tables that do not fit are each refused in one sentence."""
    with pytest.raises(ModelError, match=told):
        compiled(counting([1, 2], [(2, 3)], 5, **more))
