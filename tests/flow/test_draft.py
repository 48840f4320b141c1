"""Drafting a spec from a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from volvelle.errors import InputError, NotFound
from volvelle.flow.draft import draft
from volvelle.spec.check import gates
from volvelle.spec.read import parse, sound
from volvelle.spec.write import write


def _table(folder: Path) -> str:
    rows = [f"{i},{i % 7},{'red' if i % 3 else 'blue'},{'yes' if i % 4 == 0 else 'no'},{i * 0.5}" for i in range(120)]
    (folder / "my table.csv").write_text("id,a,colour,late,price\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return "my table.csv"


def test_classification(tmp_path: Path) -> None:
    """A text target makes a sound classification spec whose positive class is the rarer one, named after the file."""
    spec, _ = draft(_table(tmp_path), {"target": "late"}, tmp_path)
    assert (spec.problem.task, spec.problem.target, spec.problem.positive) == ("classification", "late", "yes")
    assert spec.problem.name == "my-table"
    assert gates(sound(spec))


def test_regression(tmp_path: Path) -> None:
    """A target of many numbers makes a regression spec with gates that regression has."""
    spec, _ = draft(_table(tmp_path), {"target": "price"}, tmp_path)
    assert spec.problem.task == "regression"
    assert [g.name for g in gates(spec)] == ["r2", "mae"]


def test_what_was_asked_is_kept(tmp_path: Path) -> None:
    """Name, time and group that the user gave stand in the spec."""
    asked = {"target": "late", "name": "trains", "group": "colour", "time": None, "positive": "no"}
    spec, _ = draft(_table(tmp_path), asked, tmp_path)
    assert (spec.problem.name, spec.data.group, spec.problem.positive) == ("trains", "colour", "no")


def test_written_and_read_again(tmp_path: Path) -> None:
    """The draft with its notes, written as TOML, reads back as the same spec."""
    spec, notes = draft(_table(tmp_path), {"target": "late"}, tmp_path)
    assert parse(write(spec, notes)) == spec


def test_no_target(tmp_path: Path) -> None:
    """Without a target the columns are listed."""
    with pytest.raises(InputError, match=r"which of 5 columns.*\n.*id, a, colour, late, price"):
        draft(_table(tmp_path), {}, tmp_path)


@pytest.mark.parametrize("option", ["target", "group", "time"])
def test_misspelt_columns(tmp_path: Path, option: str) -> None:
    """A column that is not there is named with the option, and near names are offered."""
    with pytest.raises(InputError, match=rf"--{option}: there is no column 'colur'\n.*'colour'"):
        draft(_table(tmp_path), {"target": "late", option: "colur"}, tmp_path)


def test_a_device_brings_its_memory(tmp_path: Path) -> None:
    """A bare core gets memory to begin with, a board keeps its own, and a misspelt one is refused with near names."""
    spec, notes = draft(_table(tmp_path), {"target": "late", "device": "cortex-m0"}, tmp_path)
    assert spec.device is not None
    assert (spec.device.core, spec.device.flash, spec.device.ram) == ("cortex-m0", "64 KiB", "8 KiB")
    assert "memory" in notes["device.core"]
    assert parse(write(sound(spec), notes)).device == spec.device
    spec, _ = draft(_table(tmp_path), {"target": "late", "device": "microbit"}, tmp_path)
    assert spec.device is not None
    assert (spec.device.flash, spec.device.ram) == (None, None)
    with pytest.raises(NotFound, match="microbitt"):
        draft(_table(tmp_path), {"target": "late", "device": "microbitt"}, tmp_path)
