"""Every operator answers the ONNX standard's own node tests, or refuses them."""

from __future__ import annotations

import pytest

from tests.compiler.standard import Claimed, agrees, answers, cases, claimed
from volvelle.catalog import OPERATORS

STANDARD = sorted(
    OPERATORS.fact(name, "OP") for name in OPERATORS.names() if OPERATORS.fact(name, "DOMAIN") in ("", "ai.onnx.ml")
)
UNTESTED = {}
"""Operators for which the standard has no test that is ours to pass."""


@pytest.mark.parametrize("operator", STANDARD)
def test_an_operator_answers_the_standards_node_tests(operator: str) -> None:
    """All shapes and types of a node test that compile give the standard's answer; the others end in a ModelError."""
    many = [found for k, case in enumerate(cases().get(operator, [])) for found in claimed(case, f"case{k}")]
    assert bool(many) is (operator not in UNTESTED)
    wrong = [one.case.name for one, made in zip(many, answers(many), strict=True) if not _right(one, made)]
    assert wrong == []
