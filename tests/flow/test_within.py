"""The study under a limit, and proposals held to it."""

from __future__ import annotations

from typing import Any

import pytest

from volvelle.catalog import ESTIMATORS
from volvelle.compiler.device import device
from volvelle.evaluate.budget import Budget, Limit
from volvelle.flow.within import MANY, Within
from volvelle.train.contract import defaults
from volvelle.train.order import inside
from volvelle.train.records import Trial

MODULES = {name: ESTIMATORS.load(name) for name in ESTIMATORS.names()}
SMALL = sorted(name for name, module in MODULES.items() if hasattr(module, "small"))


def within(most: float) -> Within:
    """Under a limit on flash; what is needed is what is foretold and 512 bytes."""
    limits = (Limit(name="flash", most=most + 512, gate=f"flash <= {most} B"),)
    return Within(Budget(device=device("cortex-m0"), limits=limits), MODULES, 5)


def trial(number: int, estimator: str, flash: int, found: int, **settings: Any) -> Trial:
    """A trial that was weighed."""
    takes = {"flash": flash, "tables": 0, "ram": 8, "instructions": 1, "cycles": 1, "leaves": found}
    return Trial(number=number, estimator=estimator, settings=settings, status="done", foretold=takes)


@pytest.mark.parametrize("name", ["decision_tree", "extra_trees", "lightgbm", "random_forest"])
def test_the_study_of_trees_varies_all_that_decides_their_size(name: str) -> None:
    """Trees, leaves, depth and bits of leaves each take several values, in the entries and in the proposals."""
    module = MODULES[name]
    entries = module.small(600)
    for key in ("trees", "leaves", "depth", "leaf_bits"):
        if (name, key) != ("decision_tree", "trees"):
            assert len({entry[key] for entry in entries}) > 1, key
            assert key in module.SMALL


CHEAP = trial(0, "constant", 1000, 0)


@pytest.mark.parametrize("name", SMALL)
def test_every_study_keeps_to_the_leaves_and_to_its_space(name: str) -> None:
    """Whatever room there is, entries have no more leaves than that, and a proposer could have made them."""
    module = MODULES[name]
    assert set(module.SPACE) <= set(module.SMALL)
    for leaves in (0, 1, 5, 40, 700, MANY):
        for entry in module.small(leaves):
            each = module.leaves(entry) if hasattr(module, "leaves") else entry.get("leaves", 0)
            assert each * entry.get("trees", 1) <= leaves
            whole = defaults(module.SPACE) | entry
            assert all(inside(value, module.SMALL[key]) for key, value in whole.items())
    assert name == "mlp" or not module.small(0)


def test_the_room_is_told_by_the_first_trial() -> None:
    """100 leaves at 10 bytes each above the cheapest candidate leave room for 300 in 3,000 bytes, less 5 %."""
    first = trial(1, "decision_tree", 2000, 100)
    found = within(4000).study([CHEAP, first])
    assert [entry["leaves"] for entry in found["decision_tree"]] == [285, 71, 285]
    assert set(found) == {"decision_tree"}, "of the others nothing is known yet"
    assert within(10**6).study([CHEAP, first]) == {}, "so much room asks for no study"


def test_proposals_are_held_to_the_room() -> None:
    """Trees are taken away, not leaves of a tree; of a single tree its leaves."""
    trials = [CHEAP, trial(1, "lightgbm", 2000, 100, leaves=10, trees=10), trial(2, "decision_tree", 2000, 100)]
    inside_ = within(4000)
    assert inside_.held(("lightgbm", {"leaves": 10, "trees": 99}), trials) == ("lightgbm", {"leaves": 10, "trees": 30})
    assert inside_.held(("lightgbm", {"leaves": 10, "trees": 9}), trials) == ("lightgbm", {"leaves": 10, "trees": 9})
    assert inside_.held(("decision_tree", {"leaves": 900}), trials) == ("decision_tree", {"leaves": 300})
    assert inside_.held(("logistic", {"strength": 1.0}), trials) == ("logistic", {"strength": 1.0})
    # Of oblivious trees the depth tells; a setting that they do not have is not made up.
    flat = [CHEAP, trial(4, "catboost", 2000, 64, depth=4, trees=4)]
    assert inside_.held(("catboost", {"depth": 4, "trees": 99}), flat)[1] == {"depth": 4, "trees": 12}
    assert inside_.held(("catboost", {"depth": 4}), flat)[1] == {"depth": 4}
    # The trial most like the proposal tells: large trees take fewer bytes a leaf here.
    more = [*trials, trial(3, "lightgbm", 2000, 200, leaves=40, trees=5)]
    assert inside_.held(("lightgbm", {"leaves": 40, "trees": 99}), more)[1] == {"leaves": 40, "trees": 15}


def test_few_rows_leave_trees_smaller_than_they_may_be() -> None:
    """Leaves are counted where the model has fewer than its settings allow."""
    first = trial(1, "lightgbm", 2000, 100, leaves=15, trees=100)
    (entry, *_) = within(4000).study([CHEAP, first])["lightgbm"]
    assert entry["leaves"] * entry["trees"] <= 285


def test_the_room_is_told_by_a_trial_of_the_same_bits() -> None:
    """Leaves of fewer bits take less, so that there is room for more of them."""
    trials = [
        CHEAP,
        trial(1, "lightgbm", 2000, 100, leaves=10, trees=10),
        trial(2, "lightgbm", 1500, 100, leaves=10, trees=10, leaf_bits=8),
    ]
    asked = {"leaves": 10, "trees": 99}
    assert within(4000).held(("lightgbm", asked), trials)[1]["trees"] == 30
    assert within(4000).held(("lightgbm", asked | {"leaf_bits": 8}), trials)[1]["trees"] == 60
    assert within(4000).held(("lightgbm", asked | {"leaf_bits": 12}), trials)[1]["trees"] == 60, "of others, the newest"
