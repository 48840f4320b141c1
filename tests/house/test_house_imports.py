"""The import contracts hold, and they refuse what they are there to refuse."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = "import sys; from importlinter.cli import lint_imports_command as lint; sys.argv[1:] = ['--no-cache']; lint()"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the package in ``folder/src``."""
    environment = {"PYTHONPATH": str(folder / "src"), "PATH": ""}
    command = [sys.executable, "-c", LINT]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the source and its contracts, to plant something in."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(copied: Path) -> None:
    """No room imports a room above it, and every heavy library has its one door."""
    done = lint(copied)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("spec/units.py", "from volvelle.flow import store", "A room imports only rooms below it"),
        ("errors.py", "from volvelle import catalog", "A room imports only rooms below it"),
        ("evaluate/judge.py", "import onnxruntime", "onnxruntime has one door"),
        ("data/sources/mqtt.py", "import deltalake", "deltalake has one door"),
        ("cli/commands/listen.py", "import paho.mqtt", "Brokers, ports and CBOR are known to data alone"),
        ("data/kinds.py", "import sklearn", "scikit-learn, LightGBM and Optuna stay in train"),
        ("serve/service.py", "from volvelle.train import fit", "What answers knows nothing of training"),
        ("cli/options.py", "import starlette", "Starlette and uvicorn stay in serve"),
    ],
)
def test_a_bad_import_is_refused(copied: Path, file: str, line: str, contract: str) -> None:
    """A planted import of a room above, or of a library beside its door, breaks the contract that forbids it."""
    path = copied / "src" / "volvelle" / file
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    done = lint(copied)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{contract} BROKEN" in done.stdout


def test_a_stray_room_is_refused(copied: Path) -> None:
    """A folder that no contract knows is refused, though nothing imports it."""
    room = copied / "src" / "volvelle" / "attic"
    room.mkdir()
    (room / "__init__.py").write_text('"""Stray."""\n', encoding="utf-8")
    done = lint(copied)
    assert done.returncode != 0
    assert "attic" in done.stdout + done.stderr
