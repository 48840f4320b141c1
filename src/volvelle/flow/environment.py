"""Where a run was made: Python, platform, git commit. Versions of packages are noted with each stage."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from volvelle import __version__


def environment(folder: Path) -> dict[str, Any]:
    """Facts about this machine and checkout, as JSON values."""
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "implementation": sys.implementation.name,
        "platform": f"{sys.platform}-{os.uname().machine}",
        "cores": os.cpu_count(),
        "volvelle": __version__,
        "git": git_commit(folder),
    }


def git_commit(folder: Path) -> str:
    """The commit checked out around `folder`, read from git's own files; '' outside a checkout."""
    for place in (folder, *folder.parents):
        head = place / ".git" / "HEAD"
        if not head.is_file():
            continue
        text = head.read_text(encoding="utf-8").strip()
        name = text.removeprefix("ref: ")
        if name == text:
            return text
        loose = place / ".git" / name
        if loose.is_file():
            return loose.read_text(encoding="utf-8").strip()
        packed = place / ".git" / "packed-refs"
        lines = packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else []
        return next((line.partition(" ")[0] for line in lines if line.endswith(f" {name}")), "")
    return ""
