"""The files that a pattern finds, in one order, and a hash of their names: a file that joins them is a change."""

from __future__ import annotations

import hashlib
from pathlib import Path


def found_by(pattern: str, folder: Path) -> list[str]:
    """The files that a pattern or a folder (a slash at its end) names, as written and sorted; hidden ones do not count.

    ``*`` and ``?`` stand within one folder, ``**`` for any folders.
    """
    wanted = f"{pattern}*" if pattern.endswith("/") else pattern
    start = Path(wanted).expanduser()
    fixed = Path(*_before_wildcard(start.parts))
    rest = Path(*start.parts[len(fixed.parts) :]) if fixed.parts else start
    root = folder / fixed
    names = [
        (fixed / path.relative_to(root)).as_posix()
        for path in root.glob(rest.as_posix())
        if path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(root).parts)
    ]
    return sorted(set(names))


def names_digest(names: list[str]) -> str:
    """SHA-256 of the names.

    >>> names_digest(["a.csv"]) == names_digest(["b.csv"])
    False
    """
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def _before_wildcard(parts: tuple[str, ...]) -> tuple[str, ...]:
    for position, part in enumerate(parts[:-1]):
        if any(mark in part for mark in "*?["):
            return parts[:position]
    return parts[:-1]
