"""A live model by its commands alone: a server, its clients, and whoever watches, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.flow.live_project import released
from tests.serve.serving import served

ROW = {"heat": 40.0, "site": "n"}


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has just been released."""
    folder: Path = tmp_path_factory.mktemp("live") / "project"
    released(folder)
    return folder


@pytest.fixture
def own(fresh: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(fresh, tmp_path / "own"))


def typed(folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and standard output of ``volvelle WORDS``."""
    command = [sys.executable, "-m", "volvelle", *words]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout


def watched(folder: Path) -> tuple[int, dict[str, Any]]:
    """Exit code and document of ``volvelle watch``."""
    code, text = typed(folder, "watch", "--json")
    return code, json.loads(text)


def test_a_renamed_field_is_seen_by_who_watches(own: Path) -> None:
    """A client that calls heat by another name is refused; watch says which field, with 1, and tells it once."""
    renamed = {"temp-s3cret": 40.0, "site": "n"}
    with served(own) as server:
        assert {server.ask("/v1/predict", renamed).status for _ in range(15)} == {422}
        lane = server.ask("/v1/predict", {"rows": [ROW] * 3}, X_Request_ID="good")
        assert lane.status == 200
        assert {server.ask("/v1/predict", renamed, Accept_Encoding="br").status for _ in range(9)} == {422}
        tensors = [{"name": "site", "shape": [1], "datatype": "BYTES", "data": ["n"]}]
        assert server.ask("/v2/models/pumps/infer", {"inputs": tensors}).status == 422
        assert server.ask("/v1/outcomes", {"id": 3}).status == 422
        assert server.ask("/nothing").status == 404
    code, told = watched(own)
    assert code == 1
    assert told["report"]["state"] == "broken"
    assert [(a["what"], a.get("feature", "")) for a in told["fresh"]] == [("errors", ""), ("schema", "heat")]
    assert told["fresh"][1]["sentence"] == "heat: does not come in 25 of 26 requests, which were refused"
    assert told["refused"] == {"absent heat": 25}
    again, told = watched(own)
    assert (again, told.get("fresh", [])) == (1, [])
    code, text = typed(own, "watch")
    assert code == 1
    assert "the contract is broken" in text
    assert "25 requests refused: 25 absent heat" in text
    logs = b"".join(path.read_bytes() for path in (own / ".volvelle" / "live").rglob("*") if path.is_file())
    assert b"temp-s3cret" not in logs


def test_a_refusal_now_and_then_is_none_of_the_models_faults(own: Path) -> None:
    """Some requests that are wrong among many that are right are counted and are no alarm."""
    with served(own) as server:
        for k in range(60):
            server.ask("/v1/predict", ROW | {"heat": "hot"} if k % 6 == 0 else ROW)
    code, told = watched(own)
    assert (code, told["report"]["state"]) == (0, "ok")
    assert told["refused"] == {"type heat": 10}
    assert told["waiting"] == 50
