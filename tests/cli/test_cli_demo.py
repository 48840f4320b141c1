"""The demo, from nothing to a release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_the_demo_releases(empty: Any, tmp_path: Path) -> None:
    """The demo writes table and spec, turns the wheel and releases; again, it computes nothing."""
    done = empty("demo", "demo", "--budget", "20 s", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert {v["verdict"] for v in document["evidence"]["verdicts"]} == {"pass"}
    assert (tmp_path / document["release"] / "model.onnx").is_file()
    assert (tmp_path / document["report"]).is_file()
    again = json.loads(empty("demo", "demo", "--budget", "20 s", "--json").stdout)
    assert again["fresh"]
    assert again["run"] == document["run"]


def test_the_demo_overwrites_nothing(empty: Any, tmp_path: Path) -> None:
    """Another spec in the folder is left alone."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "volvelle.toml").write_text("mine", encoding="utf-8")
    done = empty("demo")
    assert done.returncode == 2
    assert (tmp_path / "demo" / "volvelle.toml").read_text(encoding="utf-8") == "mine"
