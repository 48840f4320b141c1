"""Which words of a text an answer hangs on: every word is taken out alone, and the answer asked for again.

That is occlusion (Zeiler and Fergus, ECCV 2014; on words Li, Monroe, Jurafsky, "Understanding Neural Networks through
Representation Erasure", 2016). Words that say the same cover for each other, so the amounts do not add up to that of
the whole text; they tell where to look.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from volvelle.evaluate.explain.records import Said
from volvelle.evaluate.explain.shipped import Inputs, Shipped, replaced
from volvelle.model.word_codes import NO_WORD
from volvelle.model.words import lexicon

MOST = 8


def spoken(shipped: Shipped, row: pl.DataFrame, inputs: Inputs, k: int) -> tuple[Said, ...]:
    """The words that move the answer most, over all texts of a row.

    Args:
        shipped: the model.
        row: one raw row.
        inputs: the same, encoded.
        k: position of the class whose probability is looked at; 0 for a value.
    """
    whole = float(shipped.answers(inputs)[1][0, k])
    found = []
    for place in shipped.places():
        if place.tensor != "words":
            continue
        names = lexicon(row[place.feature.name].cast(pl.String))
        codes = inputs["words"][0, place.at]
        different = np.unique(codes[codes >= 0])
        if not len(different):
            continue
        without = np.where(codes[None, :] == different[:, None], NO_WORD, codes[None, :])
        many = {name: np.repeat(matrix, len(different), axis=0) for name, matrix in inputs.items()}
        lost = shipped.answers(replaced(many, place, without))[1][:, k]
        found += [
            Said(column=place.feature.name, word=names[int(code)], amount=whole - float(left))
            for code, left in zip(different, lost, strict=True)
        ]
    found = [said for said in found if abs(said.amount) > 0]
    return tuple(sorted(found, key=lambda s: (-abs(s.amount), s.word))[:MOST])
