"""Volvelle itself as one of the peers: ``python -m bench.peers.own FOLDER``.

The turn runs by the same clock, with one worker, and is broken off where the test side would be opened: what comes
after is the evidence, which the peers do not give. Besides what a peer reports: the seconds of the search, which is
what the budget bounds, and its trials.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench.peers import progress

_ROWS = 15
_BEFORE = ("collect", "admit", "explore", "split")
"""Stages that are not counted."""


class Enough(Exception):
    """The model is built."""


def main() -> int:
    """Turn as far as the model, answer the test side, report."""
    # Imported behind the clock: it must be in place first.
    from volvelle.data.versions import from_bytes
    from volvelle.flow.result import find
    from volvelle.flow.turn import Project, turn
    from volvelle.model.encode import encode
    from volvelle.model.session import Session
    from volvelle.spec.requirements import Spec

    seconds: dict[str, float] = {}

    def told(event: str, facts: dict[str, Any]) -> None:
        if event == "stage" and facts["stage"] == "validate":
            raise Enough
        if event == "stage" and "seconds" in facts:
            seconds[facts["stage"]] = facts["seconds"]

    place = Path(sys.argv[1])
    spec = msgspec.json.decode((place / "spec.json").read_bytes(), type=Spec)
    project = Project(place / "project")
    try:
        turn(project, spec, told)
    except Enough:
        result = find(project, 1)
    session = Session(result.onnx)
    inputs = encode(from_bytes(project.store.unseal(result.split.test)), result.model.signature)
    answers = session.run(inputs)
    np.save(place / "answers.npy", answers["prediction" if result.model.task == "regression" else "scores"])
    times = []
    for row in range(_ROWS):
        one = {name: values[row : row + 1] for name, values in inputs.items()}
        began = time.process_time()
        session.run(one)
        times.append(time.process_time() - began)
    report = {
        "version": importlib.metadata.version("volvelle"),
        "cpu": round(sum(took for stage, took in seconds.items() if stage not in _BEFORE), 2),
        "search": round(seconds["search"], 2),
        "row_ms": round(1000 * statistics.median(times), 3),
        "bytes": result.model.size,
        "about": " + ".join(f"{m.weight:.2f} {m.estimator}" for m in result.candidate.parts()),
        "trials": len(result.searched.trials),
        "expected": result.candidate.score,
    }
    (place / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return 0


if __name__ == "__main__":
    progress.install()
    os.cpu_count = lambda: 1
    sys.exit(main())
