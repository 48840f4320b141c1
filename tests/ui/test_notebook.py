"""What a notebook shows: sound fragments that stay inside themselves."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from ui_page import Page  # type: ignore[import-not-found]

from volvelle.flow.result import Result
from volvelle.ui import notebook

FRAGMENTS: dict[str, Callable[[Result], str]] = {
    "evidence": lambda r: notebook.evidence_html(r.evidence),
    "leaderboard": lambda r: notebook.leaderboard_html(r.searched),
    "model": lambda r: notebook.model_html(r.model),
    "turn": notebook.turn_html,
    "report": lambda r: notebook.report_html(r, "/tmp/<b>x</b>.html"),
}


@pytest.mark.parametrize("name", FRAGMENTS)
def test_fragment_is_sound(name: str, hostile: Result) -> None:
    """Each fragment is closed, runs and fetches nothing, names its drawings and has no id to clash with."""
    text = FRAGMENTS[name](hostile)
    page = Page(text)
    assert page.faults == []
    assert page.ids == []
    assert all(svg == ("img", True) for svg in page.svg)
    assert "<script" not in text
    assert "<b>" not in text
    assert text.startswith('<div class="vv note">')


@pytest.mark.parametrize("name", FRAGMENTS)
def test_style_reaches_no_further(name: str, binary: Result) -> None:
    """Every rule of a fragment's style sheet starts at its own class, so the notebook around it keeps its looks."""
    sheet = re.search(r"<style>(.*?)</style>", FRAGMENTS[name](binary), re.S)
    assert sheet
    rules = re.sub(r"@media[^{]*\{", "", sheet[1])
    selectors = [s.strip(" }") for rule in re.findall(r"([^{}]+)\{", rules) for s in rule.split(",")]
    own = re.compile(r"(\[data-jp-theme-light=\"\w+\"\] |\.vscode-\w+ )?\.(vv|chart)\b")
    outside = [s for s in selectors if not own.match(s)]
    assert outside == []


def test_notebook_themes_are_followed(binary: Result) -> None:
    """Jupyter's and VS Code's own light or dark theme wins over the system's."""
    text = notebook.evidence_html(binary.evidence)
    for theme in ('[data-jp-theme-light="false"] .vv', ".vscode-dark .vv", "prefers-color-scheme:dark"):
        assert theme in text


def test_turn_names_its_verdict(binary: Result) -> None:
    """A turn shows its run, the verdict and every estimator that was tried."""
    text = Page(notebook.turn_html(binary)).text
    assert f"Run {binary.run.id} of" in text
    assert "Of 5 gates, 2 fail, 1 is not proven and 1 is not measured" in text
    for trial in binary.searched.trials:
        assert trial.estimator.replace("_", " ") in text
