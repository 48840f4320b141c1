"""The draft of a spec: leaks set aside with the reason, gates from a quick baseline."""

from __future__ import annotations

from pathlib import Path

import pytest

from volvelle.data.collect import collect
from volvelle.errors import InputError
from volvelle.flow.baseline import _bound
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


def test_bounds_lie_below_the_mean_and_above_chance() -> None:
    """At least 0.05 below, three standard errors below where folds differ, never at or under chance."""
    assert _bound([0.9, 0.9, 0.9], 100, 100, 0.5)[1] == 0.85
    mean, wide = _bound([0.7, 0.9, 0.8], 100, 100, 0.3)
    assert wide == pytest.approx(mean - 3 * 0.0816, abs=0.011)
    assert _bound([0.5, 0.5, 0.5], 100, 100, 0.5)[1] == 0.52


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
