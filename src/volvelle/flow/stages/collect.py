"""Collect: read the source and pin an immutable, content-hashed version."""

from __future__ import annotations

from volvelle.data import collect as reading
from volvelle.data.records import Dataset
from volvelle.errors import ContractBroken
from volvelle.flow.context import Context
from volvelle.spec.requirements import Spec


def collect(spec: Spec, context: Context) -> Dataset:
    """Read all rows; the canonical Parquet bytes go into the store under their hash.

    Raises:
        DataError: the source cannot be read or lacks a column that the spec names.
    """
    frame, dataset, content = reading.pinned(spec.data, spec.features, context.folder)
    named = reading.named_columns(spec.data, spec.features, spec.problem.target)
    reading.require_columns(named, frame.columns)
    for origin in dataset.origins:
        if origin.kind == "file":
            context.depends_on(context.folder / origin.name, origin.sha256)
        elif origin.kind == "names":
            context.depends_on_names(origin.name, origin.sha256)
        elif spec.data.refresh == "always":
            context.depends_on_live(origin.name)
    version = context.put(content)
    if version != dataset.version:
        raise ContractBroken(f"the data set calls itself {dataset.version[:12]} and its bytes hash to {version[:12]}")
    return dataset
