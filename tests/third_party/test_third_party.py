"""A distribution outside the package adds one extension of every kind through entry points."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from volvelle import catalog
from volvelle.testing.named_models import nameless

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
gates = ["kappa >= 0.5", "drifted_share <= 0.5"]

[search]
estimators = ["constant", "one_rule"]
trials = 2
folds = 2
"""
KITS = """
import importlib
from pathlib import Path
from volvelle.testing.check_calibrator import check_calibrator
from volvelle.testing.check_drift import check_drift
from volvelle.testing.check_estimator import check_estimator
from volvelle.testing.check_finding import check_finding
from volvelle.testing.check_gate import check_gate
from volvelle.testing.check_metric import check_metric
from volvelle.testing.check_package import check_package
from volvelle.testing.check_source import check_source
from volvelle.testing.check_step import check_step
def make(folder, frame):
    frame.write_avro(folder / "t.avro")
    return "t.avro"
check_estimator(importlib.import_module("orchard.one_rule"))
check_calibrator(importlib.import_module("orchard.sharpening"))
check_step(importlib.import_module("orchard.square_root"))
check_source(importlib.import_module("orchard.avro"), make)
check_metric(importlib.import_module("orchard.kappa"))
check_finding(importlib.import_module("orchard.heaping"))
check_gate(importlib.import_module("orchard.drifted_share"))
check_drift(importlib.import_module("orchard.mood"))
check_package(importlib.import_module("orchard.single_file"))
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
    before = os.environ.get("PYTHONPATH")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(target), *([before] if before else [])])}

    def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *words]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    return run


def _copy(source: Path, target: Path) -> None:
    for path in source.rglob("*.*"):
        if path.suffix in (".py", ".toml"):
            (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(source)).write_bytes(path.read_bytes())


def fruit(folder: Path) -> None:
    """Sweet fruit is ripe; the weight was guessed."""
    rows = [
        {"sugar": (k * 37 % 100) / 10, "weight": 60 + 5 * (k % 9) + (k % 6 == 0), "ripe": ripe}
        for k in range(300)
        for ripe in ["yes" if k * 37 % 100 > 50 else "no"]
    ]
    pl.DataFrame(rows).write_avro(folder / "fruit.avro")
    (folder / "volvelle.toml").write_text(SPEC, encoding="utf-8")


def test_each_is_small() -> None:
    """An extension takes at most 40 lines; there is one of every kind but those of the compiler."""
    files = list((HERE / "orchard" / "orchard").glob("[a-z]*.py"))
    compiler = (*(catalog.OPERATORS, catalog.DEVICES), *(catalog.TOOLCHAINS, catalog.EMULATORS, catalog.FORETELLERS))
    assert len(files) == len(catalog.ALL) - len(compiler)
    assert max(len(path.read_text().splitlines()) for path in files) <= 40


def test_the_kits_find_them_sound(python: Run, tmp_path: Path) -> None:
    """The conformance kits pass the four files as installed."""
    done = python("-c", KITS, folder=tmp_path)
    assert done.stdout.strip() == "sound", done.stderr


def test_a_spec_uses_them_by_name(python: Run, tmp_path: Path) -> None:
    """One run reads the foreign format, prepares with the step, learns with the estimator, judges by the metric."""
    fruit(tmp_path)
    done = python("-m", "volvelle", "run", "--json", folder=tmp_path)
    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert document["model"]["estimator"] == "one_rule"
    assert [verdict["name"] for verdict in document["evidence"]["verdicts"]] == ["kappa", "drifted_share"]
    assert [verdict["verdict"] for verdict in document["evidence"]["verdicts"]] == ["pass", "pass"]
    again = json.loads(python("-m", "volvelle", "run", "--json", folder=tmp_path).stdout)
    assert again["fresh"]


def test_a_finding_is_told_and_accepted(python: Run, tmp_path: Path) -> None:
    """Exploring asks the foreign file too, and the line that it proposes silences it."""
    fruit(tmp_path)
    told = json.loads(python("-m", "volvelle", "explore", "--json", folder=tmp_path).stdout)
    [found] = [finding for finding in told["findings"] if finding["name"] == "heaping"]
    assert found["columns"] == ["weight"]
    assert found["counts"] == {"end in 0 or 5": 250, "rows": 300}
    (tmp_path / "volvelle.toml").write_text(SPEC.replace("[features", f"{found['accept'][7:]}\n\n[features"))
    told = json.loads(python("-m", "volvelle", "explore", "--json", folder=tmp_path).stdout)
    assert [
        finding for finding in told["findings"] if finding["name"] == "heaping" and not finding.get("accepted")
    ] == []


def test_a_command_is_typed(python: Run, tmp_path: Path) -> None:
    """The foreign command stands in the help and runs."""
    fruit(tmp_path)
    assert "Tell how many rows of a file are ripe." in python("-m", "volvelle", "--help", folder=tmp_path).stdout
    assert python("-m", "volvelle", "harvest", "fruit.avro", folder=tmp_path).stdout == "147 of 300 are ripe\n"


def test_a_package_is_made(python: Run, tmp_path: Path) -> None:
    """The foreign package is listed, and packs any ONNX file."""
    (tmp_path / "pump.onnx").write_bytes(nameless())
    assert "single_file" in python("-m", "volvelle", "package", folder=tmp_path).stdout
    done = python("-m", "volvelle", "package", "single_file", "pump.onnx", "--json", folder=tmp_path)
    assert json.loads(done.stdout)["files"] == ["README.md", "pump.h"], done.stderr


def test_without_it_the_names_are_unknown(tmp_path: Path) -> None:
    """Where the distribution is not installed, the spec that names its parts is refused."""
    (tmp_path / "volvelle.toml").write_text(SPEC, encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "volvelle", "check"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no data source reads .avro" in done.stderr
