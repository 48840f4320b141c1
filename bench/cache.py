"""Is the cache right? Every kind of change is made to a fresh toy project, and what the next turn computed is judged.

A stage is *stale* if what the turn hands on for it differs from what an empty project computes, and *needless*
if it was computed though it was given what it had been given before, and gave what it had given before. Required:
none of either. Left out is what a hash of source cannot know: a local variable renamed, an expression rewritten to
the same value, and what a decorator or a statement of the project's own does when a module is imported, which counts
for everything that imports it.

    python -m bench.cache [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.cache_kinds import KINDS, PATH, Kind, write

from volvelle.flow.installed import distributions
from volvelle.flow.turn import Project, turn
from volvelle.spec.read import read

Outputs = dict[str, tuple[str, bool]]
"""Stage to its output and whether it was taken from the cache."""


class Judged(NamedTuple):
    """What came of one kind of change."""

    kind: str
    computed: list[str]
    stale: list[str]
    needless: list[str]
    as_meant: bool
    """Whether outputs changed if and only if the kind says so."""


def judge(kind: Kind, folder: Path) -> Judged:
    """Make one change in a fresh project."""
    write(folder)
    # Long enough for the files to count as left alone, so that closures are remembered and looked up.
    time.sleep(0.06)
    first = _turn(folder)
    seen = {tuple(o for o, _ in list(first.values())[:n]) for n in range(1, len(first) + 1)}
    for change in kind.steps:
        change(folder)
        then = _turn(folder)
        found = [tuple(o for o, _ in list(then.values())[:n]) for n in range(1, len(then) + 1)]
        needless = [name for name, outputs in zip(then, found, strict=True) if not then[name][1] and outputs in seen]
        seen |= set(found)
    shutil.rmtree(folder / ".volvelle")
    truth = _turn(folder)
    return Judged(
        kind.name,
        [name for name, (_, reused) in then.items() if not reused],
        [name for name in truth if truth[name][0] != then[name][0]],
        needless,
        kind.changes == any(truth[name][0] != first[name][0] for name in truth),
    )


def _turn(folder: Path) -> Outputs:
    """One turn in a process of its own, so that nothing imported is left from the turn before."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as answer:
            sys.dont_write_bytecode = True
            sys.path[:0] = [str(folder / part) for part in PATH]
            spec = read(folder / "volvelle.toml")
            finished = turn(Project(folder), spec, lambda event, facts: None, wheel="toy.wheel:WHEEL")
            json.dump({row.name: (row.output, row.reused) for row in finished.stages}, answer)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    if os.waitpid(child, 0)[1] != 0 or not text:
        raise RuntimeError(f"the turn in {folder} failed")
    return {name: (output, reused) for name, (output, reused) in json.loads(text).items()}


def main() -> int:
    """Judge all kinds; 1 if any stage was stale or needless."""
    parser = argparse.ArgumentParser(description="Judge the cache over many kinds of change.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    judged = []
    # What is installed is the same for all of them.
    distributions({"numpy", "absent"})
    before = dict(os.environ)
    for kind in KINDS:
        with tempfile.TemporaryDirectory(prefix="volvelle-cache-") as place:
            judged.append(judge(kind, Path(place).resolve()))
        os.environ.clear()
        os.environ.update(before)
    stale, needless = sum(bool(j.stale) for j in judged), sum(bool(j.needless) for j in judged)
    astray = [j.kind for j in judged if not j.as_meant]
    if options.json:
        rows = [j._asdict() for j in judged]
        print(json.dumps({"kinds": len(judged), "stale": stale, "needless": needless, "astray": astray, "rows": rows}))
    else:
        for row in judged:
            verdict = "STALE " + " ".join(row.stale) if row.stale else "right"
            verdict = verdict if not row.needless else f"NEEDLESS {' '.join(row.needless)}"
            print(f"{row.kind:<58}{' '.join(row.computed) or '-':<22}{verdict}")
        print(f"\n{len(judged)} kinds of change: {stale} stale, {needless} needless; not as meant: {astray or 'none'}")
    return 1 if stale or needless or astray else 0


if __name__ == "__main__":
    sys.exit(main())
