"""The sets of `bench/quality.py`: where they lie, what is predicted, and which columns would give it away."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import NamedTuple

import polars as pl

from volvelle.spec.requirements import Data, FeatureSpec, Problem, Search, Spec

CAP = 125
"""Remaining cycles beyond it say nothing yet about wear (Heimes, PHM 2008)."""


class Table(NamedTuple):
    """One set."""

    source: str
    target: str
    ignore: tuple[str, ...] = ()
    task: str = "classification"
    time: str | None = None
    group: str | None = None
    text: tuple[str, ...] = ()
    """Columns of free text."""
    header: bool | None = None


_LEAKS = ("TWF", "HDF", "PWF", "OSF", "RNF")
SETS = {
    "titanic": Table("tabular/titanic.csv.gz", "Survived", ("PassengerId", "Name", "Ticket", "Cabin")),
    "telco": Table("tabular/telco_churn.csv.gz", "Churn", ("customerID",)),
    "ames": Table("regression/ames_housing.csv.gz", "SalePrice", ("Order", "PID"), "regression"),
    "wine": Table("tabular/wine_quality.csv.gz", "quality", (), "regression"),
    "ai4i": Table("tabular/ai4i2020.csv.gz", "Machine failure", ("UDI", "Product ID", *_LEAKS)),
    "mammography": Table("tabular/mammography.csv.gz", "class"),
    "california": Table("regression/california_housing.csv.gz", "median_house_value", (), "regression"),
    "bike": Table(
        "regression/bike_sharing_hour.csv.gz", "cnt", ("instant", "casual", "registered"), "regression", time="dteday"
    ),
    "adult": Table("tabular/adult_train.csv.gz", "income", ("fnlwgt",)),
    "bank": Table("tabular/bank_marketing.csv.gz", "y", ("duration",)),
    "electricity": Table("drift/elec2.csv.gz", "class"),
    "diamonds": Table("regression/diamonds.csv.gz", "price", (), "regression"),
    "sms": Table("text/sms_spam.tsv.gz", "column_1", text=("column_2",), header=False),
    "cmapss": Table("timeseries/cmapss_fd001_train.csv.gz", "rul", (), "regression", group="unit"),
}


def spec_for(name: str, data: Path, seed: int, budget: float) -> Spec:
    """What Volvelle is asked; the metric is log loss for classes and RMSE for numbers, as the peers are asked."""
    table = SETS[name]
    source = _with_life(data / table.source) if name == "cmapss" else data / table.source
    regression = table.task == "regression"
    return Spec(
        problem=Problem(target=table.target, task="regression" if regression else "classification"),
        data=Data(source=str(source), ignore=table.ignore, time=table.time, group=table.group, header=table.header),
        features={column: FeatureSpec(role="text") for column in table.text},
        search=Search(budget=f"{budget:g} s", seed=seed, metric="rmse" if regression else "log_loss"),
    )


def _with_life(source: Path) -> Path:
    """The engines' rows with their remaining cycles, capped."""
    rows = pl.read_csv(gzip.decompress(source.read_bytes()))
    left = (pl.col("cycle").max().over("unit") - pl.col("cycle")).clip(upper_bound=CAP)
    written = Path(tempfile.gettempdir()) / "volvelle-bench-cmapss.csv"
    rows.with_columns(left.alias("rul")).write_csv(written)
    return written
