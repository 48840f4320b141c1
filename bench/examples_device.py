"""The examples under the budget of a device: each spec of examples/ with its device.toml, as a table for the documents.

Each is searched for some seconds, compiled, and compared with onnxruntime on the rows of its test side: all of them on
this machine, and on three emulated cores as many, drawn at random, as some seconds answer. Rows are kept as they
come, in a file, so that a stopped run goes on where it was.

    python -m bench.examples_device [--budget "15 s"] [--seconds 20] [--examples adult] [--keep rows.jsonl]
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from bench.results import EXAMPLES, collected, measured, provide, short

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.host import KINDS, Host
from volvelle.compiler.prove import compiled
from volvelle.data.versions import from_bytes
from volvelle.errors import ModelError
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.model.encode import encode
from volvelle.model.session import Session
from volvelle.spec.read import parse
from volvelle.ui.wording import title

CORES = ("cortex-m4f", "cortex-m0", "rv32imac")
HEADS = (
    "example",
    "budget",
    "winner within it",
    "search metric within / without the budget",
    "on the test side",
    "flash, RAM there",
    "gates",
    "different labels, here",
    *(f"on {core}" for core in CORES),
)


def run(name: str, data: Path, budget: str, seconds: float) -> dict[str, Any]:
    """One example: a row of the table."""
    text = (EXAMPLES / name / "volvelle.toml").read_text(encoding="utf-8")
    text = re.sub(r'(?m)^(budget\s*= )".*?"', rf'\1"{budget}"', text)
    text += "\n" + (EXAMPLES / name / "device.toml").read_text(encoding="utf-8")
    spec = parse(text)
    assert spec.device is not None
    row = {"example": name, "budget": f"{spec.device.core}, {spec.device.flash}, {spec.device.ram}"}
    with tempfile.TemporaryDirectory(prefix="volvelle-examples-") as folder:
        provide(EXAMPLES / name, Path(folder), data)
        project = Project(Path(folder))
        try:
            result = find(project, turn(project, spec, lambda event, facts: None, source=text).run)
        except ModelError as error:
            return row | {"winner": f"refused: {error.problem}"}
        return row | told(result) | compared(result, seconds)


def told(result: Result) -> dict[str, Any]:
    """What was chosen, and what it takes."""
    evidence, candidate, took = result.evidence, result.candidate, result.footprint
    bounded = evidence.constrained
    assert took is not None
    assert bounded is not None
    free = short(bounded.free.score) if bounded.free else "–"
    gates = [v.verdict for v in evidence.verdicts]
    return {
        "winner": title(candidate.estimator),
        "score": f"{title(candidate.metric)} {short(candidate.score)} / {free}",
        "test": ", ".join(measured(result)),
        "took": f"{took.flash:,}, {took.ram:,} bytes",
        "gates": f"{gates.count('pass')} of {len(gates)} pass",
    }


def compared(result: Result, seconds: float) -> dict[str, str]:
    """Rows with another label than onnxruntime's (or another number, for a regression), here and on every core."""
    inputs = encode(from_bytes(result.project.store.get(result.scored.rows)), result.model.signature)
    made = compiled(result.onnx, rows=inputs)
    count = len(next(iter(inputs.values())))
    typed = [
        np.ascontiguousarray(inputs[name].reshape(count, -1), dtype=KINDS[kind])
        for name, (_, kind, _) in zip(made.graph.inputs, made.sources.inputs, strict=True)
    ]
    answers = Session(result.onnx).run(inputs)
    output = "label" if "label" in answers else "prediction"
    wanted, place = np.asarray(answers[output]).reshape(count), made.graph.outputs.index(output)

    def different(own: Any, rows: Any) -> int:
        if output == "label":
            return int((own != wanted[rows]).sum())
        return int((abs(own - wanted[rows]) > 1e-5 * np.maximum(1, abs(wanted[rows]))).sum())

    everything = np.arange(count)
    own = Host(made.sources).run(typed)[place].reshape(count)
    found = {"here": f"{different(own, everything)} of {count:,}"}
    ends = [(KINDS[kind], size) for _, kind, size in made.sources.outputs]
    for name in CORES:
        wish = device(name)
        core = EMULATORS.load("unicorn").Core(TOOLCHAINS.load("zig").build(made.sources, wish), wish)
        began, rows, mine = time.monotonic(), list[int](), list[Any]()
        for row in np.random.default_rng(7).permutation(count).tolist():
            mine.append(core.run([a[row] for a in typed], ends).outputs[place].reshape(()))
            rows.append(row)
            if time.monotonic() - began > seconds:
                break
        found[name] = f"{different(np.asarray(mine), rows)} of {len(rows):,}"
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown, by name; one that was refused says why."""
    lines = [HEADS, ["---"] * len(HEADS)]
    for row in sorted(rows, key=lambda entry: str(entry["example"])):
        lines.append([*row.values(), *[""] * (len(HEADS) - len(row))])
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def main() -> int:
    """Run what is not kept yet, then print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = sorted(path.parent.name for path in EXAMPLES.glob("*/device.toml"))
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VOLVELLE_DATA", "../shared/data")))
    parser.add_argument("--examples", nargs="+", choices=names, default=names)
    parser.add_argument("--budget", default="15 s", help="of each search")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each emulated core")
    parser.add_argument("--keep", type=Path, help="rows measured so far; these examples are not run again")
    parser.add_argument("--write", type=Path, help="a document to put the table into")
    options = parser.parse_args()
    collected(options, lambda name: run(name, options.data.resolve(), options.budget, options.seconds), table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
