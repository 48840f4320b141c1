"""A distribution outside the package adds an estimator, a step, a source and a metric through entry points."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

HERE = Path(__file__).parent
SPEC = """\
[problem]
target = "ripe"
positive = "yes"

[data]
source = "fruit.avro"

[features.sugar]
steps = ["impute_median", "square_root", "scale_standard"]

[require]
gates = ["kappa >= 0.5"]

[search]
estimators = ["constant", "one_rule"]
trials = 2
folds = 2
"""
KITS = """
import importlib
from pathlib import Path
from volvelle.testing.check_estimator import check_estimator
from volvelle.testing.check_metric import check_metric
from volvelle.testing.check_source import check_source
from volvelle.testing.check_step import check_step
def make(folder, frame):
    frame.write_avro(folder / "t.avro")
    return "t.avro"
check_estimator(importlib.import_module("orchard.one_rule"))
check_step(importlib.import_module("orchard.square_root"))
check_source(importlib.import_module("orchard.avro"), make)
check_metric(importlib.import_module("orchard.kappa"))
print("sound")
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A Python in which the distribution is installed, by pip, beside what is installed already."""
    target = tmp_path_factory.mktemp("site")
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check")
    source = tmp_path_factory.mktemp("source") / "orchard"
    _copy(HERE / "orchard", source)
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, "--target", target, source], check=True)
    environment = os.environ | {"PYTHONPATH": str(target)}

    def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *words]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    return run


def _copy(source: Path, target: Path) -> None:
    for path in source.rglob("*.*"):
        if path.suffix in (".py", ".toml"):
            (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(source)).write_bytes(path.read_bytes())


def test_each_is_small() -> None:
    """An extension takes at most 40 lines."""
    files = list((HERE / "orchard" / "orchard").glob("[a-z]*.py"))
    assert len(files) == 4
    assert max(len(path.read_text().splitlines()) for path in files) <= 40


def test_the_kits_find_them_sound(python: Run, tmp_path: Path) -> None:
    """The conformance kits pass the four files as installed."""
    done = python("-c", KITS, folder=tmp_path)
    assert done.stdout.strip() == "sound", done.stderr


def test_a_spec_uses_them_by_name(python: Run, tmp_path: Path) -> None:
    """One run reads the foreign format, prepares with the step, learns with the estimator, judges by the metric."""
    rows = [
        {"sugar": (k * 37 % 100) / 10, "size": k % 7, "ripe": "yes" if k * 37 % 100 > 50 else "no"} for k in range(300)
    ]
    pl.DataFrame(rows).write_avro(tmp_path / "fruit.avro")
    (tmp_path / "volvelle.toml").write_text(SPEC, encoding="utf-8")
    done = python("-m", "volvelle", "run", "--json", folder=tmp_path)
    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert document["model"]["estimator"] == "one_rule"
    assert document["evidence"]["verdicts"][0]["name"] == "kappa"
    assert document["evidence"]["verdicts"][0]["verdict"] == "pass"
    again = json.loads(python("-m", "volvelle", "run", "--json", folder=tmp_path).stdout)
    assert again["fresh"]


def test_without_it_the_names_are_unknown(tmp_path: Path) -> None:
    """Where the distribution is not installed, the spec that names its parts is refused."""
    (tmp_path / "volvelle.toml").write_text(SPEC, encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "volvelle", "check"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no data source reads .avro" in done.stderr
