"""What runs every night is what the documents say."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUB = """\
#!/usr/bin/env bash
echo "$VOLVELLE_SEED $VOLVELLE_EXAMPLES $*" >> "$TOLD"
case "$*" in *$BREAKS*) exit 1;; esac
"""


@pytest.mark.parametrize("breaks", ["nothing", "compiler", "lane"])
def test_both_fuzzers_run_and_either_fails_the_night(tmp_path: Path, breaks: str) -> None:
    """The compiler gets a thousand examples and the lane 100,000 requests of one seed, whatever fails first."""
    python, told = tmp_path / "python", tmp_path / "told"
    python.write_text(STUB, encoding="utf-8")
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    wanted = {"PYTHON": str(python), "TOLD": str(told), "BREAKS": breaks, "VOLVELLE_SEED": "3"}
    given = {name: value for name, value in os.environ.items() if name != "VOLVELLE_EXAMPLES"} | wanted
    done = subprocess.run([ROOT / ".ci" / "nightly"], env=given, capture_output=True, check=False)
    assert (done.returncode == 0) == (breaks == "nothing")
    graphs, requests = told.read_text("utf-8").splitlines()
    assert graphs.startswith("3 1000 -m pytest")
    assert "tests/compiler/test_random_graphs.py tests/compiler/test_untrusted.py" in graphs
    assert requests == "3 5000 -m pytest -q tests/serve/test_lane.py"
    assert all((ROOT / word).exists() for line in (graphs, requests) for word in line.split() if word.endswith(".py"))
