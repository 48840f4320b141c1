"""NannyML with its defaults: univariate drift of chunks as long as the table of now, or CBPE where there are scores."""

from __future__ import annotations

import importlib
from typing import Any

from bench.peers import watching

nannyml: Any = importlib.import_module("nannyml")
_CHUNK = 5000


def calls(reference: Any, now: Any) -> Any:
    """Whether any column of the chunk is beyond its thresholds; of scores the estimated area under the curve."""
    if "p" in now.columns:
        return estimates(reference, now)
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


if __name__ == "__main__":
    watching.answer("nannyml", calls)
