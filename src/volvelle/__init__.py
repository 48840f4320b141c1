"""Volvelle runs the whole machine-learning lifecycle from one file of design requirements.

>>> import volvelle as vv
>>> spec = vv.Spec(problem=vv.Problem(target="price"), data=vv.Data(source="houses.csv"))
>>> spec.search.seed
7
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volvelle.api import Model, Report, Turn, load, predict, run
    from volvelle.errors import InputError, VolvelleError
    from volvelle.spec.read import read
    from volvelle.spec.requirements import (
        Data,
        Device,
        FeatureSpec,
        Monitor,
        PrepareSpec,
        Problem,
        Require,
        Search,
        Serve,
        Spec,
        SplitSpec,
    )

__version__ = "0.1.0"

_HOMES = {
    "volvelle.api": ("Model", "Report", "Turn", "load", "predict", "run"),
    "volvelle.errors": ("InputError", "VolvelleError"),
    "volvelle.spec.read": ("read",),
    "volvelle.spec.requirements": (
        "Data",
        "Device",
        "FeatureSpec",
        "Monitor",
        "PrepareSpec",
        "Problem",
        "Require",
        "Search",
        "Serve",
        "Spec",
        "SplitSpec",
    ),
}
__all__ = [
    "Data",
    "Device",
    "FeatureSpec",
    "InputError",
    "Model",
    "Monitor",
    "PrepareSpec",
    "Problem",
    "Report",
    "Require",
    "Search",
    "Serve",
    "Spec",
    "SplitSpec",
    "Turn",
    "VolvelleError",
    "load",
    "predict",
    "read",
    "run",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'volvelle' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
