"""What the documents tell a reader to type is typed, in order, in an empty folder.

Blocks marked ``console run`` hold lines with ``$``; such a command must end with 0, or with the code that a comment
``# exit 2`` names. Blocks marked ``python run`` are run as they are.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(console|python) run\n(.*?)^```", re.MULTILINE | re.DOTALL)
DOCUMENTS = [p for p in sorted((ROOT / "docs").glob("*.md")) if BLOCK.search(p.read_text(encoding="utf-8"))]


def test_some_documents_have_examples() -> None:
    """The quickstart and the Python interface are told in examples that run."""
    assert {"quickstart.md", "python.md"} <= {path.name for path in DOCUMENTS}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_examples_of_a_document_run(document: Path, tmp_path: Path) -> None:
    """Every example of a document ends as it says, one after another in one folder."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for language, body in BLOCK.findall(document.read_text(encoding="utf-8")):
        if language == "python":
            steps = [([sys.executable, "-c", body], 0)]
        else:
            lines = [line.removeprefix("$ ") for line in body.splitlines() if line.startswith("$ ")]
            assert lines, body
            steps = [(["bash", "-c", line], _code(line)) for line in lines]
        for command, code in steps:
            done = subprocess.run(
                command,
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            assert done.returncode == code, f"{command[-1]}\n{done.stdout}{done.stderr}"


def _code(line: str) -> int:
    stated = re.search(r"# exit (\d+)$", line)
    return int(stated[1]) if stated else 0
