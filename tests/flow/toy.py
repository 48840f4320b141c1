"""Toy wheels: projects of a few tiny stages, turned in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WHEEL = """\
import msgspec

class Rows(msgspec.Struct, frozen=True):
    count: int
    text: str

class Total(msgspec.Struct, frozen=True):
    parity: int

class Answer(msgspec.Struct, frozen=True):
    passed: bool

def gather(spec, context) -> Rows:
    content = (context.folder / spec.data.source).read_bytes()
    import hashlib
    context.depends_on(context.folder / spec.data.source, hashlib.sha256(content).hexdigest())
    context.put(content)
    return Rows(len(content.split()), context.put(content.upper()))

def add(rows: Rows, context) -> Total:
    context.get(rows.text)
    return Total(rows.count % 2)

def decide(spec, total: Total) -> Answer:
    return Answer(total.parity >= spec.search.folds - 4)

WHEEL = (gather, add, decide)
"""
SPEC = """\
[problem]
target = "y"

[data]
source = "data.txt"

[search]
folds = 4
"""
_RUN = """\
import json, sys
from pathlib import Path
from volvelle.errors import VolvelleError
from volvelle.flow.turn import Project, explain, turn
from volvelle.spec.read import read
folder = Path(sys.argv[1])
events = []
try:
    project, spec = Project(folder), read(folder / "volvelle.toml")
    plan = explain(project, spec, wheel="wheel:WHEEL")
    finished = turn(project, spec, lambda event, facts: events.append([event, facts]), wheel="wheel:WHEEL")
    rows = [row._asdict() for row in finished.stages]
    answer = {"run": finished.run, "fresh": finished.fresh, "rows": rows, "plan": plan, "events": events}
except VolvelleError as error:
    answer = {"error": str(error), "kind": type(error).__name__, "events": events}
print(json.dumps(answer))
"""


def write(folder: Path, files: Mapping[str, str] = {}) -> Path:
    """A toy project; `files` replace or add to its files."""
    for name, text in {"wheel.py": WHEEL, "volvelle.toml": SPEC, "data.txt": "a b c", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def swap(folder: Path, name: str, old: str, new: str) -> None:
    """Replace the one place of `old` in a file."""
    text = (folder / name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def turned(folder: Path, **environment: str) -> dict[str, Any]:
    """One turn in a process of its own: its rows, its events and what `explain` had said."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(folder)],
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def computed(answer: dict[str, Any]) -> list[str]:
    """Names of the stages that were computed."""
    return [row["name"] for row in answer["rows"] if not row["reused"]]
