"""What every peer that watches for drift is given and what it hands back.

A folder holds ``reference.parquet`` and ``now-*.parquet``, tables of numbers, or for an estimate of quality the columns
``y``, ``p`` and ``pred``. `answer` hands each table of now to the peer with the reference and prints one JSON line:
whether it called for any column, the seconds of the process, and the most memory that it took.

A peer's file runs in the peer's own environment: only the standard library and pandas are imported here.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any


def answer(package: str, calls: Callable[[Any, Any], Any]) -> None:
    """Run one peer on the folder that the command line names.

    Args:
        package: whose version is reported.
        calls: (reference, now) as pandas frames to whether it called, or to what it estimates.
    """
    warnings.simplefilter("ignore")
    pandas = importlib.import_module("pandas")
    place = Path(sys.argv[1])
    began = time.process_time()
    reference = pandas.read_parquet(place / "reference.parquet")
    said = [calls(reference, pandas.read_parquet(path)) for path in sorted(place.glob("now-*.parquet"))]
    report = {
        "version": importlib.metadata.version(package),
        "said": said,
        "cpu": time.process_time() - began,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    print(json.dumps(report))
