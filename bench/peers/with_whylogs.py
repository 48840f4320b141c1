"""whylogs with its defaults: profiles of both tables and their drift scores; it calls when any column has drifted."""

from __future__ import annotations

import importlib
from typing import Any

from bench.peers import watching

whylogs: Any = importlib.import_module("whylogs")
drift: Any = importlib.import_module("whylogs.viz.drift.column_drift_algorithms")


def calls(reference: Any, now: Any) -> bool:
    """Whether the category of any column is drift."""
    views = [whylogs.log(frame).view() for frame in (now, reference)]
    scores = drift.calculate_drift_scores(target_view=views[0], reference_view=views[1], with_thresholds=True)
    return any(score and score["drift_category"] == "DRIFT" for score in scores.values())


if __name__ == "__main__":
    watching.answer("whylogs", calls)
