"""Explore: what the columns hold, for people to look at."""

from __future__ import annotations

from volvelle.data import profile as profiling
from volvelle.data.profile import Profile
from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes
from volvelle.flow.context import Context
from volvelle.spec.requirements import Spec


def explore(spec: Spec, dataset: Dataset, context: Context) -> Profile:
    """Counts, ranges and shares of every column, and the balance of the target."""
    return profiling.profile(from_bytes(context.get(dataset.version)), dataset, spec.problem.target)
