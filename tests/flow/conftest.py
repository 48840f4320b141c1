"""Finished runs that several tests look at; each test that changes a project makes its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flow_project import SPEC, project  # type: ignore[import-not-found]

from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.spec.read import read

Turned = Callable[..., Result]


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose run has finished and passed."""
    folder: Path = project(tmp_path_factory.mktemp("finished") / "project", SPEC.replace("trials = 8", "trials = 4"))
    again(folder)
    return folder


@pytest.fixture
def own(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished project that a test may change."""
    return Path(shutil.copytree(finished, tmp_path / "own"))


def again(folder: Path) -> Result:
    """Turn the wheel of a project and read the run."""
    here = Project(folder)
    return find(here, turn(here, read(folder / "volvelle.toml"), lambda event, facts: None).run)


@pytest.fixture(name="again")
def again_fixture() -> Turned:
    """The function that turns a project."""
    return again
