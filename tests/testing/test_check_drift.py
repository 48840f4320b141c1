"""The conformance kit of drift tests: ours pass, broken ones are refused with a sentence."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from volvelle.catalog import DRIFT
from volvelle.testing.check_drift import check_drift

SOURCE = Path(str(DRIFT.load("chi_square").__file__)).read_text(encoding="utf-8")
BROKEN = {
    "takes": ('("categories",)', '("colours",)', "must be some of"),
    "effect": ('EFFECT: Effect = "share"', 'EFFECT: Effect = "much"', "EFFECT of"),
    "literal": ('TAKES: tuple[Takes, ...] = ("categories",)', 'TAKES = tuple(["categories"])', "must be a literal"),
    "answer": ("return Found(statistic, chi_square(statistic, freedom), moved, freedom)", "return moved", "not Found"),
    "chance": ("chi_square(statistic, freedom), moved", "2 + chi_square(statistic, freedom), moved", "gives p ="),
    "share": ("freedom), moved, freedom)", "freedom), 9.0, freedom)", "gives the effect"),
    "changes": ("    pooled = reference + now", "    now += 1\n    pooled = reference + now", "changes the arrays"),
    "calls": (
        "Found(statistic, chi_square(statistic",
        "Found(statistic, chi_square(3 * statistic",
        "nothing has moved",
    ),
    "blind": ("chi_square(statistic, freedom), moved, freedom", "0.5, moved, freedom", "of the cases only"),
    "flat": ("freedom), moved, freedom)", "freedom), 0.5, freedom)", "does not grow"),
    "empty": (
        "        return NOTHING\n    pooled",
        "        return NOTHING._replace(p=0.0)\n    pooled",
        "has no rows",
    ),
}


def module(folder: Path, text: str) -> ModuleType:
    """A file as a module, without the example in its docstring being right."""
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("mine", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("name", DRIFT.names())
def test_every_drift_test_keeps_its_contract(name: str) -> None:
    """Each file passes: its chance is honest where nothing moves, and it sees what moves."""
    check_drift(DRIFT.load(name))


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_drift_test_is_refused(case: str, tmp_path: Path) -> None:
    """Each planted fault is told in a sentence that names it."""
    old, new, told = BROKEN[case]
    assert old in SOURCE
    text = SOURCE.replace(old, new, 1)
    head, _, rest = text.partition('"""')
    text = f'{head}"""Mine.\n\n>>> 1\n1\n"""{rest.partition(chr(34) * 3)[2]}'
    with pytest.raises(AssertionError, match=told):
        check_drift(module(tmp_path, text))
