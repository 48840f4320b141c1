"""The terminal in colour, loaded only where there is one."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Sequence
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from volvelle.evaluate.records import VerdictKind
from volvelle.train.records import Trial
from volvelle.ui.terminal import score_text, stage_text
from volvelle.ui.wording import clean, show_seconds, title

STYLES: dict[VerdictKind, str] = {
    "pass": "bold green",
    "fail": "bold red",
    "not proven": "bold yellow",
    "not measured": "bold bright_black",
}


def board(
    head: str,
    kind: VerdictKind,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    kinds: Sequence[VerdictKind],
    notes: Sequence[tuple[str, str]],
) -> str:
    """The board with one colour for each verdict, as text with ANSI codes."""
    console = _paper()
    console.print(Text(head, STYLES[kind]))
    if rows:
        table = _table(heads, right=(2, 4))
        for row, verdict in zip(rows, kinds, strict=True):
            style = STYLES[verdict]
            table.add_row(*(Text(cell, style if k in (0, 5) else "") for k, cell in enumerate(row)))
        console.print(table)
    for gate, reason in notes:
        console.print(Text.assemble(("  " + clean(gate, 48), "bold"), ": ", clean(reason, 300)))
    return _text(console)


def leaderboard(head: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The leaderboard, the winner in bold, as text with ANSI codes."""
    console = _paper()
    console.print(Text(head))
    table = _table(heads, right=(0, 2, 3, 4))
    for at, row in enumerate(rows):
        table.add_row(*(Text(cell, "bold" if at == 0 else "") for cell in row))
    console.print(table)
    return _text(console)


def styled(lines: Sequence[tuple[str, str]]) -> str:
    """Lines with a style each, as text with ANSI codes; nothing is wrapped."""
    styles = {
        "high": "bold red",
        "medium": "bold yellow",
        "low": "bold",
        "accepted": "green",
        "spec": "cyan",
        "soft": "bright_black",
    }
    console = _paper()
    for text, style in lines:
        console.print(Text(text, styles.get(style, "")), soft_wrap=True)
    return _text(console)


class Drawing:
    """Stages as lines that stay, the search as one live line: time used, trials, best so far."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, force_terminal=True, highlight=False)
        self._live: Progress | None = None
        self._task = TaskID(0)
        self._trials = 0
        self._began = time.monotonic()

    def stage(self, facts: dict[str, Any]) -> None:
        """A stage began, ended or waits."""
        if facts.get("state") == "start":
            self._began, self._trials = time.monotonic(), 0
        else:
            self.close()
        name, _, rest = stage_text(facts).partition(": ")
        if rest:
            sign = {"done": ("✓ ", "green"), "reused": ("= ", "cyan")}.get(str(facts.get("state")), ("  ", ""))
            self._console.print(Text.assemble(sign, (f"{name:<10}", "bold"), rest))

    def trial(self, facts: dict[str, Any]) -> None:
        """One trial more."""
        goal, best = facts["goal"], facts["best"]
        self._trials += 1
        if self._live is None:
            self._live = Progress(
                TextColumn("  {task.description}"), BarColumn(24), TextColumn("{task.fields[now]}"),
                console=self._console, transient=True, refresh_per_second=4,
            )  # fmt: skip
            self._task = self._live.add_task("search", total=goal.trials or goal.budget, now="")
            self._live.start()
        done = self._trials if goal.trials else time.monotonic() - self._began
        self._live.update(self._task, completed=min(done, goal.trials or goal.budget), now=self._now(goal, best))

    def close(self) -> None:
        """Take the live line away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _now(self, goal: Any, best: Trial | None) -> str:
        spent = f"{show_seconds(time.monotonic() - self._began)} of {show_seconds(goal.budget)}"
        by = f" ({title(best.estimator)})" if best else ""
        return f"{spent}, {self._trials} trials, best {title(goal.metric)} {score_text(best)}{by}".replace("[", "\\[")


def _table(heads: Sequence[str], right: Sequence[int]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for at, head in enumerate(heads):
        table.add_column(Text(head), justify="right" if at in right else "left", overflow="fold")
    return table


def _paper() -> Console:
    width = max(60, shutil.get_terminal_size().columns)
    return Console(file=io.StringIO(), force_terminal=True, width=width, highlight=False)


def _text(console: Console) -> str:
    file = console.file
    return file.getvalue().rstrip("\n") if isinstance(file, io.StringIO) else ""
