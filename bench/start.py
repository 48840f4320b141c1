"""What starting costs: modules, processor time against a bare interpreter, and the cost that a stage adds.

Required: at most 140 modules for ``--help`` and ``check``; an unchanged ``run`` at most 8 times the processor time
of a bare interpreter; at most 20 ms for each stage that is executed, beyond its work.

    python -m bench.start [--json] [--repeats 9]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from volvelle.train.samples import breast_cancer

LIMITS = {"modules": 140, "unchanged": 8.0, "stage": 20.0}
STAGES = 20
COMMANDS = {"--help": ["--help"], "check": ["check"], "run, unchanged": ["run"]}
SPEC = """\
[problem]
target = "diagnosis"

[data]
source = "cells.csv"

[search]
trials = 3
folds = 2
estimators = ["constant", "naive_bayes", "logistic"]
"""
_ENTRY = """\
import re, sys
from volvelle.cli.entry import main
sys.argv[0] = "volvelle"
code = main()
"""
"""As the installed script does."""
_COUNT = _ENTRY + "print(*sorted(sys.modules), file=open({place!r}, 'w'))\n"
_ADDED = """\
import json, sys, time
from pathlib import Path
from volvelle.flow.turn import Project, turn
from volvelle.spec.requirements import Data, Problem, Spec
spec = Spec(problem=Problem(target="y"), data=Data(source="none"))
began = time.perf_counter()
finished = turn(Project(Path(".")), spec, lambda event, facts: None, wheel="small:WHEEL")
took = time.perf_counter() - began
import small
print(json.dumps([took - sum(small.WORK), len([r for r in finished.stages if not r.reused])]))
"""


def project(folder: Path) -> None:
    """A project whose run has finished."""
    (folder / "cells.csv").write_text(breast_cancer(), encoding="utf-8")
    (folder / "volvelle.toml").write_text(SPEC, encoding="utf-8")
    _cpu([*_python(), "-m", "volvelle", "run"], folder)


def modules(words: list[str], folder: Path) -> list[str]:
    """Modules that are loaded when a command ends."""
    place = folder / "modules.txt"
    _cpu([*_python(), "-c", _COUNT.format(place=str(place)), *words], folder)
    return place.read_text(encoding="utf-8").split()


def seconds(command: list[str], folder: Path, repeats: int) -> float:
    """Median processor time of a command."""
    return statistics.median(_cpu(command, folder) for _ in range(repeats))


def added(folder: Path) -> float:
    """Milliseconds for each of the stages of a wheel that does next to nothing."""
    lines = ["import time, msgspec", "WORK = []"]
    for n in range(STAGES):
        given = f"r{n - 1}: R{n - 1}" if n else ""
        lines.append(f"class R{n}(msgspec.Struct, frozen=True):\n    value: int")
        lines.append(
            f"def stage{n}({given}) -> R{n}:\n    began = time.perf_counter()\n    made = R{n}({n})\n"
            f"    WORK.append(time.perf_counter() - began)\n    return made"
        )
    lines.append(f"WHEEL = ({', '.join(f'stage{n}' for n in range(STAGES))},)\n")
    place = folder / "small"
    place.mkdir()
    (place / "small.py").write_text("\n\n".join(lines), encoding="utf-8")
    answer = subprocess.run(
        [*_python(), "-c", _ADDED],
        cwd=place,
        env={**_environment(), "PYTHONPATH": str(place)},
        capture_output=True,
        check=True,
    )
    took, computed = json.loads(answer.stdout)
    if computed != STAGES:
        raise RuntimeError(f"{computed} of {STAGES} stages were computed")
    return float(took) / STAGES * 1000


def _python() -> list[str]:
    return [sys.executable]


def _environment() -> dict[str, str]:
    # Empty, so that what is imported is compiled once and not at every start.
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "OMP_NUM_THREADS": "1"}


def _cpu(command: list[str], folder: Path) -> float:
    with subprocess.Popen(
        command, cwd=folder, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        errors = process.stderr.read() if process.stderr else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} failed: {errors.decode()[-2000:]}")
    return used.ru_utime + used.ru_stime


def measure(repeats: int) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory(prefix="volvelle-start-") as place:
        folder = Path(place).resolve()
        project(folder)
        bare = seconds([*_python(), "-c", "pass"], folder, repeats)
        rows = []
        for name, words in COMMANDS.items():
            used = seconds([*_python(), "-c", _ENTRY, *words], folder, repeats)
            rows.append({"command": name, "modules": len(modules(words, folder)), "cpu": used, "ratio": used / bare})
        return {"bare": bare, "commands": rows, "stage_ms": added(folder)}


def main() -> int:
    """Print the figures; 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description="Measure what starting costs.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    found = measure(options.repeats)
    met = (
        all(r["modules"] <= LIMITS["modules"] for r in found["commands"][:2])
        and found["commands"][2]["ratio"] <= LIMITS["unchanged"]
        and found["stage_ms"] <= LIMITS["stage"]
    )
    if options.json:
        print(json.dumps({**found, "limits": LIMITS, "met": met}))
        return 0 if met else 1
    print(f"{'command':<18}{'modules':>8}{'CPU ms':>9}{'x bare':>8}")
    print(f"{'bare interpreter':<18}{'':>8}{found['bare'] * 1000:>9.1f}{1.0:>8.1f}")
    for row in found["commands"]:
        print(f"{row['command']:<18}{row['modules']:>8}{row['cpu'] * 1000:>9.1f}{row['ratio']:>8.1f}")
    print(f"\nadded for each executed stage: {found['stage_ms']:.2f} ms (limit {LIMITS['stage']:.0f} ms)")
    print("all limits met" if met else "a limit is passed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
