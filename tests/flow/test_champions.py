"""The way back through champions, and releases that are asked for again."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path

import pytest
from toy import swap  # type: ignore[import-not-found]

from volvelle.flow import registry
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project

Turned = Callable[[Path], Result]


def released(project: Project, result: Result) -> str:
    """The name of a run's release."""
    return str(registry.release(result, b"").release.name)


def test_rolling_back_never_returns_to_what_was_rolled_away(own: Path, again: Turned) -> None:
    """After 1, 2, back to 1 and a new 3, the way back from 3 leads to 1."""
    project = Project(own)
    names = [released(project, find(project))]
    for was, bound in (("0.9", "0.8"), ("0.8", "0.7")):
        swap(own, "volvelle.toml", f"roc_auc >= {was}", f"roc_auc >= {bound}")
        names.append(released(project, again(own)))
        if len(names) == 2:
            assert registry.rollback(project)[0].name == names[0]
    assert registry.champion(project)[0].name == names[2]
    assert registry.rollback(project)[0].name == names[0]


def test_asking_again_keeps_the_first_release(own: Path) -> None:
    """Who released and why stays as it was, and the answer says that nothing is new."""
    result = find(Project(own))
    first = registry.release(result, b"one", by="ana")
    second = registry.release(result, b"two", by="li", accept_unproven="li: no reason")
    assert (first.new, second.new) == (True, False)
    assert second.release == first.release


def test_a_damaged_release_can_be_made_again(own: Path) -> None:
    """A release whose file was changed is moved aside and made anew under its own name."""
    project = Project(own)
    result = find(project)
    folder = registry.release(result, b"").folder
    (folder / "model.onnx").write_bytes(b"changed")
    made = registry.release(result, b"")
    assert (made.new, made.folder) == (True, folder)
    assert registry.champion(project)[0] == made.release


def test_a_lost_ledger_does_not_stand_in_the_way(own: Path, again: Turned) -> None:
    """When runs are counted anew, a release of the old run 1 keeps its name and the new one takes the next."""
    registry.release(find(Project(own)), b"")
    for part in (own / ".volvelle").glob("ledger.db*"):
        part.unlink()
    swap(own, "volvelle.toml", "seed = 3", "seed = 8")
    made = registry.release(again(own), b"")
    assert made.new
    assert made.release.name.endswith("-1-2")


def test_a_user_without_an_account_can_release(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container the user number may have no name; the number stands in its place."""

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert registry.release(find(Project(own)), b"").release.by.startswith("uid ")
