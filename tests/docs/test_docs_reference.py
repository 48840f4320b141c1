"""The documentation names everything that can be named, and its generated parts are current."""

from __future__ import annotations

import argparse
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import msgspec
import pytest

import volvelle
from volvelle import catalog
from volvelle.cli.entry import parser_of
from volvelle.data.markers import MISSING
from volvelle.data.records import Column, Dataset
from volvelle.deploy.records import Release
from volvelle.errors import InputError, VolvelleError
from volvelle.evaluate.records import Evidence, Measured, MetricResult, Verdict
from volvelle.model.signature import Feature, Signature
from volvelle.prepare.recipe import Chain, FittedStep, Recipe
from volvelle.spec.read import parse
from volvelle.spec.requirements import Spec
from volvelle.spec.units import UNITS
from volvelle.train.records import Candidate

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / n for n in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "examples/README.md")]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))


def document(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """``docs/generate.py`` as a module."""
    found = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_generated_parts_are_current(generator: ModuleType) -> None:
    """What `make docs` would write is what is there."""
    for path in generator.documents():
        text = path.read_text(encoding="utf-8")
        assert generator.generated(text) == text, f"{path.name} lags behind the code: make docs"


def test_every_generated_part_is_used(generator: ModuleType) -> None:
    """No part of the generator is forgotten by the documents."""
    everything = "".join(path.read_text(encoding="utf-8") for path in generator.documents())
    for part in generator.PARTS:
        assert f"<!-- generated: {part.__name__}" in everything


def test_every_key_of_the_spec_is_described() -> None:
    """Each section and key of the spec stands in docs/spec.md with a meaning."""
    text = document("spec.md")
    for section, kind in get_type_hints(Spec).items():
        assert f"[{section}" in text
        record: Any = next((k for k in [kind, *getattr(kind, "__args__", ())] if hasattr(k, "__struct_fields__")), None)
        for field in msgspec.structs.fields(record) if record else ():
            row = re.search(rf"^\| `{field.name}` \| [^|]+ \| [^|]* \| ([^|]+) \|$", text, re.MULTILINE)
            assert row, f"[{section}] {field.name}"
            assert row[1].strip(), f"[{section}] {field.name}"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (catalog.METRICS, "gates.md"),
        (catalog.GATES, "gates.md"),
        (catalog.STEPS, "parts.md"),
        (catalog.ESTIMATORS, "parts.md"),
        (catalog.CALIBRATORS, "parts.md"),
        (catalog.SOURCES, "data.md"),
        (catalog.FINDINGS, "data.md"),
        (catalog.DRIFT, "monitoring.md"),
        (catalog.COMMANDS, "commands.md"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.group,
)
def test_every_extension_is_described(kind: catalog.Catalog, name: str) -> None:
    """Each metric, gate, step, estimator, source, finding and command stands in the reference."""
    text = document(name)
    assert kind.names()
    for extension in kind.names():
        assert f"`{extension}`" in text, f"{kind.noun} {extension}"


def test_every_option_is_described() -> None:
    """Each option and argument of each command stands under the command's own heading."""
    parts = re.split(r"^## ", document("commands.md"), flags=re.MULTILINE)
    for command in catalog.COMMANDS.names():
        text = next(part for part in parts if part.startswith(f"{command}\n"))
        for action in parser_of(command)._actions:
            shown = action.option_strings or [str(action.metavar or action.dest)]
            if action.help != argparse.SUPPRESS:
                assert all(word in text for word in shown), f"{command} {shown}"


def test_every_unit_and_marker_is_described() -> None:
    """Each unit stands in docs/gates.md, each default marker of a missing cell in docs/data.md."""
    text = document("gates.md")
    assert [symbol for symbol in UNITS if f"`{symbol}`" not in text] == []
    text = document("data.md")
    shown = [marker or '""' for marker in MISSING]
    assert [marker for marker in shown if f"`{marker}`" not in text] == []


def test_every_kind_of_extension_is_described() -> None:
    """Each kind stands in docs/extending.md with its group of entry points and its kit."""
    text = document("extending.md")
    for kind in catalog.ALL:
        assert f"`volvelle.{kind.group}`" in text
    for kit in (ROOT / "src" / "volvelle" / "testing").glob("check_*.py"):
        assert f"`volvelle.testing.{kit.stem}`" in text


RECORDS: tuple[Any, ...] = (
    *(Release, Evidence, Verdict, MetricResult, Measured, Dataset, Column, Signature, Feature),
    *(Candidate, Recipe, Chain, FittedStep),
)


@pytest.mark.parametrize("record", RECORDS, ids=[record.__name__ for record in RECORDS])
def test_every_field_of_a_release_is_described(record: Any) -> None:
    """Each field of each record that a release holds stands in docs/evidence.md."""
    text = document("evidence.md")
    assert [f for f in record.__struct_fields__ if f"| `{f}` |" not in text] == []


def test_every_error_and_exit_code_is_described() -> None:
    """Each class of the error tree and each exit code stands in docs/commands.md."""
    text = document("commands.md")
    classes: list[type[Exception]] = [VolvelleError, *VolvelleError.__subclasses__(), *InputError.__subclasses__()]
    assert [c.__name__ for c in classes if c.__name__ not in text] == []
    assert [code for code in (0, 1, 2, 70, 130) if f"| {code} |" not in text] == []


def test_every_public_name_is_described() -> None:
    """Each name of the package stands in docs/python.md."""
    text = document("python.md")
    assert [name for name in volvelle.__all__ if not re.search(rf"`{name}\b", text)] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_resolve(path: Path) -> None:
    """Every link inside the repository leads to a file, and to a heading where it names one."""
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if "://" in target:
            continue
        place, _, heading = target.partition("#")
        found = (path.parent / place).resolve() if place else path
        assert found.exists(), f"{path.name}: {target}"
        if heading:
            names = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w -]", "", n).strip().lower().replace(" ", "-") for n in names], target


def test_every_file_that_the_map_names_is_there() -> None:
    """docs/map.md leads through every room that exists."""
    text = document("map.md")
    rooms = [path.parent.name for path in (ROOT / "src" / "volvelle").glob("*/__init__.py")]
    assert [room for room in rooms if f"{room}/" not in text and f"`{room}`" not in text and room != "testing"] == []


BLOCKS = [
    (path.name, position, body)
    for path in DOCUMENTS
    for position, body in enumerate(re.findall(r"^```toml spec\n(.*?)^```", path.read_text("utf-8"), re.M | re.S))
]


@pytest.mark.parametrize("block", BLOCKS, ids=[f"{name}-{position}" for name, position, _ in BLOCKS])
def test_every_spec_shown_is_sound(block: tuple[str, int, str]) -> None:
    """The strict reader takes every spec that the documents show."""
    assert parse(block[2], block[0]).problem.target


def test_every_bench_is_described() -> None:
    """Each script that `make bench` runs stands in docs/benchmarks.md."""
    text = document("benchmarks.md")
    scripts = [p for p in (ROOT / "bench").glob("*.py") if "\nif __name__" in p.read_text(encoding="utf-8")]
    assert scripts
    assert [path.name for path in scripts if f"`bench/{path.name}`" not in text] == []
