"""How often terms stand in a text, of words as whole numbers, perhaps times a weight."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.errors import ModelError

OP = "TfIdfVectorizer"
DOMAIN = ""


class _Terms(NamedTuple):
    """Terms of one length: sorted ``[terms, length]``, and the column of each."""

    table: NDArray[np.int64]
    places: NDArray[np.int64]


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """Counts, ones, or counts times weights, as `mode` says.

    Raises:
        ModelError: words are texts, words between those of a term may be skipped, or the tables do not fit.
    """
    counts = np.zeros((*x.shape[:-1], _width(node)), dtype=np.float32)
    for table, places in _terms(node):
        gram = table.shape[1]
        if x.shape[-1] >= gram:
            seen = np.lib.stride_tricks.sliding_window_view(x, gram, axis=-1)
            same = (seen[..., :, None, :] == table).all(axis=-1)
            for column, times in zip(places.tolist(), np.moveaxis(same.sum(axis=-2), -1, 0), strict=True):
                counts[..., column] += times
    mode, weights = _weighted(node)
    if mode == "IDF":
        counts = np.minimum(counts, np.float32(1))
    return counts if mode == "TF" or weights is None else counts * weights


def emit(node: Node, code: Code) -> None:
    """Every place of the text is looked up in a sorted table."""
    x, out = code.tensor(node.inputs[0]), node.outputs[0]
    length, width = x.shape[-1], _width(node)
    mode, weights = _weighted(node)
    code.add(f"for (int i = 0; i < {code.tensor(out).size}; i++) {code.element(out, 'i')} = 0.0f;")
    for row in range(x.size // max(length, 1)):
        for table, places in _terms(node):
            name, word = code.whole_table(table)
            facts = {"kind": code.kind(node.inputs[0]), "word": word, "table": name, "gram": table.shape[1]}
            asked = code.special("terms", **facts, places=code.whole_table(places)[0], count=len(table), length=length)
            ends = code.pointer(node.inputs[0]), code.pointer(out)
            code.add(f"{asked}({ends[0]} + {row * length}, {ends[1]} + {row * width});")
    here = code.element(out, "i")
    if mode == "IDF":
        code.add(f"for (int i = 0; i < {code.tensor(out).size}; i++) if ({here} > 1.0f) {here} = 1.0f;")
    if mode != "TF" and weights is not None:
        code.add(
            f"for (int i = 0; i < {code.tensor(out).size}; i++) {here} *= {code.constant(weights, f'i % {width}')};"
        )


def _width(node: Node) -> int:
    return int(max(node.attributes["ngram_indexes"], default=-1)) + 1


def _weighted(node: Node) -> tuple[str, NDArray[np.float32] | None]:
    """The mode, and a weight for every column where there are weights."""
    given = node.attributes.get("weights")
    mode = node.attributes["mode"].decode()
    if given is None:
        return mode, None
    weights = np.ones(_width(node), dtype=np.float32)
    weights[np.asarray(node.attributes["ngram_indexes"])] = np.asarray(given, dtype=np.float32)
    return mode, weights


def _terms(node: Node) -> list[_Terms]:
    """The terms of every length that counts."""
    given = node.attributes
    pool = given.get("pool_int64s")
    if pool is None:
        raise ModelError("the words of TfIdfVectorizer must be whole numbers", next_move="hash texts before")
    if given["max_skip_count"] and given["max_gram_length"] > 1:
        raise ModelError("terms with words left out are not supported", next_move="export with max_skip_count = 0")
    starts = [*given["ngram_counts"], len(pool)]
    found, at = [], 0
    for gram, (start, end) in enumerate(pairwise(starts), 1):
        if not 0 <= start <= end <= len(pool) or (end - start) % gram:
            raise ModelError(f"ngram_counts of TfIdfVectorizer do not divide {len(pool)} words into terms")
        table = np.asarray(pool[start:end], dtype=np.int64).reshape(-1, gram)
        places = np.asarray(given["ngram_indexes"][at : at + len(table)], dtype=np.int64)
        at += len(table)
        if len(places) != len(table) or (places < 0).any() or len(np.unique(table, axis=0)) < len(table):
            raise ModelError("every term of TfIdfVectorizer must have one column, and stand once")
        if len(table) and given["min_gram_length"] <= gram <= given["max_gram_length"]:
            order = np.lexsort(table.T[::-1])
            found.append(_Terms(table[order], places[order]))
    return found
