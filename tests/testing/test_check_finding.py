"""The kit of findings refuses what breaks its contract."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

from volvelle.catalog import FINDINGS
from volvelle.data.finding import Example, Finding
from volvelle.data.table import Table
from volvelle.testing.check_finding import check_finding

DOC = """Finds nothing.

>>> 1 + 1
2
"""


def module(find: Callable[[Table], object], doc: str = DOC) -> ModuleType:
    made = ModuleType("third.party")
    made.__doc__ = doc
    vars(made)["find"] = find
    return made


def one(**changes: object) -> Callable[[Table], list[Finding]]:
    facts: dict[str, object] = {"name": "party", "severity": "low", "sentence": "It is so.", "action": "look"}
    facts |= {"counts": {"rows": 1}, "examples": (Example(row=1),)}
    return lambda table: [Finding(**{**facts, **changes})]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FINDINGS.names())
def test_every_finding_of_ours_keeps_its_contract(name: str) -> None:
    """Documented with an example, stable on odd tables, silent about noise."""
    check_finding(FINDINGS.load(name))


def test_a_sound_finding_passes() -> None:
    """The kit refuses no file that keeps the contract."""
    check_finding(module(one()))


@pytest.mark.parametrize(
    ("find", "complaint"),
    [
        (lambda table: None, "not a list"),
        (lambda table: ["leak"], "gives a str"),
        (one(name="other"), "the file's name is its name"),
        (one(sentence="no end"), "gives no sentence"),
        (one(action=""), "proposes nothing"),
        (one(columns=("nowhere",)), "not there"),
        (one(counts={}), "counts nothing"),
        (one(examples=()), "says in ROWLESS why none can show it"),
        (one(counts={"rows": -1}), "below zero"),
        (one(overrule="ignore x"), r"\[section\] key = value"),
        (one(accept="[data] accept = []"), "to exploring"),
        (one(severity="high"), "calls noise a grave finding"),
    ],
)
def test_a_broken_promise_is_named(find: Callable[[Table], object], complaint: str) -> None:
    """Each promise of the contract is tried."""
    with pytest.raises(AssertionError, match=complaint):
        check_finding(module(find))


def test_an_undocumented_file_is_refused() -> None:
    """A finding needs an example."""
    with pytest.raises(AssertionError, match="doctest"):
        check_finding(module(one(), doc="Finds nothing."))
