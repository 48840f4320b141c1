"""NannyML with its defaults: univariate drift of chunks as long as the table of now.

CBPE where there are scores, DLE where there are guesses of a number.
"""

from __future__ import annotations

import importlib
from typing import Any

from bench.peers import watching

nannyml: Any = importlib.import_module("nannyml")
_CHUNK = 5000


def calls(reference: Any, now: Any) -> Any:
    """Whether any column of the chunk is beyond its thresholds; of answers what is estimated of them."""
    if "p" in now.columns:
        return estimates(reference, now)
    if "guess" in now.columns:
        return error(reference, now)
    columns = list(now.columns)
    calculator = nannyml.UnivariateDriftCalculator(column_names=columns, chunk_size=len(now)).fit(reference)
    found = calculator.calculate(now).filter(period="analysis").to_df()
    return bool(found.xs("alert", axis=1, level=2).to_numpy().any())


def estimates(reference: Any, now: Any) -> list[float]:
    """The estimated area of each chunk."""
    estimator = nannyml.CBPE(
        problem_type="classification_binary",
        y_pred_proba="p",
        y_pred="pred",
        y_true="y",
        metrics=["roc_auc"],
        chunk_size=_CHUNK,
    ).fit(reference)
    found = estimator.estimate(now.drop(columns="y")).filter(period="analysis").to_df()
    return [float(value) for value in found["roc_auc"]["value"]]


def error(reference: Any, now: Any) -> float:
    """The estimated mean absolute error of all rows of now."""
    names = [name for name in now.columns if name not in ("guess", "y")]
    estimator = nannyml.DLE(
        feature_column_names=names, y_pred="guess", y_true="y", metrics=["mae"], chunk_size=len(now)
    ).fit(reference)
    found = estimator.estimate(now.drop(columns="y")).filter(period="analysis").to_df()
    return float(found["mae"]["value"].iloc[0])


if __name__ == "__main__":
    watching.answer("nannyml", calls)
