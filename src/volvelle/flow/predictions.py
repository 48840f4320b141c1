"""Stored predictions, read back as evaluation wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.evaluate.contract import Side
from volvelle.evaluate.sides import side
from volvelle.model.signature import Signature


def side_of(
    predictions: pl.DataFrame,
    name: str,
    signature: Signature,
    groups: NDArray[np.int64] | None = None,
    given: Mapping[str, Any] | None = None,
) -> Side:
    """The rows of one side ("train" or "test") of a table that `validate` stored."""
    frame = predictions.filter(pl.col("side") == name)
    scores = frame.select(pl.selectors.starts_with("score_")).to_numpy()
    labels = frame["label"] if "label" in frame.columns else frame["y"]
    return side(frame["y"].to_numpy(), labels.to_numpy(), scores, signature, groups, given)
