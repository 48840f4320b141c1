"""``volvelle explore``: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from volvelle.cli.entry import main
from volvelle.flow.result import find
from volvelle.flow.turn import Project

SPEC = """problem.target = "y"
data.source = "t.csv"
data.accept = [{accept}]
search.trials = 1
search.folds = 2
search.estimators = ["constant"]
require.gates = ["accuracy >= 0.1"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows = [f"{k % 2},{k * 7 % 80 / 3:.3f},{'ab'[k % 2]}" for k in range(80)]
    (tmp_path / "t.csv").write_text("copy,z,y\n" + "\n".join(rows) + "\n")
    (tmp_path / "volvelle.toml").write_text(SPEC.format(accept=""))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_table_without_a_spec(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """FILE and --target are enough; how it was read comes first, then the leak; a line answers each finding."""
    assert main(["explore", "t.csv", "--target", "y"]) == 0
    shown = capsys.readouterr()
    assert "t.csv: 80 rows, 3 columns; 1 high" in shown.out
    assert "Read as: cells apart by comma, double quotes, UTF-8, decimal point, a header\n" in shown.out
    assert shown.out.index("leak: copy") < shown.out.index("association")
    assert '[data] ignore = ["copy"]' in shown.out
    assert '[data] accept = ["leak:copy"]' in shown.out
    assert '[data] accept = ["association:y"]' in shown.out
    assert "Next: volvelle init" in shown.err


def test_without_a_target(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table is explored without a target; findings about one are left out."""
    assert main(["explore", "t.csv"]) == 0
    assert "leak" not in capsys.readouterr().out


def test_strict_until_accepted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--strict is 1 while a grave finding stands open, and 0 once the spec accepts it."""
    assert main(["explore", "--strict"]) == 1
    assert main(["explore"]) == 0
    (folder / "volvelle.toml").write_text(SPEC.format(accept='"leak:copy"'))
    capsys.readouterr()
    assert main(["explore", "--strict"]) == 0
    assert "ok accepted leak: copy" in capsys.readouterr().out


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One document with every part of every finding."""
    assert main(["explore", "--json", "--strict"]) == 1
    document = json.loads(capsys.readouterr().out)
    leak = document["findings"][0]
    assert (leak["key"], leak["severity"], len(leak["examples"])) == ("leak:copy", "high", 5)
    assert leak["examples"][0] == {"row": 1, "cells": {"copy": "0", "y": "a"}}


def test_an_unknown_finding_cannot_be_accepted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt name in [data] accept is refused with its place and the near name."""
    (folder / "volvelle.toml").write_text(SPEC.format(accept='"leek:copy"'))
    assert main(["explore"]) == 2
    assert "did you mean 'leak'?" in capsys.readouterr().err


def test_misspelt_target_and_idle_option(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong input is one message and exit code 2."""
    assert main(["explore", "t.csv", "--target", "cop"]) == 2
    assert main(["explore", "--target", "y"]) == 2
    assert "did you mean 'copy'?" in capsys.readouterr().err


def test_run_tells_grave_findings_and_the_report_lists_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run notes what is grave, keeps all findings in its profile, and the report shows them."""
    main(["run"])
    shown = capsys.readouterr().out
    assert "Finding: 'copy' alone nearly determines 'y'" in shown
    result = find(Project(folder))
    assert [f.key for f in result.findings] == [f.key for f in result.profile.findings]
    report = (folder / ".volvelle" / "reports" / "run-1.html").read_text()
    assert all(f.sentence.split("'")[-1] in report for f in result.findings)
    assert "[data] accept = [&#34;leak:copy&#34;]" in report
    (folder / "volvelle.toml").write_text(SPEC.format(accept='"leak:copy"'))
    main(["run"])
    assert "Finding:" not in capsys.readouterr().out


def test_many_notes_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty columns with gaps make six notes after a run, and a count of the others."""
    head = ",".join(f"c{k}" for k in range(20))
    rows = [f"{','.join('?' if j == k % 20 else str(j * k % 13) for j in range(20))},{'ab'[k % 2]}" for k in range(80)]
    (folder / "t.csv").write_text(f"{head},y\n" + "\n".join(rows) + "\n")
    assert main(["run"]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Note:    col")]
    assert "'c0' has 4 missing cells: 4 x '?'" in told[0]
    assert len(told) == 4
    assert main(["run"]) == 0
    assert "Note:    16 more, on how the data were read: the report lists them" in capsys.readouterr().out


def test_a_draft_tells_what_it_chose(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The time, who is protected, what is set aside and what is left to decide are told on screen and in the file."""
    rows = [
        f"2024-01-{k // 8 + 1:02},{k},{'fm'[k % 2]},{-200 if k % 20 == 0 else k % 7 + k / 50},{abs(k % 40 - 20) * 1.5}"
        for k in range(160)
    ]
    (folder / "t.csv").write_text("day,id,sex,heat,level\n" + "\n".join(rows) + "\n")
    assert main(["init", "t.csv", "--target", "level", "--force"]) == 0
    shown, written = capsys.readouterr().out, (folder / "volvelle.toml").read_text().replace("\n#   ", " ")
    for words in ("'day' orders the rows", "Protected by name: sex", "identifier: 'id'", "disguised: 'heat' is -200"):
        assert words in shown
        assert words in written
    for line in ('\ntime = "day"', '\nignore = ["id"]', '\nsensitive = ["sex"]', "\n# accept = "):
        assert line in written
