"""What `bench/quality.py` has measured, kept in one JSON file of one entry a line, and the tables made of it."""

from __future__ import annotations

import fcntl
import json
import tempfile
from pathlib import Path
from typing import Any

Entry = dict[str, Any]
_IDENTITY = ("set", "seed", "budget", "tool")


def entries(kept: Path) -> list[Entry]:
    """All that was measured."""
    return list(json.loads(kept.read_text(encoding="utf-8"))) if kept.exists() else []


def holds(kept: Path, asked: Entry) -> bool:
    """Whether there is an entry with all these facts."""
    return any(all(entry.get(k) == v for k, v in asked.items()) for entry in entries(kept))


def keep(kept: Path, entry: Entry) -> None:
    """Put an entry in, in the place of the one for the same set, seed, budget and tool."""
    with (Path(tempfile.gettempdir()) / "volvelle-bench.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        others = [e for e in entries(kept) if any(e[k] != entry[k] for k in _IDENTITY)]
        lines = sorted((json.dumps(e) for e in [*others, entry]), key=_place)
        fresh = kept.with_suffix(".new")
        fresh.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
        fresh.replace(kept)


def _place(line: str) -> tuple[Any, ...]:
    entry = json.loads(line)
    return tuple(entry[k] for k in ("set", "budget", "seed", "tool"))


def document(kept: Path) -> str:
    return ""


def tables(kept: Path) -> str:
    return ""
