"""The conformance kit of gates: ours pass, broken ones are refused with a sentence."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from volvelle.catalog import GATES
from volvelle.testing.check_gate import check_gate

SOUND = '''"""Bytes of the file.

>>> UNIT
'bytes'
"""
from volvelle.evaluate.records import Measured
UNIT = "bytes"
DIRECTION = "down"
def measure(facts):
    return Measured(value=float(facts.model_size))
'''
VALUE = "value=float(facts.model_size)"
BROKEN = {
    "unit": (SOUND.replace('"bytes"', '"furlongs"').replace("'bytes'", "'furlongs'"), "must be one of"),
    "direction": (SOUND.replace('"down"', '"left"'), "'up' or 'down'"),
    "mute": (SOUND.replace(VALUE, "value=None"), "no note"),
    "nan": (SOUND.replace(VALUE, "value=float('nan')"), "give None"),
    "half": (SOUND.replace(VALUE, "value=1.0, low=0.5"), "half an interval"),
    "beside": (SOUND.replace(VALUE, "value=1.0, low=2.0, high=3.0"), "outside its interval"),
    "number": (SOUND.replace(f"Measured({VALUE})", "1.0"), "not Measured"),
    "writes": (SOUND.replace("    return", "    facts.test.y[:] = 0\n    return"), "changes the facts"),
    "moody": (
        SOUND.replace(VALUE, "value=float(next(_N))") + "import itertools\n_N = itertools.count()\n",
        "two answers",
    ),
    "computed": (SOUND.replace('UNIT = "bytes"', 'UNIT = "by" + str("tes")'), "must be a literal"),
}


def module(folder: Path, text: str) -> ModuleType:
    """A file as a module."""
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("mine", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("name", GATES.names())
def test_our_gates_keep_the_contract(name: str) -> None:
    """Every gate in the folder passes its own kit."""
    check_gate(GATES.load(name))


def test_sound_gate_of_a_stranger_passes(tmp_path: Path) -> None:
    """A minimal gate is accepted."""
    check_gate(module(tmp_path, SOUND))


@pytest.mark.parametrize("fault", sorted(BROKEN))
def test_broken_gate_is_refused(fault: str, tmp_path: Path) -> None:
    """Each way of breaking the contract is found and named."""
    text, words = BROKEN[fault]
    with pytest.raises(AssertionError, match=words):
        check_gate(module(tmp_path, text))
