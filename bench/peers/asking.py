"""How a bench asks a peer: in the peer's own environment, of a folder of tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]


def asked(peer: str, folder: str, place: Path | None) -> dict[str, Any]:
    """What a peer says of a folder; empty where its environment is not there.

    Args:
        peer: its name.
        folder: of tables, see `bench.peers.watching`.
        place: of the environments.
    """
    python = place / peer / "bin" / "python" if place else None
    return told([str(python), "-m", f"bench.peers.with_{peer}", folder]) if python and python.exists() else {}


def told(command: list[str]) -> dict[str, Any]:
    """The JSON of the last line that a command prints."""
    # The peers report their use to their makers unless they are told not to.
    silent = {"DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1", "WHYLOGS_NO_ANALYTICS": "True"}
    environment = {**os.environ, **silent}
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} failed: {done.stderr[-800:]}")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))
