"""Does a file find one kind of thing properly? `check_finding` says yes, or raises and says what is wrong."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import polars as pl

from volvelle.data.finding import MOST_EXAMPLES, SEVERITIES, Finding
from volvelle.data.table import Table
from volvelle.testing.check_metric import check_documented

_SEEDS = range(5)


def check_finding(module: ModuleType) -> None:
    """Hold a file against its contract (`data.contract.Finder`).

    Raises:
        AssertionError: one sentence that says what is wrong.
    """
    check_documented(module)
    name = module.__name__.rpartition(".")[2]
    for what, table in odd_tables().items():
        before = table.frame.clone()
        found = module.find(table)
        assert isinstance(found, list), f"find of {name} gives {type(found).__name__}, not a list"
        for finding in found:
            _check(name, what, finding, table)
            rows = bool(finding.examples) != bool(getattr(module, "ROWLESS", ""))
            assert rows, f"{name} shows example rows, or says in ROWLESS why none can show it; one of them ({what})"
        assert table.frame.equals(before, null_equal=True), f"find of {name} changes the rows ({what})"
        assert module.find(table) == found, f"find of {name} gives two answers to the same table ({what})"
    for seed in _SEEDS:
        grave = [f.sentence for f in module.find(noise(seed)) if f.severity == "high"]
        assert not grave, f"find of {name} calls noise a grave finding: {grave[0]}"


def _check(name: str, what: str, finding: object, table: Table) -> None:
    assert isinstance(finding, Finding), f"find of {name} gives a {type(finding).__name__} ({what})"
    assert finding.name == name, f"{name} calls a finding {finding.name!r}; the file's name is its name"
    assert finding.severity in SEVERITIES, f"{name} knows a severity {finding.severity!r}"
    assert finding.sentence.endswith("."), f"{name} gives no sentence: {finding.sentence!r}"
    assert finding.action, f"{name} proposes nothing ({what})"
    strange = [c for c in finding.columns if c not in table.columns]
    assert not strange, f"{name} names columns that are not there: {strange} ({what})"
    assert finding.counts, f"{name} counts nothing ({what})"
    assert all(count >= 0 for count in finding.counts.values()), f"{name} counts below zero ({what})"
    assert len(finding.examples) <= MOST_EXAMPLES, f"{name} shows more than {MOST_EXAMPLES} rows ({what})"
    for example in finding.examples:
        assert 1 <= example.row <= table.rows, f"{name} shows row {example.row} of {table.rows} ({what})"
        assert set(example.cells) <= set(table.columns), f"{name} shows cells of no column ({what})"
    overrules = not finding.overrule or finding.overrule.startswith("[")
    assert overrules, f"{name} must write a line as '[section] key = value', not {finding.overrule!r}"
    assert not finding.accept, f"{name} leaves the line that accepts it to exploring"


def noise(seed: int, rows: int = 300) -> Table:
    """A sound table whose target depends on nothing."""
    rng = np.random.default_rng(seed)
    columns = {
        "weight": rng.normal(70, 8, rows).round(3),
        "rooms": rng.integers(1, 9, rows),
        "city": [f"city {k}" for k in rng.integers(0, 6, rows)],
        "new": rng.random(rows) < 0.4,
        "y": rng.permutation(np.arange(rows) % 2),
    }
    return Table.of(columns, target="y")


def odd_tables() -> dict[str, Table]:
    """Small tables on which code that is not careful fails."""
    rng = np.random.default_rng(0)
    times = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 3), "1h", eager=True, time_zone="UTC")
    mixed = {
        "time": times.head(40).cast(pl.Datetime("us", "UTC")),
        "number": [None if k % 7 == 0 else k / 3 for k in range(40)],
        "text": [None if k % 5 == 0 else f"t{k % 4}" for k in range(40)],
        "flag": [None if k % 9 == 0 else k % 2 == 0 for k in range(40)],
        "empty": pl.Series([None] * 40, dtype=pl.String),
        "void": pl.Series([None] * 40, dtype=pl.Float64),
    }
    extremes = [1.7e308, -1.7e308, 5e-324, 0.0, -0.0, None, 1.0, 2.0] * 8
    return {
        "one row": Table.of({"x": [1.0], "y": ["a"]}, target="y"),
        "no target": Table.of({"x": list(range(60)), "t": ["a", "b", "c"] * 20}),
        "every kind": Table.of({**mixed, "y": [k % 2 for k in range(40)]}, target="y", time="time"),
        "an amount": Table.of({**mixed, "y": [k * 1.5 for k in range(40)]}, target="y", group="text"),
        "missing target": Table.of({"x": list(range(40)), "y": [None, "a", "b", "a"] * 10}, target="y"),
        "no answer": Table.of({"x": [1, 2], "y": pl.Series([None, None], dtype=pl.Int64)}, target="y"),
        "extremes": Table.of({"x": extremes, "y": list(range(64))}, target="y", task="regression"),
        "one class": Table.of({"x": list(range(50)), "y": ["a"] * 50}, target="y"),
        "only a target": Table.of({"y": [0, 1] * 30}, target="y"),
        "all set aside": Table.of({"x": [1, 2] * 30, "y": [0, 1] * 30}, target="y", ignore=("x",)),
        "many classes": Table.of({"x": rng.normal(size=90), "y": [f"c{k}" for k in range(90)]}, target="y"),
    }
