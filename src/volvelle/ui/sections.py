"""What each section of the report says, as plain values for the templates."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from volvelle.data.profile import ColumnProfile
from volvelle.data.versions import from_bytes
from volvelle.evaluate.contract import Side
from volvelle.flow.result import Result
from volvelle.train.records import Searched
from volvelle.ui import charts, points
from volvelle.ui.findings import finding_row, tally
from volvelle.ui.pages import drawn
from volvelle.ui.scales import short
from volvelle.ui.tables import (
    board_rows,
    leaderboard_caption,
    leaderboard_rows,
    metric_rows,
    model_settings,
    slice_table,
    trial_score,
)
from volvelle.ui.trade import trade
from volvelle.ui.wording import (
    clean,
    outcome,
    read_as,
    sentence,
    show_interval,
    show_level,
    show_seconds,
    show_settings,
    show_time,
    show_value,
    size,
    title,
)

Facts = dict[str, Any]
MOST_COLUMNS, MOST_TRIALS, MOST_NAMES, MOST_CLASSES, MOST_TEXT = 60, 120, 80, 15, 12_000
MOST_FINDINGS = 40


def header(result: Result) -> Facts:
    """Title, verdict and the few numbers that matter most."""
    evidence, run = result.evidence, result.run
    tested = next(
        (m for m in evidence.metrics if m.side == "test" and not m.slice and m.metric == evidence.metric), None
    )
    base = next((m for m in evidence.baseline if m.metric == evidence.metric), None)
    interval = show_interval(tested.low, tested.high) if tested else ""
    openings = "once" if evidence.openings == 1 else f"{evidence.openings} times"
    tiles = [
        {
            "label": sentence(f"{title(evidence.metric)} on the test side"),
            "value": show_value(tested.value if tested else None),
            "note": f"{show_level(evidence.level)} interval {interval}" if interval else "no interval",
        },
        {
            "label": "Constant baseline",
            "value": show_value(base.value if base else None),
            "note": {True: "clearly beaten", False: "clearly better than the model", None: "not told apart"}[
                evidence.beats_baseline
            ],
        },
        {"label": "Model", "value": size(result.model.size), "note": f"ONNX, {title(evidence.estimator)}"},
        {"label": "Test rows", "value": f"{evidence.rows_test:,}", "note": f"opened {openings}"},
    ]
    return {
        "problem": result.spec.problem,
        "run": run,
        "finished": show_time(run.finished),
        "outcome": outcome(evidence),
        "tiles": tiles,
        "evidence": evidence,
        "level": show_level(evidence.level),
        "name_of": title,
    }


def requirements(result: Result) -> Facts:
    """The board and the statement of the problem."""
    spec = result.spec
    stated = [
        ("Problem", spec.problem.statement),
        ("Intended use", spec.problem.intended_use),
        ("Out of scope", spec.problem.out_of_scope),
        ("Target", f"{clean(result.evidence.target)} ({result.evidence.task})"),
        ("Positive class", spec.problem.positive or ""),
        ("Licence of the data", spec.data.licence),
        ("Consent", spec.data.consent),
        ("Sensitive columns", ", ".join(clean(c, 40) for c in spec.data.sensitive)),
        ("Device", f"{clean(spec.device.core)} {clean(spec.device.clock or '')}" if spec.device else ""),
        *((f"Role: {clean(role.replace('_', ' '), 40)}", who) for role, who in spec.roles.items()),
    ]
    optional = ("Positive class", "Sensitive columns", "Device")
    shown = [(k, clean(v, 600) if v else "not stated") for k, v in stated if v or k not in optional]
    return {"board": board_rows(result.evidence), "stated": shown}


def performance(result: Result) -> Facts:
    """Metrics, slices and charts of the test side."""
    evidence = result.evidence
    predictions = from_bytes(result.project.store.get(result.scored.predictions))
    side = points.test_side(predictions, result.model.signature)
    figures = _regression(side) if evidence.task == "regression" else _classes(result)
    if evidence.task == "binary":
        figures += _curves(result, side)
    gain = evidence.gain
    interval = show_interval(gain.low, gain.high) if gain else ""
    rows = points.class_rows(evidence.confusion, evidence.classes) if evidence.confusion else []
    return {
        "metrics": metric_rows(evidence, result.candidate),
        "gain": f"{show_value(gain.value)}{f' ({interval})' if interval else ''}"
        if gain and gain.value is not None
        else "",
        "figures": figures,
        "classes": rows[:MOST_NAMES],
        "classes_more": max(0, len(rows) - MOST_NAMES),
        **slice_table(evidence),
        "value_of": show_value,
    }


def _classes(result: Result) -> list[Facts]:
    table, names = points.most_frequent(result.evidence.confusion, result.evidence.classes, MOST_CLASSES)
    right, rows = sum(table[k][k] for k in range(len(table))), result.evidence.rows_test
    about = f"{right:,} of {rows:,} test rows lie on the diagonal, where the predicted class is the true one."
    svg = charts.heatmap(table, names, "Confusion matrix of the test side", about)
    return [
        {
            "title": "Confusion matrix",
            "note": "Test rows; shade and per cent: share of the true class.",
            "svg": drawn(svg),
        }
    ]


def _curves(result: Result, side: Side) -> list[Facts]:
    score, found = side.scores[:, 1], []
    areas = {m.metric: m for m in result.evidence.metrics if m.side == "test" and not m.slice}
    share = float(np.mean(side.y == 1)) if len(side.y) else 0.0
    line = points.roc(side.y, score)
    if line:
        area = _area(areas.get("roc_auc"))
        about = f"True positive rate against false positive rate over all thresholds. {area}"
        curves = [charts.Curve([(0, 0), (1, 1)], "lq"), charts.Curve(line)]
        x, y = charts.Axis("false positive rate", 0, 1), charts.Axis("true positive rate", 0, 1)
        svg = charts.lines(curves, x, y, "ROC curve", about)
        found.append({"title": "ROC curve", "note": area + "Dashed: guessing.", "svg": drawn(svg)})
    line = points.precision_recall(side.y, score)
    if line:
        area = _area(areas.get("pr_auc"))
        about = f"Precision against recall over all thresholds. {area}"
        curves = [charts.Curve([(0, share), (1, share)], "lq"), charts.Curve(line)]
        x, y = charts.Axis("recall", 0, 1), charts.Axis("precision", 0, 1)
        svg = charts.lines(curves, x, y, "Precision-recall curve", about)
        note = f"{area}Dashed: guessing, {share:.3f}."
        found.append({"title": "Precision and recall", "note": note, "svg": drawn(svg)})
    return [*found, *_scores(result, side)]


def _scores(result: Result, side: Side) -> list[Facts]:
    """How far apart the two classes lie on the scale of the predicted probability."""
    names = result.evidence.classes
    outlines = [points.stair(side.scores[side.y == k, 1]) for k in (0, 1)]
    if not all(outlines):
        return []
    curves = [charts.Curve(outlines[0], "l2", names[0]), charts.Curve(outlines[1], "l1", names[1])]
    top = max(share for outline in outlines for _, share in outline)
    about = f"Share of the test rows of each true class by the predicted probability of {clean(names[1], 40)}."
    axis = charts.Axis(f"probability of {clean(names[1], 24)}", 0, 1)
    svg = charts.lines(curves, axis, charts.Axis("share of the class", 0, top), "Predicted probability", about)
    note = "Share of each true class. Far apart is good."
    return [{"title": "Predicted probability", "note": note, "svg": drawn(svg)}]


def _area(metric: Any) -> str:
    if metric is None or metric.value is None:
        return ""
    interval = show_interval(metric.low, metric.high)
    return f"Area {show_value(metric.value)}{f' ({interval})' if interval else ''}. "


def _regression(side: Side) -> list[Facts]:
    predicted = side.scores[:, 0]
    cells = points.grid(side.y, predicted)
    found = []
    if cells is not None:
        about = f"{len(side.y):,} test rows; on the dashed diagonal the prediction is exact."
        svg = charts.cloud(cells, "true value", "predicted value", "Predicted against true value", about)
        found.append({"title": "Predicted against true", "note": "Test rows. Dashed: exact.", "svg": drawn(svg)})
    counts, reach = points.residuals(side.y, predicted)
    about = f"Prediction minus truth; 99 % of the test rows lie within {short(reach)} of zero."
    svg = charts.histogram(counts, -reach, reach, "prediction minus truth", "Errors of the test side", about)
    found.append(
        {"title": "Errors", "note": "Right of zero: predicted too high. Outer bars hold all beyond.", "svg": drawn(svg)}
    )
    return found


def model(result: Result) -> Facts:
    """The model card's facts."""
    model = result.model
    features = [clean(n, 40) for n in model.feature_names]
    pairs = [
        ("Estimator", title(model.estimator)),
        *model_settings(model, result.searched),
        ("Trained on", f"{result.evidence.rows_train:,} rows, seed {model.seed}"),
        (
            "Takes",
            f"{len(model.signature.features):,} columns, prepared inside the graph as {len(features):,} features",
        ),
        (
            "Gives",
            "one number"
            if model.task == "regression"
            else f"label and probability of {len(model.signature.classes)} classes",
        ),
        (
            "Size",
            f"{size(model.size)} ({model.size:,} bytes) of ONNX, {model.operators:,} operators, "
            f"{model.operations:,} operations a row",
        ),
        (
            "Parity",
            f"largest difference between library and ONNX graph {model.parity:.1e} "
            f"({'relative' if model.task == 'regression' else 'probability'}), "
            f"{model.label_differences:,} differing labels",
        ),
    ]
    return {
        "card": pairs,
        "model_notes": [clean(n, 300) for n in model.notes[:40]],
        "features": features[:MOST_NAMES],
        "features_more": max(0, len(features) - MOST_NAMES),
    }


def search(result: Result) -> Facts:
    """The leaderboard, how the search went, and its trials."""
    searched = result.searched
    shipped = next((p.trial for p in result.evidence.front if p.shipped), searched.best)
    trials = [
        {
            "number": trial.number,
            "estimator": title(clean(trial.estimator, 40)),
            "score": trial_score(trial),
            "spread": "–" if trial.spread is None else f"± {show_value(trial.spread)}",
            "seconds": f"{trial.seconds:.2f}",
            "settings": clean(trial.note, 120) if trial.score is None else show_settings(trial.whole()),
            "best": trial.number == shipped,
        }
        for trial in searched.trials
    ]
    spent = f"{show_seconds(searched.spent)} of {show_seconds(searched.budget)}"
    return {
        "places": leaderboard_rows(searched, result.candidate),
        "places_caption": leaderboard_caption(searched, result.candidate),
        "searched": searched,
        "spent": spent,
        "progress": _search_chart(searched),
        "trade": trade(result),
        "trials": trials[:MOST_TRIALS],
        "trials_more": max(0, len(trials) - MOST_TRIALS),
    }


def _search_chart(searched: Searched) -> Facts | None:
    done = [(float(at + 1), t.score) for at, t in enumerate(searched.trials) if t.score is not None]
    if len(done) < 3:
        return None
    better = "higher" if searched.direction == "up" else "lower"
    name = sentence(f"{title(searched.metric)} of each trial")
    svg = charts.progress(
        done,
        better=searched.direction,
        x="trial",
        y=title(searched.metric),
        name=name,
        about=f"{len(done)} finished trials; the line is the best so far; {better} is better.",
    )
    return {"title": name, "note": f"Dots: trials. Line: best so far; {better} is better.", "svg": drawn(svg)}


def data(result: Result) -> Facts:
    """The data and how rows were held back."""
    dataset, profile, split = result.dataset, result.profile, result.split
    known = {c.name for c in result.model.signature.features}
    columns = [
        _column(c, profile.rows, c.name in known, result.spec.problem.target) for c in profile.columns[:MOST_COLUMNS]
    ]
    opened = result.evidence.openings
    pairs = [
        ("Rows and columns", f"{dataset.rows:,} rows, {len(dataset.columns):,} columns"),
        ("Source", clean(dataset.source, 300)),
        *([("Read as", told)] if (told := read_as(dataset.layout)) else []),
        ("Version", dataset.version),
        ("Equal rows", f"{profile.duplicates:,}"),
    ]
    sides = [
        ("Method", f"{split.method}, seed {split.seed}"),
        ("Training side", f"{split.rows_train:,} rows"),
        ("Test side", f"{split.rows_test:,} rows ({split.test_share:.0%} asked for)"),
        ("Seal", f"opened {'once' if opened == 1 else f'{opened} times'}, by evaluation alone"),
        ("Duplicates", f"{split.duplicates:,} rows equal an earlier one; {split.left_out:,} test rows left out for it"),
        *([("Groups", f"{split.groups:,}, none on both sides")] if split.groups else []),
        *([("Note", clean(split.note, 300))] if split.note else []),
    ]
    balance = None
    if profile.balance:
        counts = [(b.value, float(b.count)) for b in profile.balance]
        texts = [f"{b.count:,} ({b.count / max(1, profile.rows):.1%})" for b in profile.balance]
        svg = charts.bars(counts, "Rows by class", "All rows of the data by the target's value.", texts)
        balance = {"title": "Target", "note": "Rows by class, all data.", "svg": drawn(svg)}
    return {
        "data_facts": pairs,
        "findings": [finding_row(f) for f in profile.findings[:MOST_FINDINGS]],
        "findings_more": max(0, len(profile.findings) - MOST_FINDINGS),
        "findings_tally": tally(profile.findings),
        "data_notes": [clean(n, 300) for n in dataset.notes[:30]],
        "columns": columns,
        "columns_more": max(0, len(profile.columns) - MOST_COLUMNS),
        "split_facts": sides,
        "balance": balance,
    }


def _column(column: ColumnProfile, rows: int, used: bool, target: str) -> Facts:
    if column.kind == "time":
        holds = f"{_day(column.low)} to {_day(column.high)}"
    elif column.kind in ("number", "integer"):
        middle = f", median {short(column.quartiles[1])}" if len(column.quartiles) == 3 else ""
        holds = (
            f"{short(column.low)} to {short(column.high)}{middle}"
            if column.low is not None and column.high is not None
            else "nothing"
        )
    else:
        holds = ", ".join(clean(v.value, 24) for v in column.top[:3]) or "nothing"
        holds += f" and {column.distinct - 3:,} more" if column.distinct > 3 else ""
    counts = column.histogram or tuple(v.count for v in column.top[:12])
    share = column.missing / rows if rows else 0.0
    use = "target" if column.name == target else "feature" if used else "left out"
    return {
        "name": column.name,
        "kind": column.kind,
        "use": use,
        "missing": f"{column.missing:,} ({share:.1%})" if column.missing else "0",
        "distinct": f"{column.distinct:,}",
        "holds": holds,
        "chart": drawn(charts.spark(counts, f"distribution of {clean(column.name, 40)}")) if counts else "",
    }


def _day(seconds: float | None) -> str:
    return "?" if seconds is None else str(np.datetime64(int(seconds), "s"))[:16].replace("T", " ")


def reproduction(result: Result) -> Facts:
    """Seeds, versions, environment, hashes, and the command that makes it again."""
    where = json.loads(result.run.environment)
    made = [(clean(k, 40), clean(v if v not in (None, "") else "none", 120)) for k, v in sorted(where.items())]
    evidence, model, scored = result.evidence, result.model, result.scored
    hashes = [
        ("Data version", result.dataset.version),
        *((f"Source {clean(o.name, 60)}", o.sha256) for o in result.dataset.origins[:20]),
        ("Training side", result.split.train),
        ("Test side (sealed)", result.split.test),
        ("Recipe", model.recipe),
        ("Model (ONNX)", model.onnx),
        ("Predictions", scored.digest),
        ("Evidence", result.digest("judge")),
        ("Spec", result.run.spec),
    ]
    stages = [
        {
            "stage": s.stage,
            "state": "taken from the store" if s.reused else "computed",
            "seconds": show_seconds(s.seconds),
            "output": s.output,
        }
        for s in result.steps
    ]
    text = result.spec_text
    return {
        "seeds": f"search and split {result.spec.search.seed}, training {model.seed}, "
        f"resamples {evidence.seed} ({evidence.resamples:,} at least)",
        "environment": made,
        "versions": sorted(evidence.versions.items()),
        "hashes": hashes,
        "stages": stages,
        "spec_text": text[:MOST_TEXT] + ("\n# ... cut here" if len(text) > MOST_TEXT else ""),
    }
