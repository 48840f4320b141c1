"""The sections of the report that explain: answers in words first, then what they rest on."""

from __future__ import annotations

import math

from volvelle.evaluate.explain.records import (
    Ablation,
    Dependence,
    Explanation,
    Finding,
    Learning,
    Reason,
    Reasons,
    Thresholds,
)
from volvelle.flow.aside import kept
from volvelle.flow.result import Result
from volvelle.train.records import Tuned
from volvelle.ui import curves
from volvelle.ui.answers import HOW
from volvelle.ui.charts import Axis
from volvelle.ui.pages import drawn
from volvelle.ui.scales import short, widened
from volvelle.ui.sections import Facts
from volvelle.ui.tables import calibration_text
from volvelle.ui.wording import clean, sentence, show_interval, show_value, title

SHAPES = {"good": "pass", "warn": "not proven", "note": "not measured"}
MOST_COLUMNS, MOST_ABLATED, MOST_PARTS = 12, 15, 8


def explanation(result: Result) -> Facts:
    """Everything on explaining; all of it empty for a run that was made without that stage."""
    record = result.explanation
    ablated, learnt = kept(result, "ablate", Ablation), kept(result, "learn", Learning)
    single = kept(result, "reason", Reasons)
    found = (record.findings if record else ()) + (learnt.findings if learnt else ())
    return {
        "answers": [_answer(f) for f in found],
        "beside": _beside(record, result) if record else None,
        "leaning": _leaning(record) if record else [],
        "trust": _trust(record, result) if record else [],
        "dependences": [_dependence(d, result) for d in record.dependences] if record else [],
        "explain_notes": [clean(sentence(n), 200) for n in record.notes] if record else [],
        "suspects": _suspects(record) if record else [],
        "ablation": _ablation(ablated) if ablated else None,
        "learning": _learning(learnt) if learnt else None,
        "reasons": [_reason(r) for r in single.reasons] if single else [],
        "explain_run": result.run.id,
    }


def _answer(finding: Finding) -> Facts:
    return {
        "shape": SHAPES[finding.weight],
        "headline": clean(sentence(finding.headline), 200),
        "detail": clean(sentence(finding.detail), 400),
        "advice": clean(finding.advice, 300),
    }


def _suspects(record: Explanation) -> list[Facts]:
    """Rows of a table, where the labels are worth a second look."""
    if record.labels is None or all(f.topic != "labels" for f in record.findings):
        return []
    return [
        {"row": f"{s.row:,}", "label": s.label, "likely": s.likely, "probability": show_value(s.probability)}
        for s in record.labels.suspects
    ]


def _beside(record: Explanation, result: Result) -> Facts | None:
    """What ships and the simplest candidate as good, as rows of a table."""
    found, shipped = record.simpler, result.candidate
    if found is None:
        return None
    single = shipped.estimator == found.winner
    rows = [("Winner", shipped.estimator, shipped.score)]
    rows += [] if single else [("Best single candidate", found.winner, found.winner_score)]
    if found.estimator != found.winner:
        rows.append(("Simplest within one standard error", found.estimator, found.score))
    return {
        "metric": title(record.metric),
        "error": show_value(found.error),
        "rows": [{"what": w, "estimator": title(clean(e, 40)), "score": show_value(s)} for w, e, s in rows],
        "alone": found.estimator == found.winner,
    }


def _leaning(record: Explanation) -> list[Facts]:
    known = [i for i in record.importances if i.value is not None and i.low is not None and i.high is not None]
    rows = [curves.Span(i.column, i.value or 0.0, i.low or 0.0, i.high or 0.0) for i in known[:MOST_COLUMNS]]
    if not rows:
        return []
    name = f"{title(record.metric)} lost when a column is shuffled"
    about = (
        f"{record.rows:,} test rows, {record.repeats} shuffles a column, with intervals. "
        "Grey: the interval holds 0, so the column may tell nothing."
    )
    more = len(known) - len(rows)
    note = about + (f" {more} less important columns are not drawn." if more else "")
    return [{"title": "What the model leans on", "note": note, "svg": drawn(curves.whiskers(rows, name, about))}]


def _trust(record: Explanation, result: Result) -> list[Facts]:
    found = []
    if record.thresholds is not None:
        found.append(_thresholds(record.thresholds, result.evidence.classes[-1]))
    if result.evidence.tuned is not None and result.evidence.tuned.curve:
        found.append(_tuned(result.evidence.tuned))
    if record.calibration:
        found.append(_calibration(record, result))
    return found


def _thresholds(record: Thresholds, positive: str) -> Facts:
    lines = []
    order = sorted(record.lines, key=lambda line: (not line.bounds, line.metric))
    # By name, so that a metric has the same colour in both charts of thresholds.
    shown = sorted([line for line in order if _unit(line.values)][:4], key=lambda line: line.metric)
    for line in shown:
        points = [(a, v) for a, v in zip(record.at, line.values, strict=True) if v is not None]
        lines.append(curves.Line(title(line.metric), points, line.bounds))
    if not record.gates:
        note = "No gate is set on a metric of labels. "
    elif record.meeting:
        low, high = record.meeting
        note = f"Shaded: from {low:.3g} to {high:.3g} the values meet all such gates (dotted). "
    else:
        note = "No threshold meets all such gates (dotted). "
    shipped = f"Upright: the shipped threshold, {record.shipped:.3g}." if record.shipped is not None else ""
    name = f"Metrics by threshold on the probability of {clean(positive, 40)}"
    svg = curves.keyed(
        lines,
        Axis("threshold", 0, 1),
        Axis("on the test side", 0, 1),
        name,
        note + shipped,
        zone=record.meeting or (),
        mark=record.shipped,
    )
    return {"title": "Other thresholds", "note": note + shipped, "svg": drawn(svg)}


def _tuned(tuned: Tuned) -> Facts:
    """The metrics over all thresholds where the threshold was chosen."""
    at = tuned.curve["threshold"]
    others = [(name, values) for name, values in tuned.curve.items() if name != "threshold" and _unit(values)]
    lines = [
        curves.Line(title(name), [(a, v) for a, v in zip(at, values, strict=True) if a is not None and v is not None])
        for name, values in sorted(others[:4])
    ]
    mark = 0.5 if tuned.threshold is None else tuned.threshold
    values = ", ".join(f"{title(name)} {show_value(value)}" for name, value in tuned.out_of_fold.items())
    there = f" ({clean(values, 120)})" if values else ""
    note = f"Out-of-fold rows of the training side. Upright: {mark:.3g}; {tuned.why}{there}."
    name = "Where the threshold was chosen"
    svg = curves.keyed(lines, Axis("threshold", 0, 1), Axis("out of fold", 0, 1), name, note, mark=mark)
    return {"title": name, "note": note, "svg": drawn(svg)}


def _unit(values: tuple[float | None, ...]) -> bool:
    return all(v is None or 0 <= v <= 1 for v in values)


def _calibration(record: Explanation, result: Result) -> Facts:
    bins = record.calibration
    regression = result.evidence.task == "regression"
    low, high = 0.0, 1.0
    if regression:
        ends = [v for b in bins for v in (b.stated, b.observed, b.low, b.high)]
        low, high = widened(min(ends), max(ends))
    said = (
        "mean prediction"
        if regression
        else f"said of {clean(result.evidence.classes[-1], 24)}"
        if result.evidence.task == "binary"
        else "said of the answer"
    )
    rows = [curves.Span(repr(b.stated), b.observed, b.low, b.high) for b in bins]
    about = f"{len(bins)} bins of about {max(b.rows for b in bins):,} test rows; on the dashed line both agree."
    svg = curves.against(rows, Axis(said, low, high), Axis("came true", low, high), "Calibration", about)
    note = (
        f"What was said against what came true, with intervals. {calibration_text(result.evidence.calibrated)}".strip()
    )
    return {"title": "Calibration", "note": note, "svg": drawn(svg)}


def _dependence(record: Dependence, result: Result) -> Facts:
    of = f"probability of {clean(record.of, 24)}" if record.of else clean(result.evidence.target, 30)
    name = f"{clean(record.column, 60)}: mean {of}"
    about = (
        f"Mean {of} when {clean(record.column, 60)} is set to each value in every row; band: middle half of the rows."
    )
    if record.labels:
        each = zip(record.labels, record.mean, record.low, record.high, strict=True)
        rows = [curves.Span(label, m, a, b) for label, m, a, b in each]
        svg = curves.whiskers(rows, name, about, zero=False)
    else:
        points = list(zip(record.at, record.mean, record.low, record.high, strict=True))
        if record.time:
            points = [(1970 + p[0] / 31_556_952, *p[1:]) for p in points]
        low, high = widened(min(record.low), max(record.high))
        if record.of:
            low, high = max(0.0, low), min(1.0, high)
        unit = next((f.unit for f in result.model.signature.features if f.name == record.column), "")
        label = "year" if record.time else f"{clean(record.column, 30)}{f' ({clean(unit, 10)})' if unit else ''}"
        svg = curves.banded(points, Axis(label, points[0][0], points[-1][0]), Axis(of, low, high), name, about)
    return {"title": clean(record.column, 60), "note": f"Mean {of}; band: middle half of the rows.", "svg": drawn(svg)}


def _ablation(record: Ablation) -> Facts:
    rows = []
    for removed in record.removed[:MOST_ABLATED]:
        gain, many = removed.gain, len(removed.columns)
        rows.append(
            {
                "name": clean(removed.columns[0], 60) if many == 1 else f"{many} columns whose importance straddles 0",
                "value": show_value(removed.value),
                "worth": show_value(gain.value if gain else None),
                "interval": show_interval(gain.low, gain.high) if gain else clean(removed.note, 80),
            }
        )
    whole = record.whole
    return {
        "rows": rows,
        "metric": title(record.metric),
        "caption": f"{title(record.metric)} {show_value(whole.value)} with all columns; {record.folds} folds of "
        f"{record.rows:,} training rows, each trained again. Worth: with minus without; positive where they help.",
    }


def _learning(record: Learning) -> Facts | None:
    known = [k for k in record.lessons if k.valid.value is not None]
    if len(known) < 2:
        return None
    held = [(float(k.rows), k.valid.value or 0.0) for k in known]
    learnt = [(float(k.rows), k.train) for k in known if k.train is not None and math.isfinite(k.train)]
    ends = [v for _, v in (*held, *learnt)]
    low, high = widened(min(ends), max(ends))
    lines = [curves.Line("rows held back", held), curves.Line("rows learnt from", learnt)]
    x = Axis("rows learnt from", 0, max(r for r, _ in held))
    seeds = (
        f" Over {len(record.seeds)} seeds: {short(min(record.seeds))} to {short(max(record.seeds))}."
        if record.seeds
        else ""
    )
    about = f"{title(record.metric)} after learning from ever more rows, mean of {record.folds} folds.{seeds}"
    svg = curves.keyed(lines, x, Axis(title(record.metric), low, high), "Learning curve", about)
    return {"title": "Learning curve", "note": about, "svg": drawn(svg)}


def _reason(reason: Reason) -> Facts:
    """What each column adds to one answer."""
    told = reason.attribution
    parts = [p for p in told.parts if p.amount]
    rows = [
        curves.Span(
            f"{clean(p.column, 60)} {clean(p.cell, 30)}",
            p.amount,
            p.amount if p.low is None else p.low,
            p.amount if p.high is None else p.high,
        )
        for p in parts[:MOST_PARTS]
    ]
    rest = parts[MOST_PARTS:]
    amount = sum(p.amount for p in rest)
    rows += [curves.Span(f"{len(rest)} more", amount, amount, amount)] if rest else []
    chance = "" if told.probability is None else f", with probability {told.probability:.3g} of {clean(told.of, 24)}"
    said = f"Truth {clean(reason.truth, 24)}; answer {clean(told.prediction, 24)}{chance}."
    of = f"{told.unit} of {clean(told.of, 24)}" if told.of else told.unit
    words = ", ".join(f"{clean(w.word, 24)} {short(float(f'{w.amount:+.3g}'))}" for w in told.words)
    note = (
        f"{said} From {show_value(told.base)}, the mean over {told.background} training rows, "
        f"to {show_value(told.answer)} in the {of} ({HOW[told.method]})."
        f"{f' Words, each taken out alone: {words}.' if words else ''}"
    )
    name = f"Test row {reason.row:,}, {reason.which}"
    return {"title": name, "note": note, "svg": drawn(curves.whiskers(rows, name, note)) if rows else ""}
