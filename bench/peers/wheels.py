"""A turn that ends with the split."""

from __future__ import annotations

from volvelle.flow.stages.collect import collect
from volvelle.flow.stages.split import split

DEALT = (collect, split)
