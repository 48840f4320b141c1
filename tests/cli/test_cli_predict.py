"""Predicting from the command line: by the model's own spec, beside the cells as they were given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROWS = "note,heat,site\n9007199254740993,90,n\n0012,1.50,\n"


def test_cells_come_back_as_they_were_given(turned: Any, tmp_path: Path) -> None:
    """Large numbers, leading zeros and decimals keep every digit: people join the answers on them."""
    (tmp_path / "rows.csv").write_text(ROWS)
    lines = turned("predict", str(tmp_path / "rows.csv")).stdout.splitlines()
    assert [line.split(",")[:3] for line in lines[1:]] == [["9007199254740993", "90", "n"], ["0012", "1.50", ""]]


def test_the_release_decides_how_rows_are_read(empty: Any, tmp_path: Path) -> None:
    """Editing or breaking the spec after a release changes none of the champion's answers."""
    typed = empty
    spec = tmp_path / "volvelle.toml"
    lines = '[problem]\ntarget = "fails"\n[data]\nsource = "pumps.csv"\n[search]\ntrials = 2\nfolds = 2\n'
    spec.write_text(lines + 'estimators = ["constant", "decision_tree"]\n')
    assert typed("run", "--release").returncode == 0
    (tmp_path / "rows.csv").write_text("heat,site\n90,n\n10,s\n")
    before = typed("predict", "rows.csv")
    spec.write_text(spec.read_text().replace('"pumps.csv"', '"pumps.csv"\nmissing = ["90", "n"]'))
    assert typed("predict", "rows.csv").stdout == before.stdout
    spec.write_text("not a spec")
    after = typed("predict", "rows.csv")
    assert (after.returncode, after.stdout) == (0, before.stdout)


def test_output_never_takes_the_place_of_the_input(turned: Any, tmp_path: Path) -> None:
    """Writing over the rows, and a column that the answers would hide, are refused."""
    rows = tmp_path / "rows.csv"
    rows.write_text("heat,site,prediction\n90,n,mine\n")
    refused = turned("predict", str(rows), "-o", str(rows))
    assert (refused.returncode, rows.read_text()) == (2, "heat,site,prediction\n90,n,mine\n")
    hidden = turned("predict", str(rows))
    assert hidden.returncode == 2
    assert "--only" in hidden.stderr
    assert turned("predict", str(rows), "--only").returncode == 0


def test_run_zero_is_no_run(turned: Any, tmp_path: Path) -> None:
    """A run number of nought is an unknown run, not the champion."""
    (tmp_path / "rows.csv").write_text("heat,site\n90,n\n")
    assert "no run 0" in turned("predict", str(tmp_path / "rows.csv"), "--run", "0").stderr


def test_printed_commands_work_from_elsewhere(empty: Any, turned_folder: Path, tmp_path: Path) -> None:
    """A next step carries the spec's path, quoted, so that it can be pasted."""
    place = tmp_path / "a folder"
    place.symlink_to(turned_folder)
    shown = empty("show", "1", "--spec", "a folder/volvelle.toml")
    assert "volvelle reproduce 1 --spec 'a folder/volvelle.toml'" in shown.stderr


def test_names_cannot_drive_the_terminal(empty: Any, tmp_path: Path) -> None:
    """Control characters in column names are shown, not obeyed."""
    (tmp_path / "t.csv").write_text('"a\x1b[31m",y\n' + "\n".join(f"{k},{'ab'[k % 2]}" for k in range(20)) + "\n")
    (tmp_path / "volvelle.toml").write_text('[problem]\ntarget = "y"\n[data]\nsource = "t.csv"\n')
    done = empty("check", "--data")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "a\\x1b[31m" in done.stdout
