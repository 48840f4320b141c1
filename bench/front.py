"""What proposals for the front bring: the same number of trials with them and without, on the same rows and seed.

Told are the share of the area between the worst and the best of both searches, in loss and in the logarithm of bytes,
that the front of each covers (its hypervolume), how many candidates are on it, and the loss of the best over the folds.
Trials are counted, not timed, so that a loaded machine gives the same.

    python -m bench.front [--sets titanic telco] [--trials 60] [--seed 7]
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from bench.sets import SETS, spec_for
from msgspec.structs import replace

from volvelle.flow.result import find
from volvelle.flow.turn import Project, turn
from volvelle.train import propose as proposing
from volvelle.train import search as searching
from volvelle.train.records import Searched

Points = list[tuple[float, float]]
"""Loss and logarithm of bytes of each candidate that was weighed."""


class Enough(Exception):
    """The search is over."""


class Found(NamedTuple):
    """What one search gave."""

    points: Points
    best: float


def searched(name: str, data: Path, seed: int, trials: int, *, filling: bool) -> Found:
    """One search, broken off when it is over."""
    spec = spec_for(name, data, seed, 10_000)
    spec = replace(spec, search=replace(spec.search, trials=trials, ensemble=False))

    def told(event: str, facts: dict[str, Any]) -> None:
        if event == "stage" and facts["stage"] == "choose":
            raise Enough

    with tempfile.TemporaryDirectory(prefix="volvelle-bench-") as folder:
        project = Project(Path(folder))
        with mock.patch.object(searching, "smaller", proposing.smaller if filling else lambda *_: None):
            try:
                turn(project, spec, told)
            except Enough:
                result: Searched = find(project, 1).searched
    sign = -1 if result.direction == "up" else 1
    known = [t for t in result.trials if t.status == "done" and t.size and t.score is not None]
    return Found(
        [(sign * float(t.score or 0.0), math.log(t.size)) for t in known], result.trials[result.best].score or 0.0
    )


def front(points: Points) -> Points:
    """Those that no other one beats, the smallest first.

    >>> front([(3.0, 1.0), (1.0, 2.0), (2.0, 3.0)])
    [(3.0, 1.0), (1.0, 2.0)]
    """
    kept: Points = []
    for loss, size in sorted(points, key=lambda p: (p[1], p[0])):
        if not kept or loss < kept[-1][0]:
            kept.append((loss, size))
    return kept


def covered(points: Points, low: tuple[float, float], high: tuple[float, float]) -> float:
    """The share of the box from `low` to `high` that lies behind the front.

    >>> covered([(0.0, 0.5)], (0.0, 0.0), (1.0, 1.0))
    0.5
    """
    kept = [p for p in front(points) if p[0] < high[0]]
    ends = [size for _, size in kept[1:]] + [high[1]]
    area = sum((high[0] - loss) * (end - size) for (loss, size), end in zip(kept, ends, strict=True))
    return area / ((high[0] - low[0]) * (high[1] - low[1]))


def main() -> int:
    """Search twice for each set, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VOLVELLE_DATA", "../shared/data")))
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=["titanic", "mammography", "telco", "wine"])
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    print("| set | covered without | covered | on the front without | on the front | best without | best |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for name in options.sets:
        sides = [
            searched(name, options.data.resolve(), options.seed, options.trials, filling=filling)
            for filling in (False, True)
        ]
        every = [p for side in sides for p in side.points]
        low = (min(p[0] for p in every), min(p[1] for p in every))
        # The worst loss that counts is the median: what lies behind it nobody would take.
        high = (sorted(p[0] for p in every)[len(every) // 2], max(p[1] for p in every))
        shares = [f"{covered(side.points, low, high):.3f}" for side in sides]
        counts, best = [str(len(front(side.points))) for side in sides], [f"{side.best:.5g}" for side in sides]
        print(f"| {name} | {' | '.join([*shares, *counts, *best])} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
