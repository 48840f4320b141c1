"""The registry of releases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from toy import swap  # type: ignore[import-not-found]

from volvelle.errors import InputError, NotFound, Refused
from volvelle.flow import registry
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project

Turned = Callable[[Path], Result]
FILES = {
    *("model.onnx", "signature.json", "volvelle.toml", "recipe.json", "candidate.json", "evidence.json", "data.json"),
    *("environment.json", "report.html", "release.json", "reference.json"),
}


def test_released(own: Path) -> None:
    """A passed run becomes a folder of files that hash as the manifest says, and the champion."""
    result = find(Project(own))
    made, folder = registry.release(result, b"<html></html>", by="ana")[:2]
    assert {p.name for p in folder.iterdir()} == FILES
    assert (made.run, made.by, made.model) == (1, "ana", result.model.onnx)
    assert registry.champion(Project(own)) == (made, folder)
    assert registry.signature_of(folder) == result.model.signature


def test_the_champion_predicts(own: Path) -> None:
    """The champion's model answers rows of the table as the recorded predictions have them."""
    project = Project(own)
    result = find(project)
    registry.release(result, b"")
    answers = registry.champion_model(project)[0].predict(pl.read_csv(own / "cells.csv"))
    assert len(answers) == 569


def test_releasing_twice_changes_nothing(own: Path) -> None:
    """The same run released again is the same release, and the ledger has it once."""
    result = find(Project(own))
    first, second = (registry.release(result, b"same", by="ana")[:2] for _ in range(2))
    assert first == second
    assert len(result.project.ledger.releases()) == 1


def test_refused_while_a_gate_fails(own: Path, again: Turned) -> None:
    """A run with a failed gate is not released; the gate and its shortfall are named, and nothing is written."""
    swap(own, "volvelle.toml", "roc_auc >= 0.9", "roc_auc >= 0.99999")
    result = again(own)
    with pytest.raises(Refused, match=r"roc_auc >= 0.99999: (fail|not proven)"):
        registry.release(result, b"")
    assert result.project.ledger.releases() == []
    assert not (own / ".volvelle" / "releases").exists()


def test_rollback(own: Path, again: Turned) -> None:
    """Rolling back crowns the release before, or the one named; from the first there is no way back."""
    project = Project(own)
    one = registry.release(find(project), b"")[0]
    swap(own, "volvelle.toml", "roc_auc >= 0.9", "roc_auc >= 0.8")
    two = registry.release(again(own), b"")[0]
    assert registry.champion(project)[0].name == two.name
    assert registry.rollback(project)[0].name == one.name
    assert registry.champion(project)[0].name == one.name
    with pytest.raises(NotFound, match="there is none before"):
        registry.rollback(project)
    assert registry.rollback(project, to=two.name)[0].name == two.name
    with pytest.raises(NotFound, match="no release 'x'") as caught:
        registry.rollback(project, to="x")
    assert one.name in str(caught.value)


@pytest.mark.parametrize("harm", ["changed", "absent"])
def test_a_changed_release_is_not_used(own: Path, harm: str) -> None:
    """A release whose file was changed or removed is refused with the file's name."""
    project = Project(own)
    folder = registry.release(find(project), b"")[1]
    if harm == "changed":
        (folder / "model.onnx").write_bytes(b"other")
    else:
        (folder / "model.onnx").unlink()
    with pytest.raises(InputError, match=r"model.onnx (was changed|is absent)"):
        registry.champion_model(project)


def test_nothing_released(own: Path) -> None:
    """Without a release there is no champion and no way back, and the next command is named."""
    for ask in (registry.champion, registry.rollback):
        with pytest.raises(NotFound, match="volvelle release"):
            ask(Project(own))
    assert registry.current(Project(own)) is None
