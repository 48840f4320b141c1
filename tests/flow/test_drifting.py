"""Two tables compared: real ones cut at random are alike, and what was done to one is found."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from volvelle.errors import DataError, NotFound
from volvelle.flow.drifting import Drift, look
from volvelle.ui.drifted import headline, page, text


def halves(real_data: Path, name: str, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A real table, shuffled and cut in two."""
    whole = pl.read_csv(real_data / "tabular" / name, infer_schema_length=None)
    mixed = whole.sample(fraction=1.0, shuffle=True, seed=seed)
    return mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]


def compared(folder: Path, before: pl.DataFrame, now: pl.DataFrame) -> Drift:
    """Through files, as a user's are."""
    before.write_csv(folder / "before.csv")
    now.write_csv(folder / "now.csv")
    return look(folder, None, str(folder / "before.csv"), str(folder / "now.csv"))


@pytest.mark.parametrize("name", ["titanic.csv.gz", "telco_churn.csv.gz", "ai4i2020.csv.gz"])
def test_halves_of_one_table_are_alike(real_data: Path, tmp_path: Path, name: str) -> None:
    """Of ten random cuts of a real table, with its names, rare categories and gaps, at most two call."""
    called = [compared(tmp_path, *halves(real_data, name, seed)).drifted for seed in range(10)]
    assert sum(called) <= 2


def test_what_was_done_to_a_table_is_found(real_data: Path, tmp_path: Path) -> None:
    """A changed unit, cells gone missing, a new category, a lost column and a changed kind: each is named, no other."""
    before, now = halves(real_data, "titanic.csv.gz", 1)
    some = pl.int_range(pl.len()) % 5 == 0
    now = now.with_columns(
        pl.col("Fare") * 1.5,
        pl.when(some).then(None).otherwise(pl.col("Parch")).alias("Parch"),
        pl.when(some).then(pl.lit("X")).otherwise(pl.col("Embarked")).alias("Embarked"),
        pl.lit("many").alias("SibSp"),
    ).drop("Ticket")
    found = compared(tmp_path, before, now)
    assert {c.feature for c in found.columns if c.drifted} == {"Fare", "Parch", "Embarked"}
    assert {(c.column, c.what) for c in found.changes} == {("Ticket", "removed"), ("SibSp", "kind")}
    parch = next(c for c in found.columns if c.feature == "Parch")
    missing = parch.of("missing_rate")
    assert missing is not None
    assert missing.p is not None
    assert missing.p < 1e-9
    assert found.together[0].p is not None
    assert found.together[0].p < 1e-6


def test_effect_sizes_are_told_with_the_tests(real_data: Path, tmp_path: Path) -> None:
    """Population stability index, total variation and distance stand beside the tests, and bear no chance."""
    found = compared(tmp_path, *halves(real_data, "titanic.csv.gz", 2))
    fare = next(c for c in found.columns if c.feature == "Fare")
    sizes = {a.test: a.p for a in fare.answers if a.p is None}
    assert set(sizes) == {"psi", "total_variation", "wasserstein"}
    assert sum(fare.before) == found.rows[0]


def test_what_is_printed_and_drawn(real_data: Path, tmp_path: Path) -> None:
    """The terminal and the page name the column that has drifted; the page draws it without a script."""
    before, now = halves(real_data, "titanic.csv.gz", 3)
    found = compared(tmp_path, before, now.with_columns(pl.col("Age") + 20))
    assert headline(found) == "1 of 12 columns has drifted"
    assert "✗  Age" in text(found)
    drawn = page(found)
    assert drawn.count('<svg class="chart"') == 1
    assert "<script" not in drawn
    assert len(drawn) < 60_000


def test_a_table_without_rows_or_shared_columns_is_refused(tmp_path: Path) -> None:
    """One clear error each."""
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("u,v\n1,2\n3,4\n", encoding="utf-8")
    (tmp_path / "none.csv").write_text("x,y\n", encoding="utf-8")
    with pytest.raises(DataError, match="share no column"):
        look(tmp_path, None, str(tmp_path / "a.csv"), str(tmp_path / "b.csv"))
    with pytest.raises(DataError, match="rows"):
        look(tmp_path, None, str(tmp_path / "a.csv"), str(tmp_path / "none.csv"))
    with pytest.raises(NotFound, match="no turn"):
        look(tmp_path, None, None, str(tmp_path / "a.csv"))
    with pytest.raises(NotFound, match="did you mean 'psi'"):
        look(tmp_path, None, str(tmp_path / "a.csv"), str(tmp_path / "a.csv"), ["psy"])
    assert not (tmp_path / ".volvelle").exists()


def test_of_a_few_rows_the_classifier_says_nothing(tmp_path: Path) -> None:
    """Below 20 rows of a side nothing is told of all columns together."""
    few = pl.DataFrame({"x": [1.0, 2.0, 3.0]})
    assert "together" not in text(compared(tmp_path, few, few))
