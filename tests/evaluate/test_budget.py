"""The budget of a device, from gates and boards, and who keeps within it."""

from __future__ import annotations

from math import inf

import pytest
from msgspec import structs

from volvelle.compiler.device import asked, device
from volvelle.compiler.prove import NOWHERE
from volvelle.compiler.records import Footprint, Foretold, Goal, Spread
from volvelle.errors import SpecError
from volvelle.evaluate.budget import Wanted, budget, needed, share
from volvelle.spec.gates import parse
from volvelle.spec.read import parse as spec_of
from volvelle.spec.requirements import Device

TAKES = {"flash": 9000, "tables": 8000, "ram": 400, "instructions": 1000, "cycles": 1500, "leaves": 10}


def limits(name: str, *gates: str, clock: str | None = None) -> dict[str, tuple[float, str]]:
    """Limits by what they bound."""
    found = budget(device(name, clock), [parse(gate) for gate in gates])
    return {limit.name: (limit.most, limit.gate) for limit in found.limits}


def test_gates_bound_what_can_be_foretold() -> None:
    """Flash, memory and instructions as written; latency and throughput as cycles of the clock; a stack is not."""
    assert limits("cortex-m0", "flash <= 16 KiB", "ram < 1 KiB", "instructions <= 5000", "stack <= 1 KiB") == {
        "flash": (16384, "flash <= 16 KiB"),
        "ram": (1024, "ram < 1 KiB"),
        "instructions": (5000, "instructions <= 5000"),
    }
    assert limits("cortex-m0", "latency <= 5 ms", clock="8 MHz") == {"cycles": (40_000, "latency <= 5 ms")}
    assert limits("cortex-m0", "throughput >= 100 /s", clock="8 MHz") == {"cycles": (80_000, "throughput >= 100 /s")}
    assert limits("cortex-m0", "latency <= 5 ms", "roc_auc >= 0.9", "parity <= 1e-5") == {}


def test_a_board_bounds_what_no_gate_does() -> None:
    """The memory of a board is a requirement by itself, and gives way to a gate."""
    found = budget(device("microbit"), [parse("flash <= 16 KiB")])
    assert found.added == ("ram <= 128 KiB",)
    assert {limit.gate for limit in found.limits} == {"flash <= 16 KiB", "ram <= 128 KiB"}
    own = asked(Device(core="microbit", flash="100 KiB"))
    assert (own.flash, own.ram) == (102_400, 131_072)
    assert budget(own, []).added == ("flash <= 100 KiB", "ram <= 128 KiB")


def test_memory_without_a_unit_is_refused() -> None:
    """A size in the spec is a number with a unit; the message names the key."""
    with pytest.raises(SpecError, match=r"device\.flash"):
        spec_of('problem.target = "y"\ndata.source = "a.csv"\ndevice = { core = "cortex-m0", flash = "much" }')


def test_what_is_needed_is_more_than_what_is_foretold() -> None:
    """Tables and memory may grow with the rows, and everything errs; the largest share of any limit decides."""
    assert needed(TAKES, "flash", 5) == 9000 + 2000 + 512
    assert needed(TAKES, "ram", 5) == 500 + 64
    assert needed(TAKES, "cycles", 5) == 2250
    tight = budget(device("cortex-m0"), [parse("flash <= 16 KiB"), parse("instructions <= 1500")]).limits
    assert share(TAKES, tight, 5) == 1.0
    assert share({}, tight, 5) == inf
    assert share(TAKES, (), 5) == 0.0


LAYOUTS = {
    "size": Foretold(flash=1500, tables=1000, ram=40, instructions=14_000, cycles=20_000),
    "tight": Foretold(flash=1200, tables=700, ram=40, instructions=19_000, cycles=28_000),
    "speed": Foretold(flash=9000, tables=0, ram=40, instructions=1800, cycles=2500),
}


@pytest.mark.parametrize(
    ("goal", "gates", "chosen", "asked_for"),
    [
        ("auto", [], "size", ["size"]),
        ("auto", ["flash <= 64 KiB"], "size", ["size"]),
        ("auto", ["flash <= 2 KiB"], "tight", ["size", "tight"]),
        ("auto", ["flash <= 64 KiB", "instructions <= 30000"], "size", ["size"]),
        ("auto", ["flash <= 64 KiB", "instructions <= 3000"], "speed", ["size", "speed"]),
        ("auto", ["latency <= 1 ms"], "speed", ["size", "speed"]),
        ("auto", ["flash <= 3 KiB", "instructions <= 14000"], "size", ["size", "speed"]),
        ("size", ["instructions <= 3000"], "size", ["size"]),
        ("tight", [], "tight", ["tight"]),
        ("speed", ["flash <= 2 KiB"], "speed", ["speed"]),
    ],
)
def test_what_c_is_written_for(goal: Wanted, gates: list[str], chosen: Goal, asked_for: list[Goal]) -> None:
    """Size, unless it misses a gate that another goal meets or comes nearer to; or what the spec says."""
    bounds = budget(device("cortex-m4f", "8 MHz"), [parse(gate) for gate in gates], goal)
    asked_of: list[Goal] = []

    def foretell(wanted: Goal) -> Foretold:
        asked_of.append(wanted)
        return LAYOUTS[wanted]

    assert bounds.foretold(foretell, 5) == structs.asdict(LAYOUTS[chosen])
    assert asked_of == asked_for


def test_trees_are_not_foretold_twice_for_their_weights() -> None:
    """They have none to pack, so where they take too much flash nothing else is asked."""
    bounds = budget(device("cortex-m4f"), [parse("flash <= 1 KiB")])
    large = Foretold(flash=9000, tables=8000, ram=40, instructions=1, cycles=1, leaves=900)
    assert bounds.foretold({"size": large}.__getitem__, 5) == structs.asdict(large)


def test_measured_forms_are_compared_by_what_they_miss() -> None:
    """What misses a limit looks for the goals that may meet it; one is taken that breaks nothing and comes nearer."""

    def took(goal: Goal) -> Footprint:
        found, work = LAYOUTS[goal], LAYOUTS[goal].instructions
        spread = Spread(work, work, work)
        return structs.replace(NOWHERE, flash=found.flash, ram=found.ram, instructions=spread, cycles=spread)

    small, tight, fast = took("size"), took("tight"), took("speed")
    wide, narrow, scarce = (
        budget(device("cortex-m4f"), [parse(f"flash <= {most} B"), parse("instructions <= 3000")])
        for most in (65536, 8192, 1300)
    )
    assert [wide.wanting(f) for f in (small, fast)] == [("speed",), ()]
    assert scarce.wanting(small) == ("tight", "speed")
    assert [b.nearer(small, fast) for b in (wide, narrow)] == [True, False], "narrow has no flash for it"
    assert not wide.nearer(fast, small)
    only = budget(device("cortex-m4f"), [parse("flash <= 1300 B")])
    assert (only.wanting(small), only.nearer(small, tight)) == (("tight",), True)
    assert budget(device("cortex-m4f"), []).wanting(small) == ()
    assert budget(device("cortex-m4f"), [parse("flash <= 1300 B")], "size").wanting(small) == ()
