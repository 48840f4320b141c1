"""What findings are made of: dependence, parts of a target, jumps along the rows."""

from __future__ import annotations

import numpy as np
import pytest

from volvelle.data.alone import alone, named
from volvelle.data.change import jumps
from volvelle.data.dependence import association, fits, judged, mutual_information
from volvelle.data.parts import exact_sum, setting_flags
from volvelle.data.table import Table


def test_mutual_information_by_hand() -> None:
    """Independent columns share nothing; a column tells the whole entropy of its copy, here log2(4)."""
    a, b = np.repeat([0, 1], 4), np.tile([0, 1, 2, 3], 2)
    assert mutual_information(a, b) == pytest.approx(0.0)
    assert mutual_information(b, b) == pytest.approx(2.0)


def test_the_floor_is_met_by_noise_in_about_one_table_of_twenty() -> None:
    """Over 100 tables of noise a column rises above the floor in at most 12."""
    risen = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        noise = {f"x{k}": rng.normal(size=200) for k in range(4)}
        found = association(Table.of({**noise, "y": rng.permutation([0, 1] * 100)}, target="y", seed=seed))
        risen += max(found.bits.values()) > found.floor
    assert risen <= 12


def test_a_rule_is_judged_on_rows_it_did_not_see() -> None:
    """A number that differs in every row and says nothing gains nothing; one cut that tells all gains all."""
    rng = np.random.default_rng(0)
    x, y = rng.permutation(1000).astype(float), rng.integers(0, 2, 1000)
    table = Table.of({"x": x, "y": y}, target="y")
    assert judged(table, x, y).gain < 0.2
    assert judged(table, x, (x > 400).astype(int)).gain >= 0.99


def test_missing_cells_are_a_leaf_of_their_own() -> None:
    """Where missing alone tells the class, the rule finds it."""
    y = np.array([0, 1] * 200)
    table = Table.of({"x": [None if k % 2 else k % 7 for k in range(400)], "y": y}, target="y")
    assert judged(table, table.numbers("x"), y).gain == 1.0


def test_a_monotone_curve_fits_and_noise_does_not() -> None:
    """Ranks see through an exponential; independent numbers do not fit."""
    x = np.linspace(0, 50, 200)
    assert fits(x, np.exp(x)) == pytest.approx(1.0)
    assert fits(x, np.random.default_rng(0).normal(size=200)) < 0.1
    assert fits(x, np.full(200, 3.0)) == 0.0


def amounts(seed: int) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    rng = np.random.default_rng(seed)
    return {name: rng.integers(0, 50, 200).astype(float) for name in "abcd"}


def test_a_weighted_sum_is_taken_apart() -> None:
    """2a - b + 5 is found with its weights and offset, and the columns beside it are not."""
    x = amounts(0)
    y = 2 * x["a"] - x["b"] + 5
    found = exact_sum(Table.of({**x, "y": y}, target="y", task="regression"), y)
    assert found is not None
    assert found.weights == pytest.approx({"a": 2.0, "b": -1.0})
    assert found.offset == pytest.approx(5.0)
    assert found.share == 1.0


def test_a_sum_with_noise_is_no_exact_sum() -> None:
    """A linear relation that holds only nearly is what models are for, and no leak."""
    x = amounts(0)
    y = x["a"] + x["b"] + np.random.default_rng(1).normal(size=200)
    assert exact_sum(Table.of({**x, "y": y}, target="y", task="regression"), y) is None


def test_flags_that_set_the_target() -> None:
    """Two flags whose union is the rare class are its parts; one that is named alike keeps them company."""
    rng = np.random.default_rng(3)
    one, two = rng.random(500) < 0.08, rng.random(500) < 0.08
    rows = {"AF": one, "BF": two, "CF": rng.random(500) < 0.05, "other": rng.random(500) < 0.5}
    found = setting_flags(Table.of({**rows, "y": (one | two).astype(int)}, target="y"))
    assert found is not None
    assert (found.columns, found.company) == (("AF", "BF"), ("CF",))
    assert found.covered == found.rows


def test_words_that_only_lean_to_one_class_are_no_parts() -> None:
    """Rare flags that are pure but cover a fifth of the class are honest evidence, as words in spam are."""
    rng = np.random.default_rng(4)
    y = (rng.random(600) < 0.3).astype(int)
    rows = {f"word{k}": (rng.random(600) < 0.05) & (y == 1) for k in range(4)}
    table = Table.of({**rows, "y": y}, target="y")
    assert setting_flags(table) is None
    assert alone(table) == {}


def test_a_name_alone_is_no_suspicion() -> None:
    """A column called duration that says nothing is left in peace."""
    rng = np.random.default_rng(5)
    rows = {"duration": rng.normal(size=300), "x": rng.normal(size=300)}
    assert named(Table.of({**rows, "y": rng.integers(0, 2, 300)}, target="y")) == {}


def test_a_trend_and_a_season_are_no_jumps() -> None:
    """A line, a sine and noise have no place where they jump."""
    k = np.arange(600)
    rng = np.random.default_rng(6)
    rows = {"line": k / 10 + rng.normal(size=600), "sine": np.sin(k / 60), "noise": rng.normal(size=600)}
    assert jumps(Table.of(rows)) == []


def test_a_jump_there_and_back() -> None:
    """A stretch of grams among kilograms is found with both its ends and the factor."""
    x = np.random.default_rng(7).uniform(50, 90, 400)
    x[150:250] *= 1000
    [jump] = jumps(Table.of({"weight": x}))
    assert (jump.row, jump.back, jump.unit) == (150, 250, "the unit became 1,000 times smaller")


def test_a_jump_is_looked_for_by_time() -> None:
    """With a time column the order of the rows in the file does not matter."""
    x = np.where(np.arange(300) < 120, 10.0, 30.0) + np.arange(300) % 3
    order = np.random.default_rng(8).permutation(300)
    rows = {"t": np.arange(300)[order], "x": x[order]}
    assert jumps(Table.of(rows)) == []
    [jump] = jumps(Table.of(rows, time="t"))
    assert rows["t"][jump.row] == 120
