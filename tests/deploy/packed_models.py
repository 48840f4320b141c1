"""Models to pack, rows to ask them with, and the answers of onnxruntime."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from volvelle.deploy.packing import Packing, middle
from volvelle.model.encode import encode
from volvelle.model.session import Session

TEXTS = (
    "Win £1000 NOW! call 0871",
    "größe ΟΔΟΣ ﬁne ½ Ⓐb x\u200dy",
    "日本語 テキスト ٣٤ हिन्दी",
    "x" * 127 + " " + "y" * 128 + " " + "z" * 300,
    "a_b-c's İstanbul ẞ \U0001f600 K",
    "line\nbreak\tand </script><b>",
    "one two three four five six seven eight nine ten",
    "...",
)
"""Texts with words of all kinds: two alphabets, digits of two, ligatures, marks, of more than one block of a hash."""
TYPES = {"number": pl.Float64, "integer": pl.Float64, "time": pl.Int64}


def rows_of(packing: Packing, count: int) -> pl.DataFrame:
    """Rows inside and outside the ranges, with what is missing and categories that nobody saw; the first is typical."""
    random = np.random.default_rng(5)
    columns: dict[str, list[Any]] = {}
    for member in packing.named().members:
        feature = member.feature
        made: list[Any] = []
        for k in range(count):
            odd = random.random() if k else 1.0
            if feature.kind == "text":
                made.append(
                    None if odd < 0.12 and feature.missing == "allow" else TEXTS[int(random.integers(len(TEXTS)))]
                )
                continue
            if odd < 0.12:
                made.append(None)
            elif feature.kind in ("number", "integer"):
                low, high = feature.low or 0.0, feature.high or 1.0
                value = random.uniform(low - (high - low) * 0.2, high + (high - low) * 0.2)
                made.append(float(middle(member)) if not k else round(value) if feature.kind == "integer" else value)
            elif feature.kind == "time":
                made.append(int(random.integers(1_500_000_000, 1_800_000_000)) if k else int(middle(member)))
            elif odd < 0.24 and feature.kind == "category":
                made.append("never seen")
            else:
                made.append(feature.categories[int(random.integers(len(feature.categories))) if k else 0])
        columns[feature.name] = made
    kinds = {m.feature.name: TYPES.get(m.feature.kind, pl.String) for m in packing.named().members}
    return pl.DataFrame(columns, schema=kinds)


def answers_of(packing: Packing, rows: pl.DataFrame) -> list[list[float]]:
    """For every row the number, or the position of the class and the scores."""
    made = Session(packing.onnx).run(encode(rows, packing.named().signature))
    if "prediction" in made:
        return [[float(v)] for v in made["prediction"][:, 0]]
    return [[float(a), *map(float, b)] for a, b in zip(made["label"], made["scores"], strict=True)]


def same(got: list[float], wanted: list[float]) -> bool:
    """Equal labels and numbers within the tolerance of the proof."""
    return len(got) == len(wanted) and all(
        math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-5) for a, b in zip(got, wanted, strict=True)
    )


def printed(text: str, packing: Packing) -> list[float]:
    """The answer that the sample program printed."""
    classes = packing.named().signature.classes
    lines = text.strip().splitlines()
    if not classes:
        return [float(lines[0])]
    return [float(classes.index(lines[0])), *(float(line.rpartition(": ")[2]) for line in lines[1:])]
