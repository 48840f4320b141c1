"""What is known of the public data sets is flagged on the raw files, by exploring and by drafting a spec."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from volvelle.data.collect import collect
from volvelle.data.explore import explore
from volvelle.data.finding import Finding
from volvelle.data.table import Asked
from volvelle.flow.draft import draft
from volvelle.prepare.split import Keys, folds, sides
from volvelle.spec.read import parse
from volvelle.spec.requirements import Data
from volvelle.spec.write import write

SETS = {
    "adult": ("tabular/adult_train.csv.gz", "income"),
    "ai4i2020": ("tabular/ai4i2020.csv.gz", "Machine failure"),
    "ames_housing": ("regression/ames_housing.csv.gz", "SalePrice"),
    "bank_marketing": ("tabular/bank_marketing.csv.gz", "y"),
    "bike_sharing": ("regression/bike_sharing_hour.csv.gz", "cnt"),
    "california_housing": ("regression/california_housing.csv.gz", "median_house_value"),
    "cmapss": ("timeseries/cmapss_fd001_train.csv.gz", "cycle"),
    "diamonds": ("regression/diamonds.csv.gz", "price"),
    "electricity": ("drift/elec2.csv.gz", "class"),
    "mammography": ("tabular/mammography.csv.gz", "class"),
    "telco_churn": ("tabular/telco_churn.csv.gz", "Churn"),
    "titanic": ("tabular/titanic.csv.gz", "Survived"),
    "wine_quality": ("tabular/wine_quality.csv.gz", "quality"),
}
HIGH = {
    "ai4i2020": ["leak:RNF", "leak:TWF+HDF+PWF+OSF"],
    "bank_marketing": ["leak:duration"],
    "bike_sharing": ["leak:casual+registered"],
    "wine_quality": ["balance:quality"],
}
"""Every grave finding; a set that is not named has none."""
MEDIUM = {
    "adult": ["disguised:capital-gain"],
    "ai4i2020": ["balance:Machine failure", "identifier:Product ID", "identifier:UDI"],
    "ames_housing": [
        "disguised:Garage Area",
        "disguised:Mas Vnr Type",
        "identifier:Order",
        "identifier:PID",
        "missing:Alley",
        "missing:Fence",
        "missing:Misc Feature",
        "missing:Pool QC",
        "neighbours:SalePrice",
    ],
    "bank_marketing": [
        "disguised:job+marital+education+default+housing+loan",
        "disguised:pdays",
        "drift:euribor3m",
    ],
    "bike_sharing": ["disguised:hum", "identifier:instant", "neighbours:cnt+dteday"],
    "california_housing": ["drift:latitude", "neighbours:median_house_value"],
    "cmapss": ["groups:unit", "neighbours:cycle"],
    "diamonds": ["disguised:x+y+z", "neighbours:price"],
    "electricity": ["neighbours:class"],
    "mammography": [
        "balance:class",
        "disguised:rms_noise_fluctuation",
        "disguised:shape_descriptor",
        "duplicates",
        "order:class",
    ],
    "telco_churn": ["identifier:customerID"],
    "titanic": ["cardinality:Ticket", "identifier:Name", "identifier:PassengerId", "missing:Cabin", "personal:Name"],
    "wine_quality": [
        "drift:total sulfur dioxide+volatile acidity+chlorides+sulphates+free sulfur dioxide+residual sugar",
        "duplicates",
    ],
}
"""Every middling finding."""
ASIDE = {
    "ai4i2020": {"UDI", "Product ID", "TWF", "HDF", "PWF", "OSF", "RNF"},
    "ames_housing": {"Order", "PID"},
    "bank_marketing": {"duration"},
    "bike_sharing": {"instant", "casual", "registered"},
    "telco_churn": {"customerID"},
    "titanic": {"PassengerId", "Name", "Ticket"},
}
"""What a draft sets aside because it leaks or names rows."""


def found(name: str, folder: Path) -> tuple[Finding, ...]:
    file, target = SETS[name]
    frame, dataset = collect(Data(source=file), {}, folder)
    return explore(frame, dataset, Asked(target=target)).findings


@pytest.mark.parametrize("name", SETS)
def test_what_is_flagged_and_nothing_else(name: str, real_data: Path) -> None:
    """The grave and middling findings of each raw file are those that a person who knows the set would name."""
    keys = {
        severity: sorted(f.key for f in found(name, real_data) if f.severity == severity)
        for severity in ("high", "medium")
    }
    assert keys == {"high": HIGH.get(name, []), "medium": MEDIUM[name]}


@pytest.mark.parametrize("name", SETS)
def test_a_draft_sets_aside_what_leaks_or_names_rows(name: str, real_data: Path) -> None:
    """Exactly these columns are ignored, each with its reason in a comment; the draft reads back as it was."""
    file, target = SETS[name]
    spec, notes = draft(file, {"target": target}, real_data)
    constant = {"setting3", "s1", "s5", "s10", "s16", "s18", "s19"} if name == "cmapss" else set()
    assert set(spec.data.ignore) == ASIDE.get(name, set()) | constant
    text = write(spec, notes)
    above = text.partition("\nignore = ")[0]
    assert all(repr(column) in above or f" {column}," in above or f"{column} " in above for column in spec.data.ignore)
    assert parse(text) == spec


@pytest.mark.parametrize(
    ("name", "time", "group", "sensitive"),
    [
        ("bike_sharing", "dteday", None, ()),
        ("cmapss", None, "unit", ()),
        ("telco_churn", None, None, ("gender", "SeniorCitizen")),
        ("titanic", None, None, ("Sex", "Age")),
        ("electricity", None, None, ()),
        ("wine_quality", None, None, ()),
    ],
)
def test_a_draft_splits_as_the_rows_came(
    name: str, time: str | None, group: str | None, sensitive: tuple[str, ...], real_data: Path
) -> None:
    """By time where a time orders rows that are alike, by group where rows lie in blocks; who is protected is named."""
    file, target = SETS[name]
    data = draft(file, {"target": target}, real_data)[0].data
    assert (data.time, data.group, data.sensitive) == (time, group, sensitive)


def test_an_asked_split_is_kept(real_data: Path) -> None:
    """A group that the user names is not joined by a time."""
    file, target = SETS["bike_sharing"]
    data = draft(file, {"target": target, "group": "dteday"}, real_data)[0].data
    assert (data.time, data.group) == (None, "dteday")


def test_the_parts_of_the_hires_add_up(real_data: Path) -> None:
    """The finding says what the sum is, and that it always holds."""
    [leak] = [f for f in found("bike_sharing", real_data) if f.name == "leak"]
    assert leak.sentence == "'cnt' is casual + registered in 100.0% of rows."
    assert leak.overrule == '[data] ignore = ["casual", "registered"]'


def test_blanks_in_a_column_of_numbers(real_data: Path) -> None:
    """TotalCharges of the telephone company is a number, and its eleven blank cells are told."""
    [blank] = [f for f in found("telco_churn", real_data) if f.name == "missing"]
    assert blank.sentence == "'TotalCharges' is missing in 11 of 7,043 rows (0.2%), left blank."


def test_a_changed_mark_is_no_finding_once_declared(real_data: Path) -> None:
    """With the proposed range for pdays, 999 counts as missing, and only a low finding recalls it."""
    file, target = SETS["bank_marketing"]
    [mark] = [f for f in found("bank_marketing", real_data) if f.key == "disguised:pdays"]
    spec = parse(f'problem.target = "{target}"\ndata.source = "{file}"\n{mark.overrule}\n')
    frame, dataset = collect(spec.data, spec.features, real_data)
    left = explore(frame, dataset, Asked(target=target, features=spec.features)).findings
    assert [(f.name, f.severity) for f in left if f.columns == ("pdays",) and f.name in ("disguised", "invalid")] == [
        ("invalid", "low")
    ]


def test_duplicates_never_straddle(real_data: Path) -> None:
    """Of mammography's 3,334 repeated rows none lies on both sides, in the split and in every fold."""
    frame, _ = collect(Data(source=SETS["mammography"][0]), {}, real_data)
    keys = Keys("class", tuple(name for name in frame.columns if name != "class"))
    both = sides(frame, keys, task="classification", test=0.3)
    assert both.duplicates >= 3334
    assert shared(frame, keys, both.train.tolist(), both.test.tolist()) == 0
    train = frame[both.train]
    for learnt, scored in folds(train, keys, task="classification", method="stratified"):
        assert shared(train, keys, learnt.tolist(), scored.tolist()) == 0
    drawn = frame.with_row_index().sample(fraction=0.7, seed=7)["index"].to_list()
    rest = sorted(set(range(frame.height)) - set(drawn))
    assert shared(frame, keys, drawn, rest) > 500, "a plain random split would share rows"


def shared(frame: pl.DataFrame, keys: Keys, one: list[int], other: list[int]) -> int:
    """Rows of the second part that equal a row of the first in every feature."""
    columns = list(keys.features)
    return frame[other].join(frame[one].select(columns).unique(), on=columns, how="semi", nulls_equal=True).height
