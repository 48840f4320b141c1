"""The package builds, holds what it needs and nothing else, and works where only it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network from a copy of the project."""
    place = tmp_path_factory.mktemp("build")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, place)
    shutil.copytree(ROOT / "src", place / "src", ignore=shutil.ignore_patterns("__pycache__"))
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "pip", "wheel", *offline, "-w", place / "dist", place], check=True)
    return next((place / "dist").glob("*.whl"))


def test_the_wheel_holds_what_it_needs(wheel: Path) -> None:
    """The schema, the templates, the type marker and every module are inside; no table and no test is."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    wanted = {str(p.relative_to(source)) for p in (source / "volvelle").rglob("*") if p.is_file()}
    wanted = {name for name in wanted if "__pycache__" not in name}
    assert {"volvelle/py.typed", "volvelle/spec/volvelle.schema.json"} <= wanted
    assert any(name.startswith("volvelle/ui/templates/") for name in wanted)
    assert wanted <= inside
    assert {n for n in inside - wanted if ".dist-info/" not in n} == set()
    assert not [n for n in inside if n.endswith((".csv", ".gz", ".parquet", ".onnx"))]
    assert wheel.stat().st_size < 1_500_000


def test_the_wheel_works_alone(wheel: Path, tmp_path: Path) -> None:
    """Unpacked somewhere else, the package starts and reads its own schema from there."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "from volvelle.spec import schema; print(schema.SHIPPED); assert schema.SHIPPED.read_text() == schema.schema()"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) in done.stdout
