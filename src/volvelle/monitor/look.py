"""What drift tests look at: the counters of a sketch as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.monitor.records import PREDICTION, SCORE, Edges, Sketch

Looks = dict[tuple[str, str], NDArray[Any]]
"""By feature and by what is looked at, as in `contract.Takes`."""


def looks(sketch: Sketch, edges: Edges) -> Looks:
    """Every array of counters of a sketch that a test may look at."""
    found: Looks = {}
    for binned in edges.features:
        name, counted = binned.feature.name, sketch.features[binned.feature.name]
        if counted.bins:
            found[name, "categories" if binned.nominal else "numbers"] = np.asarray(counted.bins)
        present = sketch.rows - counted.missing
        found[name, "missing"] = np.asarray([counted.missing, present])
        found[name, "outside"] = np.asarray([counted.outside, present - counted.outside])
    if not edges.classes:
        found[PREDICTION, "numbers"] = np.asarray(sketch.scores[0])
        return found
    found[PREDICTION, "categories"] = np.asarray(sketch.labels())
    if edges.positive is not None:
        found[SCORE, "numbers"] = np.asarray(sketch.scores[edges.positive])
    return found
