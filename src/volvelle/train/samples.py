"""Real tables that come with scikit-learn, as delimited text."""

from __future__ import annotations

import csv
import io

from sklearn.datasets import load_breast_cancer


def breast_cancer() -> str:
    """The Wisconsin diagnostic breast cancer table: 569 rows, 30 measurements, target ``diagnosis``.

    Source: Wolberg, Mangasarian, Street and Street (1995), UCI Machine Learning Repository.
    """
    bunch = load_breast_cancer()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*bunch.feature_names, "diagnosis"])
    for row, answer in zip(bunch.data, bunch.target, strict=True):
        writer.writerow([*row, bunch.target_names[answer]])
    return text.getvalue()
