"""The budget of a device: what a model may take there, and whether a candidate is foretold to keep within it.

What is held against a limit is more than what is foretold. A model of all rows may have larger tables than one of all
folds but one, at most in the ratio of the rows, and what is foretold errs. So a candidate that fits is expected to fit
when it is measured. If it does not, its gate fails: nothing is tried again behind the sealed test side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Literal

from msgspec import structs

from volvelle.compiler.records import Device, Footprint, Foretold, Goal
from volvelle.spec.gates import Gate
from volvelle.spec.requirements import Record

Wanted = Literal["auto", "size", "tight", "speed"]
Bounded = Literal["flash", "ram", "instructions", "cycles"]
SPARE_FLASH, SPARE_RAM, SPARE_WORK = 512, 64, 1.5
"""Bytes beyond what is foretold, for its error and a threshold; the factor for instructions and cycles."""
_BOARD: tuple[Literal["flash", "ram"], ...] = ("flash", "ram")
_FOR: dict[Goal, frozenset[str]] = {
    "tight": frozenset({"flash"}),
    "speed": frozenset({"instructions", "cycles"}),
}
"""What another goal than size may meet."""


class Limit(Record, frozen=True):
    """The most that a model may take of one thing."""

    name: Bounded
    most: float
    gate: str
    """The line that asks for it."""


class Budget(Record, frozen=True):
    """What a device has for a model; empty where the spec names none."""

    device: Device | None = None
    limits: tuple[Limit, ...] = ()
    added: tuple[str, ...] = ()
    """Gates that nobody wrote: the memory of the device, where no gate bounds it."""
    goal: Wanted = "auto"
    """What the C is written for, as the spec says it."""

    def goals(self) -> tuple[Goal, ...]:
        """What the C may be written for, what is preferred first; several only where a gate may need another."""
        if self.goal != "auto":
            return (self.goal,)
        bounded = {limit.name for limit in self.limits}
        return ("size", *(goal for goal, meets in _FOR.items() if meets & bounded))

    def foretold(self, foretell: Callable[[Goal], Foretold], folds: int | None) -> dict[str, int]:
        """What a candidate takes, written for the first goal with which it fits, or else for the one that is nearest.

        Args:
            foretell: what it takes, written for a goal.
            folds: of a model of all folds but one; None of one of all rows.
        """
        first, *others = self.goals()
        found = best = structs.asdict(foretell(first))
        for goal in others:
            missed = [limit for limit in self.limits if limit.name in _FOR[goal]]
            # Trees have no weights to pack, and writing them takes seconds.
            if share(found, missed, folds) > 1 and not (goal == "tight" and found["leaves"]):
                best = min(best, structs.asdict(foretell(goal)), key=lambda f: share(f, self.limits, folds))
        return best

    def missed(self, found: Footprint) -> dict[str, float]:
        """What was measured of each limit that is missed, as a share of it."""
        took = {"flash": found.flash, "ram": found.ram}
        took |= {"cycles": found.cycles.most, "instructions": found.instructions.most}
        return {
            limit.name: took[limit.name] / max(limit.most, 1e-9)
            for limit in self.limits
            if took[limit.name] > limit.most
        }

    def wanting(self, found: Footprint) -> tuple[Goal, ...]:
        """The other goals that may meet what one misses."""
        missed = self.missed(found).keys()
        return tuple(goal for goal in self.goals()[1:] if _FOR[goal] & missed)

    def nearer(self, found: Footprint, other: Footprint) -> bool:
        """Whether another one keeps all that one keeps, and misses less."""
        mine, theirs = self.missed(found), self.missed(other)
        return theirs.keys() <= mine.keys() and max(theirs.values(), default=1.0) < max(mine.values(), default=1.0)


NOWHERE = Budget()
"""Of a model that runs on no device."""


def budget(device: Device, gates: Sequence[Gate], goal: Wanted = "auto") -> Budget:
    """The limits that gates state, and the device's own memory where they state none."""
    limits = [limit for gate in gates for limit in _limits(gate, device)]
    added = []
    for name in _BOARD:
        own: int | None = getattr(device, name)
        if own is not None and not any(limit.name == name for limit in limits):
            text = f"{name} <= {own / 1024:g} KiB"
            added.append(text)
            limits.append(Limit(name=name, most=own, gate=text))
    return Budget(device=device, limits=tuple(limits), added=tuple(added), goal=goal)


def _limits(gate: Gate, device: Device) -> list[Limit]:
    """What a gate asks of things that can be foretold."""
    upper = gate.comparison[0] in "<="
    if gate.name in ("flash", "ram", "instructions") and upper:
        return [Limit(name=gate.name, most=gate.bound, gate=gate.text)]  # type: ignore[arg-type]
    if gate.name == "latency" and upper and device.clock:
        return [Limit(name="cycles", most=gate.bound * device.clock, gate=gate.text)]
    if gate.name == "throughput" and not upper and device.clock and gate.bound:
        return [Limit(name="cycles", most=device.clock / gate.bound, gate=gate.text)]
    return []


def needed(foretold: Mapping[str, int], name: Bounded, folds: int | None) -> float:
    """What must be there for a model of all rows, from what is foretold of one of all folds but one.

    Without `folds`, it is foretold of that model itself.

    >>> needed({"flash": 9000, "tables": 8000}, "flash", 5)
    11512.0
    """
    more = 1 / (folds - 1) if folds else 0.0
    if name == "flash":
        return foretold["flash"] + foretold["tables"] * more + SPARE_FLASH
    if name == "ram":
        return foretold["ram"] * (1 + more) + SPARE_RAM
    return foretold[name] * SPARE_WORK


def share(foretold: Mapping[str, int], limits: Sequence[Limit], folds: int | None) -> float:
    """The largest share that a candidate takes of any limit: it fits up to 1. Infinite where it does not compile."""
    if not limits:
        return 0.0
    return max(needed(foretold, limit.name, folds) / max(limit.most, 1e-9) for limit in limits) if foretold else inf
