"""What the examples reach: each spec of examples/ run with its own budget, as the table of docs/results.md.

One run after the other, each in a folder of its own beside the public tables. Rows are kept in a file as they come, so
that a stopped run goes on where it was, and `--write` puts the table between its marks in the document.

    python -m bench.results [--data FOLDER] [--examples adult titanic] [--keep rows.jsonl] [--write docs/results.md]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from volvelle.catalog import METRICS
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.spec.gates import parse as parse_gate
from volvelle.spec.read import parse
from volvelle.ui.wording import title

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
FOLDERS = ("tabular", "regression", "timeseries", "drift", "text")
START, END = "<!-- measured: results -->", "<!-- end -->"
HEADS = (
    "example",
    "rows trained on / tested on",
    "split",
    "winner",
    "search metric over the folds",
    "on the test side",
    "model",
    "gates",
    "trials",
)
METRICS_SHOWN = 2


def provide(example: Path, place: Path, data: Path | None) -> None:
    """Lay the data of an example under `place`/data: the public tables of `data`, and what its script makes of them."""
    (place / "data").mkdir()
    for file in (file for folder in FOLDERS if data for file in (data / folder).iterdir()):
        (place / "data" / file.name).symlink_to(file)
    script = example / "make_data.py"
    if script.exists():
        here = place / script.name
        here.write_bytes(script.read_bytes())
        subprocess.run([sys.executable, here], check=True)


def run(name: str, data: Path) -> dict[str, Any]:
    """One example, turned with its own budget: a row of the table."""
    text = (EXAMPLES / name / "volvelle.toml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="volvelle-results-") as folder:
        provide(EXAMPLES / name, Path(folder), data)
        project = Project(Path(folder))
        return row(name, find(project, turn(project, parse(text), lambda event, facts: None, source=text).run))


def row(name: str, result: Result) -> dict[str, Any]:
    """What the table says of a finished run."""
    evidence, candidate = result.evidence, result.candidate
    members = f" of {len(candidate.members)}" if candidate.members else ""
    gates = [v.verdict for v in evidence.verdicts]
    passed = f"{gates.count('pass')} of {len(gates)} pass"
    rest = ", ".join(f"{gates.count(kind)} {kind}" for kind in ("fail", "not proven", "not measured") if kind in gates)
    return {
        "example": name,
        "rows": f"{evidence.rows_train:,} / {evidence.rows_test:,}",
        "split": result.split.method,
        "winner": f"{title(candidate.estimator)}{members}",
        "search": f"{title(candidate.metric)} {short(candidate.score)} ± {short(candidate.spread, candidate.score)}",
        "test": ", ".join(measured(result)),
        "size": f"{result.model.size / 1024:,.0f} KiB",
        "gates": f"{passed}; {rest}" if rest else passed,
        "trials": str(len(result.searched.trials)),
    }


def measured(result: Result) -> list[str]:
    """The first metrics that the gates of the whole test side ask for, with their intervals."""
    wanted = [gate.name for gate in map(parse_gate, result.spec.require.gates) if not gate.where]
    wanted = list(dict.fromkeys(name for name in wanted if name in METRICS))[:METRICS_SHOWN]
    found = {m.metric: m for m in result.evidence.metrics if m.side == "test" and not m.slice}
    shown = ((title(name), found[name]) for name in wanted)
    return [f"{name} {short(m.value)} [{short(m.low)}, {short(m.high)}]" for name, m in shown]


def short(number: float | None, like: float | None = None) -> str:
    """Three digits behind the point below 10, one below 1,000, none above (as of `like`); a dash where there is none.

    >>> short(0.12345), short(12.345), short(12345.6), short(None), short(0.25, 500)
    ('0.123', '12.3', '12,346', '–', '0.2')
    """
    if number is None:
        return "–"
    scale = abs(number if like is None else like)
    return f"{number:,.{3 if scale < 10 else 1 if scale < 1000 else 0}f}"


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown, by name."""
    lines = [" | ".join(map(str, entry.values())) for entry in sorted(rows, key=lambda entry: entry["example"])]
    lines = [" | ".join(HEADS), " | ".join("---" for _ in HEADS), *lines]
    return "".join(f"| {line} |\n" for line in lines)


def written(document: str, made: str) -> str:
    """The document with the table between its marks.

    >>> written(f"a {START} old {END} b", "new")
    'a <!-- measured: results -->\\nnew<!-- end --> b'
    """
    return re.sub(f"{START}.*?{END}", lambda _: f"{START}\n{made}{END}", document, flags=re.DOTALL)


def collected(
    options: argparse.Namespace, run: Callable[[str], dict[str, Any]], table: Callable[[list[dict[str, Any]]], str]
) -> None:
    """Run the examples that are not kept yet, then print the table or write it into the document."""
    kept = options.keep.read_text(encoding="utf-8") if options.keep and options.keep.exists() else ""
    rows = [json.loads(line) for line in kept.splitlines()]
    for name in options.examples:
        if any(entry["example"] == name for entry in rows):
            continue
        rows.append(run(name))
        print(json.dumps(rows[-1], ensure_ascii=False), file=sys.stderr, flush=True)
        if options.keep:
            with options.keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps(rows[-1], ensure_ascii=False) + "\n")
    if options.write:
        options.write.write_text(written(options.write.read_text(encoding="utf-8"), table(rows)), encoding="utf-8")
    else:
        print(table(rows), end="")


def main() -> int:
    """Run what is not kept yet, then print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = sorted(path.parent.name for path in EXAMPLES.glob("*/volvelle.toml"))
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VOLVELLE_DATA", "../shared/data")))
    parser.add_argument("--examples", nargs="+", choices=names, default=names)
    parser.add_argument("--keep", type=Path, help="rows measured so far; these examples are not run again")
    parser.add_argument("--write", type=Path, help="a document to put the table into")
    options = parser.parse_args()
    collected(options, lambda name: run(name, options.data.resolve()), table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
