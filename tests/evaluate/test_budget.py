"""The budget of a device, from gates and boards, and who keeps within it."""

from __future__ import annotations

from math import inf

import pytest

from volvelle.compiler.device import asked, device
from volvelle.errors import SpecError
from volvelle.evaluate.budget import budget, needed, share
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
