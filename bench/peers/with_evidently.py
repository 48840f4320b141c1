"""Evidently with its preset for drift and its defaults; it calls when any column has drifted."""

from __future__ import annotations

import importlib
from typing import Any

from bench.peers import watching

evidently: Any = importlib.import_module("evidently")
presets: Any = importlib.import_module("evidently.presets")


def calls(reference: Any, now: Any) -> bool:
    """Whether the preset counts a drifted column."""
    found = evidently.Report([presets.DataDriftPreset()]).run(now, reference).dict()
    return bool(found["metrics"][0]["value"]["count"])


if __name__ == "__main__":
    watching.answer("evidently", calls)
