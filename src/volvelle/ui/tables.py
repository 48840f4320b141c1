"""Rows of the tables that people see, made from the records alone."""

from __future__ import annotations

import math
from typing import Any

from volvelle.evaluate.records import Evidence, MetricResult, Verdict
from volvelle.train.records import Calibrated, Candidate, Member, Model, Searched, Trial
from volvelle.ui import charts
from volvelle.ui.pages import STYLES, drawn
from volvelle.ui.ranking import judged_apart, places
from volvelle.ui.scales import widened
from volvelle.ui.wording import (
    clean,
    dimension_of,
    direction,
    explain,
    rate,
    show_bound,
    show_interval,
    show_settings,
    show_value,
    title,
)

Row = dict[str, Any]
MOST_SLICES = 60
PENALTIES = ("penalty", "strength", "l2", "decay")
"""Settings of our estimators that hold weights or leaves back."""


def board_rows(evidence: Evidence) -> list[Row]:
    """One row for each gate, in the order of the spec."""
    return [_board_row(verdict) for verdict in evidence.verdicts]


def _board_row(verdict: Verdict) -> Row:
    dimension = dimension_of(verdict.gate)
    return {
        "gate": verdict.gate,
        "value": show_value(verdict.value, dimension),
        "interval": show_interval(verdict.low, verdict.high, dimension),
        "bound": show_bound(verdict).replace(">=", "≥").replace("<=", "≤").replace("==", "="),
        "verdict": verdict.verdict,
        "reason": verdict.reason if verdict.verdict != "pass" else "",
        "chart": drawn(_gate_chart(verdict)),
    }


def _gate_chart(verdict: Verdict) -> str:
    if verdict.value is None:
        return ""
    numbers = [n for n in (verdict.value, verdict.low, verdict.high, verdict.bound) if n is not None]
    ends = widened(min(numbers), max(numbers), 0.2)
    return charts.interval(
        verdict.value, verdict.low, verdict.high, bound=verdict.bound, ends=ends, kind=STYLES[verdict.verdict]
    )


def metric_rows(evidence: Evidence, candidate: Candidate | None = None) -> list[Row]:
    """Every metric on both sides beside the constant baseline; what the search optimised comes first.

    Args:
        evidence: of the run.
        candidate: what the search has found, whose score over the folds is told too.
    """
    known = candidate is not None and math.isfinite(candidate.score)
    folds = f"{show_value(candidate.score)} ± {show_value(candidate.spread)}" if candidate and known else ""
    train = {m.metric: m.value for m in evidence.metrics if m.side == "train"}
    baseline = {m.metric: m.value for m in evidence.baseline}
    found = [m for m in evidence.metrics if m.side == "test" and not m.slice]
    found.sort(key=lambda m: m.metric != evidence.metric)
    rows = []
    for metric in found:
        constant = baseline.get(metric.metric)
        rows.append(
            {
                "name": title(metric.metric),
                "about": explain(metric.metric),
                "better": {"up": "higher is better", "down": "lower is better"}.get(direction(metric.metric), ""),
                "searched": metric.metric == evidence.metric,
                "folds": folds,
                "test": show_value(metric.value),
                "interval": show_interval(metric.low, metric.high),
                "note": metric.note,
                "train": show_value(train.get(metric.metric)),
                "baseline": show_value(constant),
                "chart": drawn(_metric_chart(metric, constant)),
            }
        )
    return rows


def _metric_chart(metric: MetricResult, constant: float | None) -> str:
    if metric.value is None:
        return ""
    numbers = [n for n in (metric.value, metric.low, metric.high, constant) if n is not None and math.isfinite(n)]
    ends = rate(metric.metric) or (min(0.0, *numbers), max(0.0, *numbers) * 1.08 or 1.0)
    return charts.interval(metric.value, metric.low, metric.high, bound=constant, ends=ends, kind="f1")


def slice_table(evidence: Evidence) -> Row:
    """Metrics of each value of the sensitive columns: a row for each slice, and names of the metrics."""
    names: dict[str, None] = {}
    slices: dict[str, dict[str, MetricResult]] = {}
    for metric in evidence.metrics:
        if metric.slice and metric.side == "test":
            names[metric.metric] = None
            slices.setdefault(metric.slice, {})[metric.metric] = metric
    rows = []
    for text, found in list(slices.items())[:MOST_SLICES]:
        cells = [_slice_cell(found.get(name)) for name in names]
        rows.append({"slice": text, "rows": f"{max(m.rows for m in found.values()):,}", "cells": cells})
    more = max(0, len(slices) - MOST_SLICES)
    return {"slices": rows, "slices_more": more, "slice_metrics": [title(n) for n in names]}


def _slice_cell(metric: MetricResult | None) -> Row:
    if metric is None:
        return {"value": "–", "interval": "", "note": ""}
    interval = show_interval(metric.low, metric.high)
    return {"value": show_value(metric.value), "interval": interval, "note": metric.note}


def leaderboard_rows(searched: Searched, candidate: Candidate | None = None) -> list[Row]:
    """The best trial of every estimator."""
    return [
        {
            "rank": "–" if place.rank is None else place.rank,
            "estimator": title(clean(place.best.estimator, 40)),
            "score": show_value(place.best.score) if place.best.score is not None else place.best.status,
            "spread": "–" if place.best.spread is None else f"± {show_value(place.best.spread)}",
            "seconds": f"{place.seconds:.1f}",
            "trials": place.trials,
            "settings": place.best.note if place.best.score is None else show_settings(place.best.taken()),
        }
        for place in places(searched, candidate)
    ]


def leaderboard_caption(searched: Searched, candidate: Candidate | None = None) -> str:
    """What the leaderboard compares."""
    better = "higher" if searched.direction == "up" else "lower"
    compared = (
        f"Best trial of each estimator: mean and standard deviation of {title(searched.metric)} "
        f"({better} is better) over {searched.folds} folds of the training side."
    )
    return f"{compared} {judged_apart(candidate)}".strip()


def model_settings(model: Model, searched: Searched) -> list[tuple[str, str]]:
    """Settings of the model, or of each member, and what keeps them from overfitting; the threshold if there is one."""
    rows = [
        (f"Member, weight {member.weight:.3f}", f"{title(member.estimator)}: {show_settings(member.settings)}")
        for member in model.members
    ] or [("Settings", show_settings(model.settings))]
    told = [text for part in model.members or (model,) if (text := _restrained(part, searched))]
    rows += [("Against overfitting", "; ".join(told))] if told else []
    if model.calibration is not None:
        rows.append(("Calibration", f"{title(model.calibration.method)}, fitted out of fold, inside the graph"))
    if (threshold := model.signature.threshold) is not None and model.signature.positive is not None:
        positive = clean(model.signature.classes[model.signature.positive], 40)
        rows.append(("Threshold", f"{positive} where its probability is above {threshold:.4f}"))
    return rows


def _restrained(part: Model | Member, searched: Searched) -> str:
    """Whether early stopping chose the number of trees, and which settings are penalties."""
    known, own = part.settings, [t for t in searched.trials if t.estimator == part.estimator and "trees" in t.found]
    found = [t.found["trees"] for t in own if all(known.get(k) == v for k, v in t.settings.items() if k not in t.found)]
    more = f", grown to {known['trees']} for all rows" if found and found[0] != known["trees"] else ""
    parts = [f"early stopping chose {found[0]} trees in the folds{more}"] if found else []
    penalties = {name: known[name] for name in PENALTIES if name in known and known.get("penalty") != "none"}
    parts += [f"held back by {show_settings(penalties)}"] if penalties else []
    return f"{title(clean(part.estimator, 40))}: {', '.join(parts)}" if parts else ""


def calibration_text(calibrated: Calibrated | None) -> str:
    """What calibrating did to the expected calibration error; empty where there are no probabilities."""
    if calibrated is None or "ece" not in calibrated.before:
        return ""
    before = calibrated.before["ece"]
    if "ece" not in calibrated.after:
        return f"Not calibrated: {calibrated.why} (ECE {before:.3f} out of fold)."
    after = calibrated.after["ece"]
    return f"{title(calibrated.method)} calibration: ECE {before:.3f} before, {after:.3f} after, out of fold."


def trial_score(trial: Trial) -> str:
    """A score; of a stopped trial also after how many folds; or why there is none."""
    if trial.score is None:
        return trial.status
    folds = f" after {len(trial.fold_scores)}" if trial.status == "stopped" else ""
    return show_value(trial.score) + folds
