"""What a search tries under the budget of a device: a small study directly under the limit, and proposals held to it.

How many leaves there is room for is told by a trial that was weighed: its leaves, times what a limit leaves beside the
cheapest candidate of all, over what the trial takes beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, log
from typing import Any

from volvelle.evaluate.budget import Budget, needed
from volvelle.train.contract import Settings
from volvelle.train.order import Point
from volvelle.train.records import Trial

MANY = 20_000
"""Where so many leaves fit, an estimator is searched as without a device."""
_SHORT = 0.95
"""The study stays so much below the room that was found, for other trees take other bytes."""


class Within:
    """Holds candidates to a budget.

    Args:
        budget: the limits.
        modules: the estimators that tell their small settings, by name.
        folds: of a whole trial.
    """

    def __init__(self, budget: Budget, modules: Mapping[str, Any], folds: int) -> None:
        self._limits, self._folds = budget.limits, folds
        self._modules = {name: module for name, module in modules.items() if hasattr(module, "small")}

    def study(self, trials: Sequence[Trial]) -> dict[str, tuple[Settings, ...]]:
        """The entries of every estimator of which a model was weighed and that has little room."""
        found = {}
        for name, module in self._modules.items():
            first = next((t for t in trials if t.estimator == name and t.foretold), None)
            room = self._room(first, trials) if first else inf
            if room < MANY:
                found[name] = tuple(module.small(int(_SHORT * room)))
        return found

    def held(self, point: Point, trials: Sequence[Trial]) -> Point:
        """A proposal with no more trees, or leaves, than there is room for, by the trial that is most like it."""
        name, settings = point
        mine = [t for t in trials if t.estimator == name and t.foretold and t.foretold["leaves"]]
        bits = settings.get("leaf_bits")
        mine = [t for t in mine if t.settings.get("leaf_bits") == bits] or mine
        wanted = self._leaves(name, settings)
        if not mine or not wanted:
            return point

        def apart(trial: Trial) -> float:
            return abs(log((self._leaves(name, trial.whole()) or trial.foretold["leaves"]) / wanted))

        like = min(reversed(mine), key=apart)
        room = self._room(like, trials)
        if "trees" in settings and settings["trees"] * wanted > room:
            return name, settings | {"trees": max(1, int(room // wanted))}
        return name, settings | ({"leaves": max(2, int(min(wanted, room)))} if "leaves" in settings else {})

    def _leaves(self, name: str, settings: Settings) -> int:
        """The most that one tree may have; 0 where the settings do not say."""
        module: Any = self._modules.get(name)
        told = module.leaves(settings) if hasattr(module, "leaves") else settings.get("leaves")
        return int(told or 0)

    def _room(self, trial: Trial, trials: Sequence[Trial]) -> float:
        """Leaves of all trees together that fit, counted as the settings count them."""
        each, trees = self._leaves(trial.estimator, trial.whole()), trial.whole().get("trees", 1)
        # Of several classes a booster grows a tree each; of few rows the trees stay smaller than they may be.
        has = min(each * trees if each else inf, trial.foretold["leaves"])
        room = inf
        for limit in self._limits:
            least = min(needed(t.foretold, limit.name, self._folds) for t in trials if t.foretold)
            takes = needed(trial.foretold, limit.name, self._folds) - least
            if takes > 0:
                room = min(room, max(0.0, has * (limit.most - least) / takes))
        return room
