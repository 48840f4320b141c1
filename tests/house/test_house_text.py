"""What is written in the project holds to the house rules."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import volvelle
from volvelle import catalog
from volvelle.spec.schema import SHIPPED, schema

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "volvelle"
WRITTEN = ("*.py", "*.md", "*.toml", "*.html", "*.css", "*.json", "Makefile")
FOLDERS = ("src", "tests", "bench", "docs", "examples", ".ci")
HOSTS = ("pypi", "npmjs", "anaconda", "crates", "docker", "huggingface")


def texts() -> list[Path]:
    """Every file of the project that a person wrote."""
    found = [p for pattern in WRITTEN for p in ROOT.glob(pattern)]
    for folder in FOLDERS:
        found += [p for pattern in (*WRITTEN, "run") for p in (ROOT / folder).rglob(pattern) if p.is_file()]
    return [p for p in found if "__pycache__" not in p.parts]


def test_no_text_names_a_machine_or_a_registry() -> None:
    """No file names an absolute path of one machine, a package registry's host, or how the work was organised."""
    machine = re.compile(r"(?<![\w./-])/(work|home|Users|root)/\w")
    host = re.compile(rf"\b({'|'.join(HOSTS)})\.(org|com|io|co)\b")
    organised = re.compile(
        r"\b(this|my|last|previous|earlier) session\b|\bsub-?agent|\bissue #?\d+\b|\bthe brief\b", re.I
    )
    wrong = []
    for path in texts():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if machine.search(line) or host.search(line) or organised.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert len(texts()) > 150
    assert wrong == []


def test_field_terms_are_used() -> None:
    """Orchestration is flow, preparation is recipe: no document or docstring calls either by the word in fashion."""
    word = re.compile("pipe" + "line", re.IGNORECASE)
    allowed = {"test_house_text.py"}
    found = [str(p.relative_to(ROOT)) for p in texts() if p.name not in allowed and word.search(p.read_text("utf-8"))]
    assert [name for name in found if not name.startswith("tests/")] == []


def test_every_file_says_what_it_is() -> None:
    """Every module begins with a docstring whose first line ends."""
    silent = []
    for path in SOURCE.rglob("*.py"):
        told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        if not told or told.partition("\n")[0].rstrip()[-1] not in ".:?!`":
            silent.append(str(path.relative_to(SOURCE)))
    assert silent == []


@pytest.mark.parametrize(
    "kind",
    [catalog.SOURCES, catalog.STEPS, catalog.ESTIMATORS, catalog.METRICS, catalog.DRIFT, catalog.COMMANDS],
    ids=lambda kind: kind.group,
)
def test_every_extension_has_an_example(kind: catalog.Catalog) -> None:
    """Every source, step, estimator and metric has a doctest, every command an example to type."""
    mark = "Example:\n  volvelle " if kind is catalog.COMMANDS else ">>> "
    assert [n for n in kind.names() if mark not in (kind.load(n).__doc__ or "")] == []


def test_every_test_says_what_it_proves() -> None:
    """Every test function has a docstring."""
    silent = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node):
                silent.append(f"{path.name}:{node.name}")
    assert silent == []


def test_nothing_is_caught_wholesale() -> None:
    """Only the entry of the command line catches every exception; a clause that raises again does not count."""
    wrong = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ExceptHandler):
                continue
            kinds = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"BaseException"}
            again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            if kinds & {"Exception", "BaseException"} and not again:
                wrong.append(str(path.relative_to(SOURCE)))
    assert [name for name in wrong if not name.startswith("cli/")] == []


def test_one_stage_opens_the_seal() -> None:
    """Only the stage that validates calls for the sealed side, and only the context offers it."""
    callers = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "open_sealed":
                callers.add(str(path.relative_to(SOURCE)))
    assert callers == {"flow/stages/validate.py"}


def test_nothing_is_unpickled_or_evaluated() -> None:
    """No file imports pickle, marshal or shelve, or calls eval or exec."""
    wrong = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = {a.name for a in node.names} if isinstance(node, ast.Import) else set()
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")
            if called or names & {"pickle", "marshal", "shelve", "dill", "joblib"}:
                wrong.append(str(path.relative_to(SOURCE)))
    assert wrong == []


def test_the_schema_is_current() -> None:
    """The shipped JSON Schema is what the records give."""
    assert SHIPPED.read_text(encoding="utf-8") == schema(), "make docs writes it anew"


def test_the_changelog_has_the_version() -> None:
    """The newest entry of the changelog is the version of the package and of pyproject.toml."""
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == volvelle.__version__
    assert f'version = "{volvelle.__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_names_of_test_files_differ() -> None:
    """No two test files have the same name: pytest would collect one of them only."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
