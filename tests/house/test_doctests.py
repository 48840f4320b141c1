"""The examples in docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import volvelle

MODULES = sorted(
    m.name for m in pkgutil.walk_packages(volvelle.__path__, "volvelle.") if not m.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_every_example_gives_what_it_says(name: str) -> None:
    """Each docstring example of a module runs and prints what stands below it."""
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def test_there_are_examples() -> None:
    """The sweep above meets real examples: it would notice a change of layout."""
    attempted = sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES)
    assert attempted > 100
