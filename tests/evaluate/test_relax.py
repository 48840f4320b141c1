"""What a budget decided, and which requirement to relax by how much."""

from __future__ import annotations

from msgspec import structs

from volvelle.compiler.device import device
from volvelle.evaluate.budget import budget
from volvelle.evaluate.judge import judge
from volvelle.evaluate.records import Constrained, Measured, Verdict, Weighed
from volvelle.evaluate.relax import constrained
from volvelle.spec.gates import parse
from volvelle.train.records import Searched, Trial

SHIPPED = Weighed(
    estimator="tree", score=0.52, size=1, operations=1, shipped=True, flash=20_000, ram=64, instructions=9
)


def trial(number: int, estimator: str, score: float, flash: int, *, fits: bool) -> Trial:
    """A finished trial that is foretold to take so much flash, all of it program."""
    takes = {"flash": flash, "tables": 0, "ram": 64, "instructions": 900, "cycles": 1300, "leaves": 9}
    return Trial(
        number=number, estimator=estimator, settings={}, status="done", score=score, size=9, foretold=takes, fits=fits
    )


def told(gates: list[str], *trials: Trial, values: tuple[float, ...] = ()) -> tuple[Constrained, list[Verdict]]:
    """What is told of a search on a core with gates, of which each has a measured value."""
    searched = Searched(metric="pr_auc", direction="up", trials=trials, best=0, seed=1, folds=5, budget=1.0, spent=1.0)
    parsed = [parse(gate) for gate in gates]
    verdicts = [judge(g, Measured(value=v)) for g, v in zip(parsed, values, strict=True)]
    found, after = constrained(searched, budget(device("cortex-m0", "8 MHz"), parsed), SHIPPED, verdicts)
    assert found is not None
    return found, list(after)


def test_a_floor_that_nothing_inside_meets() -> None:
    """Both ways out are told: the flash of the smallest that meets the floor, and the floor that fits."""
    found, verdicts = told(
        ["pr_auc >= 0.6", "flash <= 32 KiB"],
        trial(0, "tree", 0.5251, 20_000, fits=True),
        trial(1, "boosted", 0.65, 90_000, fits=False),
        trial(2, "forest", 0.61, 41_700, fits=False),
        values=(0.51, 20_000),
    )
    assert found.relax == (
        "the smallest candidate with pr_auc >= 0.600 over the folds is forest, pr_auc 0.61 over the folds, with "
        "41.2 KiB of flash: 'flash <= 42 KiB' lets it in",
        "'pr_auc >= 0.525' is what fits: tree, pr_auc 0.5251 over the folds",
    )
    assert (found.candidates, found.fitting) == (3, 1)
    assert found.free is not None
    assert found.free.estimator == "boosted"
    assert "1 of 3 candidates are foretold to fit the device: tree" in verdicts[1].reason
    assert "without the budget boosted, pr_auc 0.65 over the folds with 88.4 KiB of flash" in verdicts[1].reason
    assert "foretold" not in verdicts[0].reason


def test_nothing_fits() -> None:
    """The nearest is named with every limit that it would meet."""
    found, verdicts = told(
        ["flash <= 1 KiB", "latency <= 0.1 ms"],
        trial(0, "tree", 0.5, 20_000, fits=False),
        trial(1, "boosted", 0.6, 90_000, fits=False),
        values=(20_000, 1.0),
    )
    assert found.relax == (
        "the smallest candidate is tree, pr_auc 0.5 over the folds, with 20.0 KiB of flash and 1,950 cycles a row: "
        "'flash <= 21 KiB' and 'latency <= 0.3 ms' lets it in",
    )
    assert all("none of 2 candidates is foretold to fit" in v.reason for v in verdicts)


def test_a_budget_that_costs_nothing_says_so() -> None:
    """Where the best of all fits, there is nothing to relax."""
    one = trial(0, "tree", 0.7, 2_000, fits=True)
    found, verdicts = told(["pr_auc >= 0.6", "flash <= 32 KiB"], one, values=(0.7, 2000))
    assert (found.relax, found.within) == ((), found.free)
    assert "the best of all is one of them" in verdicts[1].reason
    # Missed by chance: a candidate that fits met it over the folds.
    assert told(["pr_auc >= 0.6", "flash <= 32 KiB"], one, values=(0.5, 2000))[0].relax == ()
    # What cannot be compiled is no way out.
    alien = structs.replace(trial(1, "alien", 0.9, 0, fits=False), foretold={})
    found, verdicts = told(["flash <= 32 KiB"], one, alien, values=(2000,))
    assert "without the budget alien, pr_auc 0.9 over the folds with an operator that cannot be compiled" in (
        verdicts[0].reason
    )


def test_the_smallest_that_is_as_good_is_told() -> None:
    """Of those that fit, the one with the least flash within one standard error of the best; smaller ones are not."""
    found, _ = told(
        ["pr_auc >= 0.4", "flash <= 64 KiB"],
        *(structs.replace(t, spread=0.04) for t in (
            trial(0, "lightgbm", 0.60, 50_000, fits=True),
            trial(1, "forest", 0.59, 20_000, fits=True),
            trial(2, "tree", 0.57, 1_000, fits=True),
            trial(3, "mlp", 0.61, 500, fits=False),
        )),
        values=(0.6, 20_000),
    )  # fmt: skip
    assert found.within is not None
    assert found.small is not None
    assert (found.within.estimator, found.small.estimator, found.small.flash) == ("lightgbm", "forest", 20_000)
