"""What the terminal shows, on a real pseudo-terminal and without one."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import subprocess
import sys
import threading
import time

import msgspec
import pytest

from volvelle.evaluate.records import Evidence, Verdict
from volvelle.flow.result import Result
from volvelle.spec.requirements import Data, Problem, Spec
from volvelle.train.records import Candidate, Member, Searched, Trial
from volvelle.train.search import Goal
from volvelle.ui.terminal import Progress, board, front, leaderboard

SPEC = Spec(problem=Problem(target="y", name="pump"), data=Data(source="a.csv"))
GOAL = Goal("roc_auc", "up", 30.0, None, "auto", 7, 5)
BOARD = """\
pump: Of 3 gates, 1 fails and 1 is not measured
     gate                           measured  95 % interval         bound  verdict
  ✓  recall where sex = 'F' >= 0.8     0.900  0.850 to 0.950     >= 0.800  pass
  ✗  model_size <= 2 KiB             3.0 KiB                   <= 2.0 KiB  fail
  ?  flash <= 64 KiB                       –                  <= 64.0 KiB  not measured
  model_size <= 2 KiB: 3.0 KiB misses <= 2.0 KiB by 1.0 KiB
  flash <= 64 KiB: nothing measures flash yet"""
LEADERBOARD = """\
Leaderboard: 5-fold ROC-AUC on the training side, higher is better
     estimator   ROC-AUC ± sd  seconds  trials
  1  logistic   0.910 ± 0.010      1.5       2
  2  LightGBM   0.900 ± 0.020      2.0       1
  –  MLP         failed: lost      0.1       1"""


class Telephone(io.StringIO):
    """A stream that says which letters it can carry."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


@pytest.fixture
def evidence(binary: Result) -> Evidence:
    """Evidence with one gate that passes, one that fails, one that nothing measures."""
    known: dict[str, object] = {"slice": "", "unit": ""}
    verdicts = (
        {"gate": "recall where sex = 'F' >= 0.8", "name": "recall", "comparison": ">=", "bound": 0.8,
         "verdict": "pass", "value": 0.9, "low": 0.85, "high": 0.95},
        {"gate": "model_size <= 2 KiB", "name": "model_size", "comparison": "<=", "bound": 2048,
         "verdict": "fail", "value": 3072, "reason": "3.0 KiB misses <= 2.0 KiB by 1.0 KiB"},
        {"gate": "flash <= 64 KiB", "name": "flash", "comparison": "<=", "bound": 65536,
         "verdict": "not measured", "reason": "nothing measures flash yet"},
    )  # fmt: skip
    judged = tuple(msgspec.convert({**known, **v}, Verdict) for v in verdicts)
    found: Evidence = msgspec.structs.replace(binary.evidence, verdicts=judged)
    return found


@pytest.fixture
def searched() -> Searched:
    """Four trials of three estimators, one of which failed."""
    trials = (
        Trial(number=0, estimator="logistic", settings={}, status="done", score=0.88, spread=0.03, seconds=0.5),
        Trial(number=1, estimator="lightgbm", settings={}, status="done", score=0.9, spread=0.02, seconds=2.0),
        Trial(number=2, estimator="mlp", settings={}, status="failed", seconds=0.1, note="lost"),
        Trial(number=3, estimator="logistic", settings={}, status="done", score=0.91, spread=0.01, seconds=1.0),
    )
    return Searched(
        metric="roc_auc", direction="up", trials=trials, best=3, seed=7, folds=5, budget=30.0, spent=3.6
    )  # fmt: skip


def test_plain_board(evidence: Evidence) -> None:
    """Without a terminal the board is this text, letter for letter."""
    assert board(evidence, SPEC, Telephone("utf-8")) == BOARD


def test_plain_leaderboard(searched: Searched) -> None:
    """The leaderboard ranks the best trial of each estimator and keeps those that failed, at the end."""
    assert leaderboard(searched, Telephone("UTF-8")) == LEADERBOARD


def test_the_board_tells_how_an_ensemble_is_judged(searched: Searched) -> None:
    """Where an ensemble stands above a higher score, the board says why; without one it says nothing of it."""
    members = (Member("logistic", {}, 0.5), Member("lightgbm", {}, 0.5))
    chosen = Candidate("ensemble", {}, seed=7, metric="roc_auc", score=0.5, spread=0.1, members=members)
    shown = leaderboard(searched, Telephone("UTF-8"), chosen)
    assert shown.splitlines()[2].split()[1] == "ensemble"
    assert "The ensemble is scored on folds that had no part in choosing it" in shown
    assert "ensemble" not in leaderboard(searched, Telephone("UTF-8"))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_letters_the_stream_cannot_carry(evidence: Evidence, searched: Searched, encoding: str) -> None:
    """Where the stream knows no UTF-8, marks and signs become ASCII and columns stay aligned."""
    stream = Telephone(encoding)
    text = board(evidence, SPEC, stream)
    assert text.isascii()
    assert "\n  +  recall where" in text
    assert "\n  x  model_size" in text
    assert leaderboard(searched, stream).isascii()


def test_hostile_text_sends_no_control_codes(evidence: Evidence) -> None:
    """Escape codes in a gate's reason never reach the terminal."""
    bad = msgspec.structs.replace(evidence.verdicts[1], reason="\x1b[2J\x07gone [red]x[/red]")
    shown = board(msgspec.structs.replace(evidence, verdicts=(bad,)), SPEC, Telephone("utf-8"))
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[red]x[/red]" in shown


def test_plain_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal: one line a stage, and of a busy search one line each ten seconds at most."""
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    stream = Telephone("utf-8")
    best = Trial(number=1, estimator="logistic", settings={}, status="done", score=0.91, spread=0.01)
    with Progress(stream) as progress:
        progress("stage", {"stage": "collect", "state": "reused", "seconds": 0.1})
        progress("stage", {"stage": "search", "state": "start", "reason": "the spec's search changed"})
        for _ in range(25):
            clock[0] += 1.0
            progress("trial", {"trial": best, "best": best, "goal": GOAL})
        progress("stage", {"stage": "search", "state": "done", "seconds": 25.0})
        progress("something else", {})
    assert stream.getvalue().splitlines() == [
        "collect: unchanged, taken from the store",
        "search: the spec's search changed",
        "search: 10 trials, best ROC-AUC 0.910 ± 0.010 by logistic",
        "search: 20 trials, best ROC-AUC 0.910 ± 0.010 by logistic",
        "search: done in 25.0 s",
    ]


def test_live_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a real pseudo-terminal the search is drawn live with the best so far, and stages stay as lines."""
    shown = _on_terminal(monkeypatch, _draw)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "\x1b[" in shown
    assert "✓ collect" in plain
    assert "2 trials, best ROC-AUC 0.910 ± 0.010 (logistic)" in plain
    assert "✓ search" in plain
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h"), "the cursor is shown again"


def test_coloured_board_on_a_terminal(monkeypatch: pytest.MonkeyPatch, evidence: Evidence) -> None:
    """On a terminal the board has colours, and with NO_COLOR none."""
    shown = _on_terminal(monkeypatch, lambda stream: print(board(evidence, SPEC, stream), file=stream))
    assert "\x1b[" in shown
    assert "not measured" in shown
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in _on_terminal(monkeypatch, lambda s: print(board(evidence, SPEC, s), file=s), clear=False)


def test_start_stays_light() -> None:
    """The terminal's file brings neither tables, arrays nor rich with it."""
    code = "import sys, json, volvelle.ui.terminal; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert not {"numpy", "polars", "rich", "jinja2", "onnxruntime"} & loaded
    assert "volvelle.ui.terminal" in loaded


def _draw(stream: io.TextIOWrapper) -> None:
    best = Trial(number=1, estimator="logistic", settings={}, status="done", score=0.91, spread=0.01)
    with Progress(stream) as progress:
        progress("stage", {"stage": "collect", "state": "done", "seconds": 0.2})
        progress("stage", {"stage": "search", "state": "start", "reason": "never run"})
        progress("trial", {"trial": best, "best": None, "goal": GOAL})
        progress("trial", {"trial": best, "best": best, "goal": GOAL})
        time.sleep(0.4)
        progress("stage", {"stage": "search", "state": "done", "seconds": 0.4})


def _on_terminal(monkeypatch: pytest.MonkeyPatch, draw: object, *, clear: bool = True) -> str:
    """What `draw` writes to a pseudo-terminal of 120 columns."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    if clear:
        monkeypatch.delenv("NO_COLOR", raising=False)
    outer, inner = pty.openpty()
    shown: list[bytes] = []
    reader = threading.Thread(target=_read, args=(outer, shown))
    reader.start()
    with os.fdopen(inner, "w", encoding="utf-8") as stream:
        draw(stream)  # type: ignore[operator]
    reader.join(20)
    os.close(outer)
    return b"".join(shown).decode("utf-8", "replace")


def _read(outer: int, shown: list[bytes]) -> None:
    # Linux ends a pseudo-terminal whose other side is closed with an input/output error.
    with contextlib.suppress(OSError):
        while content := os.read(outer, 65536):
            shown.append(content)


def test_the_front_is_printed(binary: Result) -> None:
    """Each candidate that no other one beats is a line with size and operations; what is shipped is marked."""
    text = front(binary.evidence, io.StringIO())
    lines = text.splitlines()[2:]
    assert len(lines) == len(binary.evidence.front) >= 2
    assert [line.split()[0] == "shipped" for line in lines] == [p.shipped for p in binary.evidence.front]
    assert f"{binary.model.operations:,}" in text


class Left(io.StringIO):
    """A line whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_progress_goes_on_when_its_reader_leaves() -> None:
    """Where nobody reads on, events and the end of the drawing raise nothing: the work is not lost."""
    stream = Left()
    with Progress(stream) as progress:
        for state in ("start", "done"):
            progress("stage", {"stage": "collect", "state": state, "reason": "spec changed", "seconds": 1.0})
    with pytest.raises(BrokenPipeError):
        stream.write("as it would be")
