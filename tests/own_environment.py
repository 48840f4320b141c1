"""Environments beside ours for tools that tests run and whose libraries are no matter of ours.

``python tests/own_environment.py`` makes them beforehand; a test that needs one makes it itself.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

WANTED = {
    "mlflow-3.17": ("mlflow>=3.17,<3.18", "onnx", "onnxruntime"),
    "schemathesis-4.32": ("schemathesis>=4.32,<4.33",),
    # It carries the schemas that Kubernetes publishes.
    "kubernetes-validate-1.37": ("kubernetes-validate>=1.37,<1.38",),
}


def environment(name: str) -> Path:
    """The Python of one of `WANTED`; up to a minute the first time.

    Raises:
        RuntimeError: it cannot be installed; the message holds what pip said.
    """
    place, wanted = Path(sys.prefix) / name, WANTED[name]
    python, done = place / "bin" / "python", place / "installed"
    with place.with_name(place.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists() and done.read_text() == "\n".join(wanted):
            return python
        print(f"Making an environment for {name} (once, about a minute)", file=sys.stderr)
        shutil.rmtree(place, ignore_errors=True)
        for command in (
            [sys.executable, "-m", "venv", str(place)],
            [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *wanted],
        ):
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            if made.returncode:
                raise RuntimeError(f"{name} cannot be installed into {place}:\n{made.stdout}{made.stderr}")
        done.write_text("\n".join(wanted))
    return python


if __name__ == "__main__":
    for wanted_one in WANTED:
        try:
            environment(wanted_one)
        except RuntimeError as error:
            # The tests that need it fail and say the same.
            print(error, file=sys.stderr)
