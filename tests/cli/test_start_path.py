"""What the commands load."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_HEAVY = frozenset(
    "numpy polars onnx onnxruntime sklearn lightgbm optuna scipy pandas rich jinja2 yaml asyncio".split()
)
_ENTRY = """\
import re, sys
from volvelle.cli.entry import main
code = main()
print(" ".join(sorted(sys.modules)), file=sys.stderr)
"""


def _loaded(folder: Path, *words: str) -> list[str]:
    """Modules that are loaded when the installed command has ended."""
    done = subprocess.run(
        [sys.executable, "-c", _ENTRY, *words],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    return done.stderr.splitlines()[-1].split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a small table."""
    place = tmp_path_factory.mktemp("start")
    rows = "\n".join(f"{i % 7},{i % 5},{'yes' if (i * 37) % 11 > 4 else 'no'}" for i in range(200))
    (place / "rows.csv").write_text(f"a,b,y\n{rows}\n", encoding="utf-8")
    (place / "volvelle.toml").write_text(
        '[problem]\ntarget = "y"\n[data]\nsource = "rows.csv"\n[require]\ngates = ["accuracy >= 0.1"]\n'
        '[search]\ntrials = 1\nfolds = 2\nestimators = ["constant"]\n',
        encoding="utf-8",
    )
    return place


@pytest.mark.parametrize("words", [("--help",), ("check",), ("--version",)])
def test_light_commands_load_little(words: tuple[str, ...], folder: Path) -> None:
    """Help, version and check load at most 140 modules in all, and no library that is slow to load."""
    loaded = _loaded(folder, *words)
    assert len(loaded) <= 140
    assert not _HEAVY & {name.partition(".")[0] for name in loaded}


def test_unchanged_run_loads_no_table_library(folder: Path) -> None:
    """A run in which nothing changed loads neither numpy nor polars nor anything that learns."""
    first = _loaded(folder, "run")
    assert "polars" in {name.partition(".")[0] for name in first}
    again = _loaded(folder, "run")
    assert not (_HEAVY - {"rich", "jinja2"}) & {name.partition(".")[0] for name in again}
