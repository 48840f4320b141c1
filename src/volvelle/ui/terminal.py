"""What the terminal shows: the board, the leaderboard, progress.

Plain aligned text, unless the stream is a terminal: then `rich_terminal` is loaded and draws. Where the
stream cannot carry UTF-8 everything is ASCII.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from typing import Any, Protocol, TextIO

from volvelle.catalog import import_late
from volvelle.evaluate.records import Evidence, Verdict
from volvelle.spec.requirements import Spec
from volvelle.train.records import Candidate, Searched, Trial
from volvelle.ui.ranking import front_heads, front_rows, judged_apart, places
from volvelle.ui.wording import (
    SHAPES,
    clean,
    dimension_of,
    outcome,
    show_bound,
    show_interval,
    show_level,
    show_seconds,
    title,
)
from volvelle.ui.wording import show_value as show_value

EVERY = 10.0
"""Seconds between two lines of a search where there is no terminal."""
_ASCII = str.maketrans({"–": "-", "…": "...", "±": "+/-", "²": "2", "�": "?", "✓": "+", "✗": "x"})


class _Drawing(Protocol):
    def stage(self, facts: dict[str, Any]) -> None: ...
    def trial(self, facts: dict[str, Any]) -> None: ...
    def step(self, facts: dict[str, Any]) -> None: ...
    def close(self) -> None: ...


def is_terminal(stream: TextIO) -> bool:
    """Whether to draw: a terminal that can, and nobody said no (https://no-color.org)."""
    return stream.isatty() and os.environ.get("TERM", "") != "dumb" and not os.environ.get("NO_COLOR")


def board(evidence: Evidence, spec: Spec, stream: TextIO | None = None) -> str:
    """The board of requirements: gate, measured, interval, bound, verdict, and what there is to say of it.

    Args:
        evidence: what was judged.
        spec: the requirements; names the model.
        stream: where the text will go, standard output when absent; decides colours and letters.
    """
    out = stream or sys.stdout
    heads = ["", "gate", "measured", f"{show_level(evidence.level)} interval", "bound", "verdict"]
    rows = [board_row(verdict) for verdict in evidence.verdicts]
    found = outcome(evidence)
    head = f"{spec.problem.name}: {found.headline}"
    notes = [(v.gate, v.reason) for v in evidence.verdicts if v.reason]
    if is_terminal(out):
        kinds = [v.verdict for v in evidence.verdicts]
        return str(_rich().board(head, found.kind, heads, rows, kinds, notes))
    lines = [head, *(aligned(heads, rows, right=(2, 4)) if rows else [])]
    lines += [f"  {clean(gate, 48)}: {clean(reason, 300)}" for gate, reason in notes]
    return fitting("\n".join(lines), out)


def board_row(verdict: Verdict) -> list[str]:
    """One gate as cells."""
    dimension = dimension_of(verdict.gate)
    return [
        SHAPES[verdict.verdict][0],
        clean(verdict.gate, 48),
        show_value(verdict.value, dimension),
        show_interval(verdict.low, verdict.high, dimension),
        show_bound(verdict),
        verdict.verdict,
    ]


def leaderboard(searched: Searched, stream: TextIO | None = None, candidate: Candidate | None = None) -> str:
    """The best trial of every estimator: rank, score with its spread over the folds, seconds, trials."""
    out = stream or sys.stdout
    heads = ["", "estimator", f"{title(searched.metric)} ± sd", "seconds", "trials"]
    rows = [
        [
            "–" if place.rank is None else str(place.rank),
            title(place.best.estimator),
            score_text(place.best),
            f"{place.seconds:.1f}",
            str(place.trials),
        ]
        for place in places(searched, candidate)
    ]
    better = "higher" if searched.direction == "up" else "lower"
    head = f"Leaderboard: {searched.folds}-fold {title(searched.metric)} on the training side, {better} is better"
    apart = [text] if (text := judged_apart(candidate)) else []
    if is_terminal(out):
        return "\n".join([str(_rich().leaderboard(head, heads, rows)), *apart])
    return fitting("\n".join([head, *aligned(heads, rows, right=(0, 2, 3, 4)), *apart]), out)


def front(evidence: Evidence, stream: TextIO | None = None) -> str:
    """The candidates that no other one beats in score, size and operations at once; empty where none was weighed."""
    if len(evidence.front) < 2:
        return ""
    heads = ["", *front_heads(evidence)[1:]]
    lines = ["Quality against size and work", *aligned(heads, front_rows(evidence), right=range(2, len(heads)))]
    return fitting("\n".join(lines), stream or sys.stdout)


def score_text(trial: Trial | None) -> str:
    """A score with its spread, or why there is none."""
    if trial is None:
        return "none yet"
    if trial.score is None:
        return f"{trial.status}: {clean(trial.note, 40)}" if trial.note else trial.status
    spread = "" if trial.spread is None else f" ± {show_value(trial.spread)}"
    return show_value(trial.score) + spread


def aligned(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Lines of a table, columns two blanks apart.

    >>> aligned(["a", "n"], [["x", "10"], ["yy", "9"]], right=(1,))
    ['  a    n', '  x   10', '  yy   9']
    """
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = []
    for row in (heads, *rows):
        cells = [c.rjust(w) if k in right else c.ljust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines


def fitting(text: str, stream: TextIO) -> str:
    """Text in letters that the stream can carry."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    if encoding.lower().replace("-", "").replace("_", "").startswith("utf"):
        return text
    return text.translate(_ASCII).encode(encoding, "replace").decode(encoding)


class Progress:
    """Told of every stage and trial; writes to standard error. A context manager; `close` ends the drawing.

    Events: ``stage`` with stage, state (start, cold, done, reused, waiting), reason, seconds; ``trial`` with
    trial, best and goal; ``step`` with stage, step and steps; ``rows`` with rows. Others pass unseen.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._told = time.monotonic()
        drawn = is_terminal(self._stream)
        self._drawing: _Drawing = _rich().Drawing(self._stream) if drawn else _Lines(self._stream)

    def __call__(self, event: str, facts: dict[str, Any]) -> None:
        """Take one event."""
        if event == "stage":
            self._drawing.stage(facts)
        elif event == "trial":
            self._drawing.trial(facts)
        elif event == "step":
            self._drawing.step(facts)
        elif event == "rows" and time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            _tell(f"{facts['rows']:,} rows answered", self._stream)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the live line; what was written stays."""
        self._drawing.close()


def stage_text(facts: dict[str, Any]) -> str:
    """One line on a stage; empty where nothing need be said."""
    name, state = str(facts.get("stage", "")), facts.get("state")
    if state == "start":
        return f"{name}: {facts['reason']}" if facts.get("reason") not in ("", None, "never run") else ""
    if state == "cold":
        return f"{name}: {facts['reason']}"
    if state == "waiting":
        return f"{name}: waiting for another process that computes it"
    if state == "reused":
        return f"{name}: unchanged, taken from the store"
    return f"{name}: done in {show_seconds(float(facts.get('seconds') or 0.0))}"


def _tell(text: str, stream: TextIO) -> None:
    """A line of progress; where its reader has left, the work goes on unseen."""
    with contextlib.suppress(BrokenPipeError):
        print(text, file=stream, flush=True)


class _Lines:
    """Plain lines: one for each stage, and at most one each ten seconds of search."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._trials = 0
        self._last = time.monotonic()

    def stage(self, facts: dict[str, Any]) -> None:
        if facts.get("state") == "start":
            self._trials, self._last = 0, time.monotonic()
        if text := stage_text(facts):
            self._write(text)

    def trial(self, facts: dict[str, Any]) -> None:
        self._trials += 1
        now = time.monotonic()
        if now - self._last >= EVERY:
            self._last = now
            best: Trial | None = facts["best"]
            by = f" by {title(best.estimator)}" if best else ""
            self._write(f"search: {self._trials} trials, best {title(facts['goal'].metric)} {score_text(best)}{by}")

    def step(self, facts: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._last >= EVERY:
            self._last = now
            self._write(f"{facts['stage']}: {facts['step']} of {facts['steps']}")

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stream.flush()

    def _write(self, text: str) -> None:
        _tell(fitting(text, self._stream), self._stream)


def _rich() -> Any:
    return import_late("volvelle.ui.rich_terminal", "the terminal's drawing")
