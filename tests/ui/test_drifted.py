"""The page of two tables before axe-core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.ui.test_accessibility import tried

from volvelle.flow.drifting import look
from volvelle.ui.drifted import page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_on_the_page_of_drift(scheme: str, browser: str, axe: Path, tmp_path: Path) -> None:
    """axe-core finds no violation on the page of ten columns that have drifted, on a telephone and on a desk."""
    rng = np.random.default_rng(1)
    for name, shift in (("before", 0.0), ("now", 1.0)):
        table = {f"column {k}": rng.normal(shift, 1, 300) for k in range(10)}
        named = {"kind <b>of</b> thing": rng.choice(["a", "b", "a long name of a category"], 300), name: [1] * 300}
        pl.DataFrame(table | named).write_csv(tmp_path / f"{name}.csv")
    found = look(tmp_path, None, str(tmp_path / "before.csv"), str(tmp_path / "now.csv"))
    assert found.drifted
    seen = tried(browser, axe, tmp_path, page(found), scheme=scheme)
    assert [one["violations"] for one in seen] == [[], []]
    assert all("color-contrast" in one["passes"] for one in seen)
