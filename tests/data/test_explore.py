"""Exploring: what is known of real and nasty tables is found, and nothing is claimed about noise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn import datasets

from volvelle.data.collect import collect, describe
from volvelle.data.explore import MANY, explore
from volvelle.data.finding import Finding
from volvelle.data.profile import Profile
from volvelle.data.records import Dataset
from volvelle.data.table import Asked
from volvelle.errors import DataError, SpecError
from volvelle.spec.requirements import Data, FeatureSpec


def explored(folder: Path, file: str, target: str, **asked: object) -> Profile:
    frame, dataset = collect(Data(source=file), {}, folder)
    return explore(frame, dataset, Asked(target=target, **asked))  # type: ignore[arg-type]


def of(found: Profile, name: str) -> list[Finding]:
    return [finding for finding in found.findings if finding.name == name]


def columns(found: Profile, name: str) -> set[str]:
    return {column for finding in of(found, name) for column in finding.columns}


LEAKS = [
    ("tabular/bank_marketing.csv.gz", "y", {"duration"}),
    ("tabular/ai4i2020.csv.gz", "Machine failure", {"TWF", "HDF", "PWF", "OSF", "RNF"}),
    ("regression/bike_sharing_hour.csv.gz", "cnt", {"casual", "registered"}),
    ("bad/csv/id_leaks_target.csv", "target", {"id", "target_copy", "settled_amount"}),
    ("tabular/telco_churn.csv.gz", "Churn", set()),
    ("tabular/adult_train.csv.gz", "income", set()),
    ("tabular/titanic.csv.gz", "Survived", set()),
    ("tabular/mammography.csv.gz", "class", set()),
    ("tabular/wine_quality.csv.gz", "quality", set()),
    ("regression/california_housing.csv.gz", "median_house_value", set()),
    ("regression/ames_housing.csv.gz", "SalePrice", set()),
    ("regression/diamonds.csv.gz", "price", set()),
    ("drift/elec2.csv.gz", "class", set()),
]


@pytest.mark.parametrize(("file", "target", "leaks"), LEAKS)
def test_leaks_of_real_sets(file: str, target: str, leaks: set[str], real_data: Path) -> None:
    """Exactly the columns that are known to leak are flagged as high, with the line that sets them aside."""
    found = explored(real_data, file, target)
    assert columns(found, "leak") == leaks
    for finding in of(found, "leak"):
        assert finding.severity == "high"
        assert finding.overrule.startswith("[data] ignore = [")
        assert finding.accept == f'[data] accept = ["{finding.key}"]'
        assert len(finding.examples) == 5


SHUFFLED = [
    ("tabular/bank_marketing.csv.gz", "y", 4000),
    ("tabular/ai4i2020.csv.gz", "Machine failure", 10000),
    ("regression/bike_sharing_hour.csv.gz", "cnt", 4000),
    ("bad/csv/id_leaks_target.csv", "target", 400),
    ("tabular/wine_quality.csv.gz", "quality", 4000),
]


@pytest.mark.parametrize(("file", "target", "rows"), SHUFFLED)
def test_no_leak_is_claimed_where_the_target_is_shuffled(file: str, target: str, rows: int, real_data: Path) -> None:
    """Twenty shuffles of the target: no column is a leak suspect, and at most three times one rises above chance."""
    frame, dataset = collect(Data(source=file), {}, real_data)
    frame = frame.head(rows)
    risen = 0
    for seed in range(20):
        shuffled = frame.with_columns(frame[target].shuffle(seed=seed))
        found = explore(shuffled, dataset, Asked(target=target))
        assert of(found, "leak") == []
        risen += of(found, "association")[0].counts["columns above chance"] > 0
    assert risen <= 3


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits", "diabetes"])
def test_sound_tables_raise_no_alarm(name: str) -> None:
    """Clean textbook tables, strongly predictable ones among them, have no high finding."""
    bunch = getattr(datasets, f"load_{name}")()
    rows = dict(zip(map(str, bunch.feature_names), bunch.data.T, strict=True))
    found = table({**rows, "target": bunch.target}, target="target")
    assert [f.sentence for f in found.findings if f.severity == "high"] == []


def test_a_change_of_units_is_named(real_data: Path) -> None:
    """From Celsius to Fahrenheit at row 301; from g to m/s² at row 1,001 and back: found where they are, and named."""
    found = explored(real_data, "bad/csv/unit_change_midway.csv", "target")
    [drift] = of(found, "drift")
    assert (drift.severity, drift.columns, drift.counts["rows before"]) == ("high", ("temperature",), 300)
    assert "°C became °F" in drift.sentence
    [drift] = of(explored(real_data, "bad/sensor/accel_faults.csv", ""), "drift")
    assert (drift.severity, drift.columns, drift.counts["rows before"]) == ("high", ("az",), 1000)
    assert "g became m/s²" in drift.sentence


def test_spellings_of_labels(real_data: Path) -> None:
    """Eight spellings of two classes are named, the one with a Cyrillic letter among them."""
    [spelling] = of(explored(real_data, "bad/csv/label_spelling.csv", "target"), "spelling")
    assert (spelling.severity, spelling.counts["spellings"], spelling.counts["values"]) == ("high", 8, 2)
    assert "\\u0430" in spelling.sentence


def test_telco(real_data: Path) -> None:
    """Eleven blank cells, the name of the row and a protected attribute are found."""
    found = explored(real_data, "tabular/telco_churn.csv.gz", "Churn")
    [missing] = of(found, "missing")
    assert (missing.columns, missing.counts["missing"]) == (("TotalCharges",), 11)
    assert (columns(found, "identifier"), columns(found, "protected")) == (
        {"customerID"},
        {"gender", "SeniorCitizen"},
    )


DISGUISED = [
    ("tabular/bank_marketing.csv.gz", "y", {"pdays": "high = 998", "default": '"unknown"'}),
    ("timeseries/air_quality_uci.csv.gz", "CO(GT)", {"NMHC(GT)": '"-200"', "CO(GT)": '"-200"'}),
    ("regression/diamonds.csv.gz", "price", {"x": "low = 1.865", "z": "low = 0.535"}),
    ("bad/csv/skewed_outliers.csv", "target", {"age": "high = 998"}),
]


@pytest.mark.parametrize(("file", "target", "marks"), DISGUISED)
def test_gaps_in_disguise(file: str, target: str, marks: dict[str, str], real_data: Path) -> None:
    """Each number or word that stands for 'missing' is found, with the line that reads it so."""
    found = of(explored(real_data, file, target), "disguised")
    for column, mark in marks.items():
        assert any(column in f.columns and mark in f.overrule for f in found), column


def test_a_marker_that_means_none(real_data: Path) -> None:
    """Ames writes NA where a house has no alley: 14 columns get a line that declares it a category.

    With these lines NA is one there, a blank is still missing, and so is NA among numbers.
    """
    found = of(explored(real_data, "regression/ames_housing.csv.gz", "SalePrice"), "missing")
    lines = [f.overrule for f in found if "'NA' is an answer" in f.action]
    assert len(lines) == 14
    assert '[features.Alley] categories = ["NA", "Grvl", "Pave"]' in lines
    declared = {
        f.columns[0]: FeatureSpec(categories=tuple(json.loads(f.overrule.partition("= ")[2])))
        for f in found
        if f.overrule in lines
    }
    frame, _ = collect(Data(source="regression/ames_housing.csv.gz"), declared, real_data)
    missing = {name: frame[name].null_count() for name in ("Alley", "Bsmt Qual", "Lot Frontage")}
    assert missing == {"Alley": 0, "Bsmt Qual": 1, "Lot Frontage": 490}
    assert frame["Alley"].value_counts().sort("count").rows()[-1] == ("NA", 2732)


def test_a_gap_in_the_target_is_grave(real_data: Path) -> None:
    """-200 in the column to predict would be learnt as a value."""
    found = of(explored(real_data, "timeseries/air_quality_uci.csv.gz", "CO(GT)"), "disguised")
    assert found[0].severity == "high"


def test_repeated_and_contradicting_rows(real_data: Path) -> None:
    """Of 235 rows, 20 are repeated and 15 more with the opposite label; mammography has 3,334 repeats."""
    found = explored(real_data, "bad/csv/dup_train.csv", "target")
    assert of(found, "duplicates")[0].counts["equal rows"] == 20
    assert of(found, "contradictions")[0].counts["rows against the majority"] == 15
    found = explored(real_data, "tabular/mammography.csv.gz", "class")
    assert (found.duplicates, of(found, "duplicates")[0].counts["equal rows"]) == (3334, 3334)


NASTY = [
    ("bad/csv/constant_columns.csv", "target", "constant", 3),
    ("bad/csv/skewed_outliers.csv", "target", "invalid", 1),
    ("bad/csv/id_leaks_target.csv", "target", "order", 1),
    ("bad/csv/rare_classes.csv", "target", "balance", 1),
    ("bad/csv/unique_strings.csv", "target", "identifier", 1),
    ("bad/csv/missing_target.csv", "target", "missing", 1),
    ("bad/csv/one_class_target.csv", "target", "constant", 1),
    ("bad/csv/booleans_mixed.csv", "target", "spelling", 1),
    ("bad/csv/mixed_types.csv", "target", "mistyped", 1),
    ("timeseries/cmapss_fd001_train.csv.gz", "cycle", "groups", 1),
    ("tabular/titanic.csv.gz", "Survived", "personal", 1),
    ("tabular/titanic.csv.gz", "Survived", "cardinality", 2),
    ("regression/california_housing.csv.gz", "median_house_value", "skew", 4),
    ("regression/diamonds.csv.gz", "price", "outliers", 3),
]


@pytest.mark.parametrize(("file", "target", "name", "least"), NASTY)
def test_what_a_file_is_known_for(file: str, target: str, name: str, least: int, real_data: Path) -> None:
    """Each defect that a file was made with, or is known for, is a named finding."""
    assert len(columns(explored(real_data, file, target), name)) >= least


def test_every_nasty_file_is_explored(real_data: Path) -> None:
    """Whatever can be read can be explored, with its last column as the target and without one."""
    for path in sorted((real_data / "bad" / "csv").iterdir()):
        try:
            frame, dataset = collect(Data(source=path.name), {}, path.parent)
        except DataError:
            continue
        for target in ("", *frame.columns[-1:]):
            assert explore(frame, dataset, Asked(target=target)).rows == frame.height


def table(columns: Mapping[str, object], **asked: object) -> Profile:
    frame = pl.DataFrame(columns)
    found = tuple(describe(column) for column in frame.iter_columns())
    dataset = Dataset(version="", rows=frame.height, columns=found, source="", origins=())
    return explore(frame, dataset, Asked(**asked))  # type: ignore[arg-type]


def test_what_the_spec_accepts_is_told_last() -> None:
    """A finding is accepted by its key, by its name, or column by column; then it asks for no line."""
    copy = {"x": [0, 1] * 40, "z": [k * 7 % 80 / 3 for k in range(80)], "y": [0, 1] * 40}
    for accept in (("leak:x",), ("leak",), ("leak:x", "leak:z")):
        found = table(copy, target="y", accept=accept)
        [leak] = of(found, "leak")
        assert (leak.accepted, leak.accept, found.findings[-1]) == (True, "", leak)
    [leak] = of(table(copy, target="y", accept=("skew:z",)), "leak")
    assert (leak.accepted, leak.accept) == (False, '[data] accept = ["skew:z", "leak:x"]')


def test_what_is_set_aside_is_no_leak() -> None:
    """A column in [data] ignore, the time and the group are no suspects."""
    copy = {"x": [0, 1] * 40, "z": [k * 7 % 80 / 3 for k in range(80)], "y": [0, 1] * 40}
    for asked in ({"ignore": ("x",)}, {"group": "x"}, {"features": {"x": FeatureSpec(role="ignore")}}):
        assert of(table(copy, target="y", **asked), "leak") == []


@pytest.mark.parametrize(
    ("file", "target", "aside", "left"),
    [
        ("regression/bike_sharing_hour.csv.gz", "cnt", ("casual",), {"registered"}),
        ("regression/bike_sharing_hour.csv.gz", "cnt", ("casual", "registered"), set()),
        ("tabular/ai4i2020.csv.gz", "Machine failure", ("TWF", "HDF", "OSF", "RNF"), {"PWF"}),
        ("tabular/ai4i2020.csv.gz", "Machine failure", ("TWF", "HDF", "PWF", "OSF"), {"RNF"}),
    ],
)
def test_a_part_stays_a_leak_where_another_is_set_aside(
    file: str, target: str, aside: tuple[str, ...], left: set[str], real_data: Path
) -> None:
    """Setting aside one part of the target does not make the others harmless."""
    assert columns(explored(real_data, file, target, ignore=aside), "leak") == left


def test_personal_cells_are_masked() -> None:
    """Findings of any kind show no e-mail address."""
    people = {"mail": [f"p{k}@example.com" for k in range(40)], "x": [1.5] * 40, "y": [0, 1] * 20}
    found = table(people, target="y")
    assert columns(found, "personal") == {"mail"}
    shown = [e.cells["mail"] for f in found.findings for e in f.examples if "mail" in e.cells]
    assert shown
    assert all(cell.startswith("p*@***") for cell in shown)


def test_many_findings_of_one_kind_are_told_as_one() -> None:
    """Fifty constant columns make one finding that names them all and sets them aside in one line."""
    found = of(table({f"c{k}": [k] * 30 for k in range(50)}), "constant")
    assert len(found) == 1
    assert len(found[0].columns) == 50 > MANY
    assert '"c49"]' in found[0].overrule
    assert found[0].accept == '[data] accept = ["constant"]'


def test_a_large_table_is_sampled_and_says_so() -> None:
    """Of 30,000 rows 20,000 are looked at for dependence; the sentence tells, and the seed decides which."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=30_000)
    big = {"x": x, "noise": rng.normal(size=30_000), "y": (x > 0).astype(int)}
    first, second = (of(table(big, target="y", seed=s), "leak")[0] for s in (1, 1))
    assert "in 20,000 of 30,000 rows" in first.sentence
    assert first == second


def test_a_declared_range_and_category_are_held_against_the_cells() -> None:
    """Values outside what the spec declares are grave."""
    declared = {"x": FeatureSpec(low=0, high=10), "size": FeatureSpec(categories=("S", "L"))}
    rows = {"x": [1.0, 5.0, 11.0, 7.0], "size": ["S", "L", "M", "S"], "y": [0, 1, 0, 1]}
    found = table(rows, target="y", features=declared)
    assert [(f.severity, f.examples[0].row) for n in ("invalid", "undeclared") for f in of(found, n)] == [
        ("high", 3)
    ] * 2


def test_an_absent_target_is_refused(real_data: Path) -> None:
    """A misspelt target is answered with the near name."""
    with pytest.raises(SpecError, match="no column 'Targe'"):
        explored(real_data, "bad/csv/dup_train.csv", "Targe")
