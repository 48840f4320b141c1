"""Explanations as plain text: findings, importance, single answers, what retraining showed."""

from __future__ import annotations

import textwrap

from volvelle.evaluate.explain.records import Ablation, Attribution, Explanation, Finding, Learning, Reasons
from volvelle.ui.terminal import aligned
from volvelle.ui.wording import clean, sentence, show_interval, show_value, title

MARKS = {"good": "✓", "note": "•", "warn": "!"}
MOST_COLUMNS, MOST_PARTS, WIDTH = 15, 12, 100
HOW = {
    "additive": "exact",
    "trees": "exact, from the trees",
    "members": "exact, member by member",
    "sampled": "sampled, with intervals",
}


def findings(found: tuple[Finding, ...]) -> str:
    """Each finding with its numbers and what to do."""
    lines = []
    for finding in found:
        lines.append(f"  {MARKS[finding.weight]} {clean(sentence(finding.headline), 160)}")
        for text, mark in ((sentence(finding.detail), ""), (finding.advice, "→ ")):
            if text:
                lines += textwrap.wrap(mark + clean(text, 400), WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def explanation(record: Explanation) -> str:
    """Findings first, then the columns that matter."""
    rows = [
        [clean(i.column, 40), show_value(i.value), show_interval(i.low, i.high)]
        for i in record.importances[:MOST_COLUMNS]
    ]
    parts = ["What the numbers mean", findings(record.findings), ""]
    if rows:
        parts.append(f"Importance: {title(record.metric)} lost when a column is shuffled, {record.rows:,} test rows")
        parts += aligned(["column", "lost", "interval"], rows, right=(1,))
        more = len(record.importances) - len(rows)
        parts += [f"  and {more} more columns"] if more > 0 else []
    found = record.simpler
    if found is not None:
        beside = f", beside {title(found.winner)} {show_value(found.winner_score)}"
        named = f"{title(found.estimator)} {show_value(found.score)}"
        parts += ["", f"Simplest within one standard error: {named}{beside if found.winner != found.estimator else ''}"]
    if record.labels and any(f.topic == "labels" for f in record.findings):
        rows = [
            [f"{s.row:,}", clean(s.label, 30), clean(s.likely, 30), show_value(s.probability)]
            for s in record.labels.suspects
        ]
        parts += [
            "",
            "Labels worth a second look",
            *aligned(["row", "label", "rather", "probability"], rows, right=(0, 3)),
        ]
    return "\n".join(parts)


def attribution(record: Attribution, name: str) -> str:
    """One answer: what it is, the base, and what each column adds."""
    said = clean(record.prediction, 60)
    chance = "" if record.probability is None else f", probability of {clean(record.of, 40)} {record.probability:.4g}"
    unit = record.unit if not record.of else f"{record.unit} of {clean(record.of, 40)}"
    lines = [f"{name}: {said}{chance}", f"Contributions to the {unit} ({HOW[record.method]})"]
    rows = [["typical row", "", _number(record.base), ""]]
    for part in record.parts[:MOST_PARTS]:
        sampled = part.low is not None and part.high is not None
        interval = f"{_number(part.low or 0.0)} to {_number(part.high or 0.0)}" if sampled else ""
        rows.append([clean(part.column, 40), clean(part.cell, 30), _number(part.amount, "+"), interval])
    rest = record.parts[MOST_PARTS:]
    if rest:
        rows.append([f"{len(rest)} more columns", "", _number(sum(p.amount for p in rest), "+"), ""])
    rows.append(["this row", "", _number(record.answer), ""])
    lines += aligned(["column", "is", "adds", "interval"], rows, right=(2,))
    if record.words:
        of = f"the probability of {clean(record.of, 40)}" if record.of else "the value"
        lines += ["", f"Words, each taken out alone: what it adds to {of}"]
        spoken = [[clean(s.word, 40), clean(s.column, 40), _number(s.amount, "+")] for s in record.words]
        lines += aligned(["word", "column", "adds"], spoken, right=(2,))
    return "\n".join(lines)


def reasons(record: Reasons) -> str:
    """Each row with the truth, and why it got its answer."""
    return "\n\n".join(
        attribution(r.attribution, f"Test row {r.row:,}, {r.which}: truth {clean(r.truth, 60)}, answer")
        for r in record.reasons
    )


def ablation(record: Ablation) -> str:
    """What training without columns changes."""
    rows = []
    for removed in record.removed:
        name = removed.columns[0] if len(removed.columns) == 1 else f"{len(removed.columns)} that straddle 0"
        gain = removed.gain
        interval = show_interval(gain.low, gain.high) if gain else ""
        shown = show_value(gain.value if gain else None)
        rows.append([clean(name, 40), show_value(removed.value), shown, interval or clean(removed.note, 40)])
    head = (
        f"Ablation: {title(record.metric)} {show_value(record.whole.value)} with all columns, out of fold "
        f"({record.folds} folds, {record.rows:,} training rows)"
    )
    return "\n".join([head, *aligned(["without", title(record.metric), "worth", "interval"], rows, right=(1, 2))])


def learning(record: Learning) -> str:
    """The learning curve and the seeds."""
    rows = [
        [f"{k.rows:,}", show_value(k.train), show_value(k.valid.value), show_interval(k.valid.low, k.valid.high)]
        for k in record.lessons
    ]
    head = f"Learning curve: {title(record.metric)} over {record.folds} folds"
    table = aligned(["rows", "learnt", "held back", "interval"], rows, right=(0, 1, 2))
    return "\n".join([head, *table, "", findings(record.findings)])


def _number(value: float, sign: str = "") -> str:
    """Four digits, or whole numbers from a thousand on."""
    return f"{value:{sign},.0f}" if abs(value) >= 1000 else f"{value:{sign}.4g}"
