"""Which distribution installed a module, read from the files that installers leave."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path


def standard() -> frozenset[str]:
    """Top-level modules that come with Python."""
    return sys.stdlib_module_names | frozenset(sys.builtin_module_names)


def plain(distribution: str) -> str:
    """A distribution's name as all spellings of it compare.

    >>> plain("Fake_Lib.x")
    'fake-lib-x'
    """
    return distribution.lower().replace("_", "-").replace(".", "-")


def installed(top: str, entry: str) -> bool:
    """Whether a distribution put this top-level module into the folder where it was found."""
    return top in _owners(entry)


def distributions(tops: set[str]) -> set[str]:
    """Distributions of top-level modules; one that belongs to none stands for itself, standard ones are left out."""
    found: set[str] = set()
    for top in tops - standard() - {"", "__future__"}:
        owners = next((o for e in sys.path if (o := _owners(e).get(top))), {plain(top)})
        found |= owners
    return found


@cache
def _owners(entry: str) -> dict[str, set[str]]:
    """Top-level module to the distributions that installed it into a folder of the path."""
    found: dict[str, set[str]] = {}
    for place in Path(entry).glob("*.dist-info") if entry else ():
        name = plain(place.name.partition("-")[0])
        for top in _tops(place):
            found.setdefault(top, set()).add(name)
    return found


def _tops(place: Path) -> set[str]:
    listed, record = place / "top_level.txt", place / "RECORD"
    if record.is_file():
        lines = record.read_text(encoding="utf-8").splitlines()
        firsts = {line.partition(",")[0].partition("/")[0] for line in lines if not line.startswith(("..", "/"))}
        return {f.partition(".")[0] for f in firsts if f and not f.endswith((".dist-info", ".pth", "__pycache__"))}
    return set(listed.read_text(encoding="utf-8").split()) if listed.is_file() else set()
