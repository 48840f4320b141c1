"""Chromium without a window, and axe-core to judge pages in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --disable-dev-shm-usage --allow-file-access-from-files"
).split()


def chromium(browser: str, folder: Path, scheme: str, *more: str, target: str) -> str:
    """What Chromium writes when it opens a file of a folder."""
    seen = "0" if scheme == "dark" else "1"
    command = [
        browser,
        *FLAGS,
        f"--user-data-dir={folder / 'browser'}",
        f"--blink-settings=preferredColorScheme={seen}",
    ]
    done = subprocess.run(
        [*command, *more, (folder / target).as_uri()], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-800:]
    return done.stdout


def program() -> str:
    """Chromium's program."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.fail("Chromium is not installed; `make test` installs it")
    return found


def axe_program(folder: Path) -> Path:
    """axe-core's program, fetched by npm; without npm or a registry there is nothing to test with."""
    # Where tests decide what is merged, nothing is left out silently.
    missing = pytest.fail if os.environ.get("CI") else pytest.skip
    npm = shutil.which("npm")
    if npm is None:
        missing("npm is not installed, so axe-core cannot be fetched; `make npm` installs it")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core@4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    found = folder / "node_modules" / "axe-core" / "axe.min.js"
    if done.returncode or not found.exists():
        pytest.skip(f"axe-core could not be fetched: {done.stderr.strip()[:200]}")
    return found
