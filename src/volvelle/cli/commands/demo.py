"""Turn the wheel on a real data set that comes with scikit-learn, and release the result.

Example:
  volvelle demo
  volvelle demo my-folder --budget "10 s"
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from volvelle.cli.commands import run as turning
from volvelle.cli.options import json_option
from volvelle.errors import InputError
from volvelle.flow.store import write_atomic
from volvelle.spec.read import FILE, parse
from volvelle.train.samples import breast_cancer

_MARK = "# Written by volvelle demo."
_SPEC = f"""\
{_MARK}
[problem]
name         = "breast-mass"
statement    = "Tell malignant from benign breast masses by cell measurements"
intended_use = "a demonstration; second reading of fine-needle aspirates by a pathologist"
out_of_scope = "diagnosis without a physician"
task         = "classification"
target       = "diagnosis"
positive     = "malignant"

[data]
source  = "breast_cancer.csv"
licence = "CC BY 4.0 (Wolberg, Mangasarian, Street, Street 1995, UCI)"
consent = "published, without persons' names"

[require]
gates = [
  "roc_auc >= 0.92",
  "recall >= 0.80",
  "accuracy >= 0.88",
  "overfit_gap <= 0.10",
  "model_size <= 512 KiB",
]

[split]
test = 0.3

[search]
budget = "{{budget}}"
seed   = 7
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo"), help="where to write it (default: demo)")
    parser.add_argument("--budget", default="20 s", help="time of the search (default: 20 s)")
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Write table and spec, then run and release."""
    spec = options.folder / FILE
    wanted = _SPEC.format(budget=options.budget)
    parse(wanted, "--budget")
    if spec.exists() and not spec.read_text(encoding="utf-8").startswith(_MARK):
        raise InputError("another spec is here already", where=str(spec), next_move="name another folder")
    write_atomic(options.folder / "breast_cancer.csv", breast_cancer().encode())
    write_atomic(spec, wanted.encode())
    if not options.json:
        print(f"Wrote {options.folder / 'breast_cancer.csv'} (569 rows) and {spec}.{os.linesep}")
    options.spec, options.explain, options.release = spec, False, True
    return turning.run(options)
