"""The completion scripts are sound, and complete in a real shell."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from volvelle.catalog import COMMANDS

ASK = """
source {script}
function=$(complete -p volvelle | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 )); COMP_LINE="{words}"; COMP_POINT=${{#COMP_LINE}}
"$function" volvelle "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def script(empty: Any, tmp_path: Path) -> Path:
    """The script for bash, as a file."""
    path = tmp_path / "volvelle.bash"
    path.write_text(empty("completion", "bash").stdout, encoding="utf-8")
    return path


def completed(script: Path, words: str) -> set[str]:
    """What a real bash offers behind `words`."""
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK.format(script=script, words=words)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return set(done.stdout.split())


def test_bash_accepts_the_script(script: Path) -> None:
    """Bash finds no mistake in it."""
    assert subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=True).stderr == ""


def test_bash_completes_commands(script: Path) -> None:
    """A beginning is completed to the commands that begin so."""
    expected = {name for name in COMMANDS.names() if name.startswith("r")}
    assert completed(script, "volvelle r") == expected
    assert len(expected) > 3
    assert completed(script, "volvelle pre") == {"predict"}


def test_bash_completes_options(script: Path) -> None:
    """Behind a command its own options are offered."""
    assert completed(script, "volvelle run --ex") == {"--explain"}
    assert completed(script, "volvelle release --acc") == {"--accept-unproven"}


def test_zsh_accepts_the_script(empty: Any, tmp_path: Path) -> None:
    """Zsh finds no mistake in its script; without zsh, the script at least names every command."""
    text = empty("completion", "zsh").stdout
    assert text.startswith("#compdef volvelle")
    assert [name for name in COMMANDS.names() if f"\n    {name}:'" not in text] == []
    zsh = shutil.which("zsh")
    if zsh:
        path = tmp_path / "_volvelle"
        path.write_text(text, encoding="utf-8")
        assert subprocess.run([zsh, "-n", path], capture_output=True, text=True, check=True).stderr == ""
