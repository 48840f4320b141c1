"""A small real project, and the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from volvelle.train.samples import breast_cancer

SPEC = """\
[problem]
target = "diagnosis"
positive = "malignant"

[data]
source = "cells.csv"

[require]
gates = ["roc_auc >= 0.9"]

[search]
trials = 8
folds = 2
seed = 3
estimators = ["constant", "naive_bayes", "logistic", "decision_tree"]
"""


def project(folder: Path, spec: str = SPEC) -> Path:
    """The table of scikit-learn and a spec for it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cells.csv").write_text(breast_cancer(), encoding="utf-8")
    (folder / "volvelle.toml").write_text(spec, encoding="utf-8")
    return folder


def start(folder: Path, *words: str, temporary: Path | None = None) -> subprocess.Popen[str]:
    """``volvelle WORDS`` in the project's folder."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    if temporary is not None:
        temporary.mkdir(exist_ok=True)
        environment["TMPDIR"] = str(temporary)
    return subprocess.Popen(
        [sys.executable, "-m", "volvelle", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(folder: Path, *words: str, temporary: Path | None = None) -> str:
    """What ``volvelle WORDS`` prints; it must succeed."""
    process = start(folder, *words, temporary=temporary)
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return out
