"""The quality bench in a small form, without peers: a table of its own and six seconds."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, kept: Path) -> str:
    """What the bench prints."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.quality", "--kept", str(kept), *arguments],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_set_is_measured_once_and_shown(tmp_path: Path, real_data: Path) -> None:
    """Volvelle, LightGBM and a linear model learn the same rows; losses are kept, and the table shows their ratio."""
    kept = tmp_path / "kept.json"
    shown = run("--sets", "titanic", "--budgets", "6", "--data", str(real_data), kept=kept)
    found = {entry["tool"]: entry for entry in json.loads(kept.read_text(encoding="utf-8"))}
    assert set(found) == {"own", "lightgbm", "linear"}
    assert len({(entry["train"], entry["test"]) for entry in found.values()}) == 1
    assert all(0.2 < entry["loss"] < 0.7 for entry in found.values())
    assert found["own"]["trials"] > 3
    assert found["own"]["pace"] > 0
    assert found["own"]["bytes"] > 1000
    assert f"{found['own']['loss'] / found['linear']['loss']:.3f}" in shown
    before = kept.read_bytes()
    document = json.loads(run("--sets", "titanic", "--budgets", "6", "--data", str(real_data), "--json", kept=kept))
    assert kept.read_bytes() == before
    (row,) = document[0]["rows"]
    assert row["ratios"]["lightgbm"] == found["own"]["loss"] / found["lightgbm"]["loss"]
    assert "best" not in row


def test_the_published_table_is_that_of_the_kept_file() -> None:
    """docs/benchmarks.md shows what bench/quality.json holds."""
    shown = run("--table", kept=ROOT / "bench" / "quality.json").strip()
    assert shown in (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")


def test_free_text_is_given_in_a_form_that_each_can_read(
    tmp_path: Path, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of SMS spam a peer that counts words gets messages, another one our counts, from which a line learns much."""
    monkeypatch.syspath_prepend(str(ROOT))
    quality: Any = importlib.import_module("bench.quality")
    dealt = quality.deal("sms", real_data, 7)
    assert dealt.seen(dealt.test, "autogluon").dtypes == [pl.String]
    counts = dealt.seen(dealt.test, "flaml")
    assert counts.height == dealt.test.height
    assert counts.width > 100
    shown = run("--sets", "sms", "--tools", "linear", "--data", str(real_data), kept=tmp_path / "kept.json")
    assert "Traceback" not in shown
    [entry] = json.loads((tmp_path / "kept.json").read_text(encoding="utf-8"))
    assert entry["loss"] < 0.15, "the majority alone gives 0.39"
