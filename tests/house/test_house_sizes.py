"""Nothing grows beyond what one can read in one go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "volvelle"
FILES = sorted(SOURCE.rglob("*.py"))
LINES_OF_FILE, LINES_OF_FUNCTION, PUBLIC_METHODS, PARAMETERS, DEPTH = 400, 50, 20, 8, 2
FORBIDDEN = {"utils", "util", "helpers", "helper", "core", "common", "manager", "base", "misc", "stuff"}
KINDS = {"Record", "VolvelleError"}
"""Classes that only say what kind of thing a class is; depth is counted from there."""


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in FILES:
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_there_is_something_to_measure() -> None:
    """The search for files finds the source."""
    assert len(FILES) > 100


def test_files_are_short() -> None:
    """A file has at most 400 lines."""
    long = {str(p.relative_to(ROOT)): n for p in FILES if (n := len(p.read_text("utf-8").splitlines())) > LINES_OF_FILE}
    assert long == {}


def test_functions_are_short() -> None:
    """A function has at most 50 lines, its docstring included."""
    long = {}
    for path, tree in trees():
        for node in functions(tree):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > LINES_OF_FUNCTION:
                long[f"{path.name}:{node.name}"] = lines
    assert long == {}


def test_signatures_are_short() -> None:
    """A function takes at most 8 parameters, itself left out."""
    wide = {}
    for path, tree in trees():
        for node in functions(tree):
            given = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            if len([a for a in given if a not in ("self", "cls")]) > PARAMETERS:
                wide[f"{path.name}:{node.name}"] = given
    assert wide == {}


def test_classes_are_small() -> None:
    """A class has at most 20 public methods."""
    big = {}
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                public = [n for n in node.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]
                if len(public) > PUBLIC_METHODS:
                    big[f"{path.name}:{node.name}"] = len(public)
    assert big == {}


def test_trees_of_classes_are_flat() -> None:
    """A class has at most two levels of our own classes above it."""
    bases: dict[str, list[str]] = {}
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = [b.id for b in node.bases if isinstance(b, ast.Name)]

    def depth(name: str) -> int:
        above = [b for b in bases.get(name, []) if b in bases and b not in KINDS]
        return 1 + max(map(depth, above)) if above else 0

    assert {name: depth(name) for name in bases if depth(name) > DEPTH} == {}


@pytest.mark.parametrize("folder", ["src", "tests", "bench", "docs", "examples"])
def test_names_say_what_is_inside(folder: str) -> None:
    """No file or folder has a name that says nothing."""
    paths = [p for p in (ROOT / folder).rglob("*") if "__pycache__" not in p.parts]
    assert paths
    assert [str(p.relative_to(ROOT)) for p in paths if p.stem.lower() in FORBIDDEN] == []
