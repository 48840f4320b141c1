"""The draft of a spec: leaks set aside with the reason, gates from a quick baseline."""

from __future__ import annotations

from pathlib import Path

import pytest

from volvelle.data.collect import collect
from volvelle.errors import InputError
from volvelle.flow.baseline import _ceiling, _floor
from volvelle.flow.draft import draft
from volvelle.spec.read import parse
from volvelle.spec.requirements import Data, Spec
from volvelle.spec.write import write


def drafted(folder: Path, file: str, target: str) -> tuple[Spec, dict[str, str]]:
    spec, notes = draft(file, {"target": target}, folder)
    assert parse(write(spec, notes)) == spec
    return spec, notes


SETS = [
    ("tabular/bank_marketing.csv.gz", "y", {"duration"}, {"roc_auc": (0.65, 0.78)}),
    (
        "tabular/ai4i2020.csv.gz",
        "Machine failure",
        {"UDI", "Product ID", "TWF", "HDF", "PWF", "OSF", "RNF"},
        {"roc_auc": (0.6, 0.95)},
    ),
    ("regression/bike_sharing_hour.csv.gz", "cnt", {"casual", "registered", "instant"}, {"r2": (0.3, 0.9)}),
    ("tabular/telco_churn.csv.gz", "Churn", {"customerID"}, {"roc_auc": (0.7, 0.84)}),
    ("bad/csv/id_leaks_target.csv", "target", {"id", "target_copy", "settled_amount"}, {"roc_auc": (0.51, 0.6)}),
]


@pytest.mark.parametrize(("file", "target", "aside", "between"), SETS)
def test_leaks_and_names_of_rows_are_set_aside(
    file: str, target: str, aside: set[str], between: dict[str, tuple[float, float]], real_data: Path
) -> None:
    """What leaks or names rows is ignored with its reason; a gate lies below what simple models reach on the rest."""
    spec, notes = drafted(real_data, file, target)
    assert aside <= set(spec.data.ignore)
    assert all(column in notes["data.ignore"] for column in aside)
    bounds = dict(gate.split(" >= ") for gate in spec.require.gates if " >= " in gate)
    for metric, (low, high) in between.items():
        assert low <= float(bounds[metric]) <= high
    assert "quick baseline" in notes["require.gates"]


def test_a_column_is_kept_where_nothing_else_is_left(tmp_path: Path) -> None:
    """One feature that is the target's copy stays a feature: a spec without any would be no spec."""
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{k % 2},{'ab'[k % 2]}\n" for k in range(60)))
    assert drafted(tmp_path, "t.csv", "y")[0].data.ignore == ()


def test_tables_too_small_for_a_baseline_get_first_gates(tmp_path: Path) -> None:
    """Where no fold can be learnt, the gates of old stand and the note claims no baseline."""
    (tmp_path / "t.csv").write_text("x,y\n1,a\n2,b\n3.5,a\n4,b\n")
    spec, notes = drafted(tmp_path, "t.csv", "y")
    assert spec.require.gates
    assert ("quick baseline" in notes["require.gates"]) == (spec.require.gates[0] != "roc_auc >= 0.7")


def test_bounds_lie_behind_the_mean_and_before_chance() -> None:
    """At least 0.05 or a twentieth behind, three standard errors where folds differ, never at chance or beyond."""
    assert _floor(0.9, 0.0, 0.5) == 0.85
    assert _floor(0.8, 0.08, 0.3) == 0.56
    assert _floor(0.5, 0.0, 0.5) == 0.52
    assert _ceiling(100.0, 0.0, 500.0) == 110
    assert _ceiling(100.0, 20.0, 500.0) == 160
    assert _ceiling(490.0, 0.0, 500.0) == 490


@pytest.mark.parametrize(
    ("file", "target", "metrics", "most"),
    [
        ("regression/bike_sharing_hour.csv.gz", "cnt", ["r2", "mae"], {"mae": 110}),
        ("tabular/mammography.csv.gz", "class", ["roc_auc", "pr_auc"], {}),
        ("tabular/telco_churn.csv.gz", "Churn", ["roc_auc", "balanced_accuracy"], {}),
        ("tabular/wine_quality.csv.gz", "quality", ["balanced_accuracy", "accuracy"], {}),
    ],
)
def test_gates_suit_the_target(
    file: str, target: str, metrics: list[str], most: dict[str, float], real_data: Path
) -> None:
    """Amounts are bounded in their own unit too, rare classes by PR-AUC, several by accuracy above the majority."""
    gates = drafted(real_data, file, target)[0].require.gates
    assert [gate.split()[0] for gate in gates] == metrics
    bounds = {gate.split()[0]: float(gate.split()[2]) for gate in gates}
    assert all(bounds[metric] <= high for metric, high in most.items())
    if target == "quality":
        assert bounds["accuracy"] > 0.44
        assert 'task = "regression"' in drafted(real_data, file, target)[1]["problem.task"]


def test_the_same_table_gives_the_same_draft(real_data: Path) -> None:
    """Sampling is seeded."""
    first, second = (draft("tabular/titanic.csv.gz", {"target": "Survived"}, real_data) for _ in range(2))
    assert first == second


def test_every_nasty_file_is_drafted_or_refused(real_data: Path) -> None:
    """A spec for the last column that reads back as it was, or one clear error."""
    made, refused = 0, []
    for path in sorted((real_data / "bad" / "csv").glob("[!w]*")):
        try:
            frame, _ = collect(Data(source=path.name), {}, path.parent)
            drafted(path.parent, path.name, frame.columns[-1])
            made += 1
        except InputError as error:
            refused.append((path.name, bool(error.next_move)))
    assert made > 25
    assert all(advised for _, advised in refused), refused


def test_a_wide_table_is_drafted(real_data: Path) -> None:
    """Two thousand columns and twelve rows give a sound spec."""
    drafted(real_data, "bad/csv/wide_2000_columns.csv", "target")
