"""`volvelle drift` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl


def test_the_command_compares_with_the_newest_run(turned: Any, turned_folder: Path) -> None:
    """With one table the reference is what the newest run learnt from; an altered table exits with 1 and is drawn."""
    same = turned("drift", "pumps.csv", "--json")
    assert same.returncode == 0, same.stderr
    rows = pl.read_csv(turned_folder / "pumps.csv")
    number = next(c for c, t in rows.schema.items() if t.is_numeric() and rows[c].n_unique() > 20)
    rows.with_columns(pl.col(number) * 2).write_csv(turned_folder / "altered.csv")
    done = turned("drift", "pumps.csv", "altered.csv", "-o", "drift.html")
    assert done.returncode == 1, done.stderr
    assert number in done.stdout
    assert "Next: volvelle retrain" in done.stderr
    assert number in (turned_folder / "drift.html").read_text(encoding="utf-8")
    version = json.loads(turned("data", "log", "--json").stdout)["versions"][-1]["version"]
    assert turned("drift", version[:8], "pumps.csv").returncode == 0
    assert json.loads(same.stdout)["least"] == 0.02
