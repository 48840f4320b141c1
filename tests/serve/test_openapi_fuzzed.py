"""Our own OpenAPI document in the hands of schemathesis: what it makes of every operation, sent to a real server.

It asks for the document itself before it begins, and not again.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.serve.serving import ROW, served, typed

from own_environment import environment  # type: ignore[import-not-found]

LEFT_OUT = "positive_data_acceptance,negative_data_rejection"
"""A schema cannot say that a row has as many cells as there are columns, nor that ``"80.5"`` is read as a number."""


def test_schemathesis_finds_nothing(project: Path) -> None:
    """Hundreds of requests, sound and broken: no 5xx, each answer has a status, type and form that is documented."""
    typed(project, "watch")
    key = typed(project, "serve", "--new-key", "admin").strip()
    with served(project, "--max-rows", "500") as server:
        secret = ["--header", f"Authorization: Bearer {key}"]
        words = ["run", *secret, f"http://127.0.0.1:{server.port}/openapi.json", "--max-examples", "60", "--seed", "7"]
        command = [str(environment("schemathesis-4.32").with_name("st")), *words, "--exclude-checks", LEFT_OUT]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-6000:]
        assert re.search(r"Selected: 16/16\n +Tested: 16\n", done.stdout), done.stdout[-2000:]
        tried = re.search(r"(\d+) generated", done.stdout)
        assert tried is not None
        assert int(tried[1]) > 200
        assert "404" not in done.stdout, "the release that answers is asked for by its name"
        assert server.ask("/v1/predict", ROW, Authorization=f"Bearer {key}").status == 200
