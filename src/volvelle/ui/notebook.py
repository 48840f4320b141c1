"""What a notebook shows in place of a record: HTML without script, readable in light and dark.

Each fragment brings its own style, which reaches no further than the fragment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from volvelle.evaluate.records import Evidence
from volvelle.train.records import Model, Searched
from volvelle.ui.pages import render, style
from volvelle.ui.tables import board_rows, leaderboard_caption, leaderboard_rows, metric_rows
from volvelle.ui.wording import outcome, show_level, size, title

if TYPE_CHECKING:
    from volvelle.flow.result import Result


def evidence_html(evidence: Evidence) -> str:
    """The verdict, the board of requirements and the metrics."""
    facts = {"board": board_rows(evidence), "metrics": metric_rows(evidence)}
    return _note("evidence", {**facts, **_judged(evidence)})


def leaderboard_html(searched: Searched) -> str:
    """The best trial of every estimator."""
    facts = {"rows": leaderboard_rows(searched), "caption": leaderboard_caption(searched)}
    return _note("leaderboard", {**facts, "heading": title(searched.metric)})


def model_html(model: Model) -> str:
    """What the model is, and what goes in and comes out."""
    features = [(f.name, f.kind, f.unit) for f in model.signature.features]
    return _note("model", {"model": model, "features": features[:40], "count": len(features), "size": size(model.size)})


def turn_html(result: Result) -> str:
    """A finished run: verdict, board and leaderboard, and where to look next."""
    searched = result.searched
    facts = {
        "board": board_rows(result.evidence),
        "rows": leaderboard_rows(searched, result.candidate),
        "caption": leaderboard_caption(searched, result.candidate),
        "heading": title(searched.metric),
    }
    named = {"run": result.run.id, "problem": result.spec.problem.name}
    return _note("turn", {**facts, **named, **_judged(result.evidence)})


def report_html(result: Result, path: str) -> str:
    """Where the report lies, under the verdict."""
    return _note("report", {"outcome": outcome(result.evidence), "path": path, "run": result.run.id})


def _judged(evidence: Evidence) -> dict[str, Any]:
    return {"evidence": evidence, "outcome": outcome(evidence), "level": show_level(evidence.level)}


def _note(kind: str, facts: dict[str, Any]) -> str:
    return render("note.html", {"css": style(False), "kind": kind, **facts})
