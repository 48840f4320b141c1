"""Explore: what the columns hold and what a person should know about them."""

from __future__ import annotations

from volvelle.data import explore as exploring
from volvelle.data.profile import Profile
from volvelle.data.records import Dataset
from volvelle.data.table import Asked
from volvelle.data.versions import from_bytes
from volvelle.flow.context import Context
from volvelle.spec.requirements import Spec


def explore(spec: Spec, dataset: Dataset, context: Context) -> Profile:
    """Counts, ranges and shares of every column, the balance of the target, and the findings."""
    return exploring.explore(from_bytes(context.get(dataset.version)), dataset, asked(spec))


def asked(spec: Spec) -> Asked:
    """The part of the spec that findings depend on."""
    data, problem = spec.data, spec.problem
    return Asked(
        target=problem.target,
        time=data.time,
        group=data.group,
        ignore=data.ignore,
        sensitive=data.sensitive,
        accept=data.accept,
        missing=data.missing,
        features=spec.features,
        task=problem.task,
        seed=spec.search.seed,
    )
