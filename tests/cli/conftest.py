"""A project that has been turned twice, and a way to type commands in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Typed = Callable[..., subprocess.CompletedProcess[str]]
SPEC = """\
[problem]
name = "pumps"
target = "fails"
positive = "yes"

[data]
source = "pumps.csv"

[require]
gates = ["roc_auc >= 0.7"]

[search]
trials = 2
folds = 2
estimators = ["constant", "logistic"]
"""


def typed_in(folder: Path) -> Typed:
    """A function that runs ``volvelle`` in a folder, without a terminal."""

    def typed(*words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "volvelle", *words]
        environment = os.environ | {"COLUMNS": "100"} | extra
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    return typed


def write_table(folder: Path) -> None:
    """300 pumps; the hot ones fail."""
    rows = [f"{k * 37 % 100},{'ns'[k % 2]},{'yes' if k * 37 % 100 > 60 else 'no'}" for k in range(300)]
    (folder / "pumps.csv").write_text("heat,site,fails\n" + "\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture
def empty(tmp_path: Path) -> Typed:
    """In a folder that holds nothing but a table."""
    write_table(tmp_path)
    return typed_in(tmp_path)


@pytest.fixture(scope="session")
def turned_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two runs, the first of them released, the second failing a gate."""
    folder = tmp_path_factory.mktemp("project")
    write_table(folder)
    spec = folder / "volvelle.toml"
    spec.write_text(SPEC, encoding="utf-8")
    typed = typed_in(folder)
    assert typed("run", "--release").returncode == 0
    spec.write_text(SPEC.replace('"roc_auc >= 0.7"', '"roc_auc >= 0.7", "model_size <= 10 B"'), encoding="utf-8")
    assert typed("run").returncode == 1
    return folder


@pytest.fixture(scope="session")
def turned(turned_folder: Path) -> Typed:
    """In that project."""
    return typed_in(turned_folder)
