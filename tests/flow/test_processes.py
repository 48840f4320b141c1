"""Several processes on one project at once."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from flow_project import project, start  # type: ignore[import-not-found]

from volvelle.flow.ledger import Ledger


def test_six_start_on_an_empty_project(tmp_path: Path) -> None:
    """Six runs that start at once all succeed with one result, and each stage is computed once in all."""
    folder = project(tmp_path / "project")
    processes = [start(folder, "run", "--json", temporary=tmp_path / "temporary") for _ in range(6)]
    answers = [process.communicate(timeout=300) for process in processes]
    for process, (_, errors) in zip(processes, answers, strict=True):
        assert process.returncode == 0, errors
        assert "locked" not in errors
    documents = [json.loads(out) for out, _ in answers]
    assert len({d["model"]["onnx"] for d in documents}) == 1
    assert len({json.dumps([(s["name"], s["output"]) for s in d["stages"]]) for d in documents}) == 1
    computed = [s["name"] for d in documents for s in d["stages"] if not s["reused"]]
    assert sorted(computed) == sorted({s["name"] for s in documents[0]["stages"]})
    with sqlite3.connect(folder / ".volvelle" / "ledger.db") as ledger:
        assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert set(ledger.execute("SELECT count(*) FROM traces GROUP BY stage")) == {(1,)}


def test_two_projects_share_nothing(tmp_path: Path) -> None:
    """Two equal projects in two folders each compute everything, and each keeps its own ledger."""
    ledgers = []
    for name in ("one", "two"):
        folder = project(tmp_path / name)
        process = start(folder, "run", "--json")
        out, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        assert not any(stage["reused"] for stage in json.loads(out)["stages"])
        ledgers.append(Ledger(folder / ".volvelle" / "ledger.db"))
    assert [[run.id for run in ledger.runs()] for ledger in ledgers] == [[1], [1]]
    for ledger in ledgers:
        ledger.close()
