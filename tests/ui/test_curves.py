"""The charts of explaining, and what the report says about a run."""

from __future__ import annotations

import re

import msgspec
import pytest
from ui_page import Page  # type: ignore[import-not-found]

from volvelle.evaluate.explain.records import Finding
from volvelle.flow.result import Result
from volvelle.ui import answers
from volvelle.ui.charts import Axis
from volvelle.ui.curves import Line, Span, against, banded, keyed, whiskers
from volvelle.ui.explained import explanation
from volvelle.ui.report import MOST_BYTES, render

UNIT = Axis("x", 0, 1)


def places(svg: str, kind: str) -> list[float]:
    """Where circles of a class stand."""
    return [float(x) for x in re.findall(rf'<circle class="{kind}" cx="([\d.]+)"', svg)]


def test_whiskers_stand_where_their_values_are() -> None:
    """Larger is further right, an interval that holds 0 is pale, and a name with markup stays text."""
    rows = [Span("<b>much</b>", 2.0, 1.0, 3.0), Span("some", 1.0, 0.5, 1.5), Span("none", 0.1, -0.2, 0.3)]
    svg = whiskers(rows, "name", "about")
    strong, pale = places(svg, "f1"), places(svg, "fq")
    assert len(strong) == 2
    assert len(pale) == 1
    assert strong[0] > strong[1] > pale[0]
    assert "<b>" not in svg
    assert "&lt;b&gt;much" in svg
    assert not places(whiskers(rows, "name", "about", zero=False), "fq")


def test_bands_hold_their_line() -> None:
    """The band is drawn around the line, from the first value to the last and back."""
    svg = banded([(0.0, 0.5, 0.4, 0.6), (1.0, 0.8, 0.7, 0.9)], UNIT, UNIT, "n", "a")
    corners = re.search(r'<polygon class="area" points="([^"]+)"', svg)
    assert corners
    assert len(corners[1].split()) == 4
    assert len(places(svg, "f1")) == 2


def test_calibration_lies_on_the_diagonal_when_honest() -> None:
    """Bins that came true as said lie on the dashed line."""
    svg = against([Span("0.25", 0.25, 0.2, 0.3), Span("0.75", 0.75, 0.7, 0.8)], UNIT, UNIT, "n", "a")
    line = re.search(r'<line class="lq" x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"', svg)
    assert line
    x1, y1, x2, y2 = map(float, line.groups())
    for cx, cy in re.findall(r'<circle class="f1" cx="([\d.]+)" cy="([\d.]+)"', svg):
        assert (float(cx) - x1) / (x2 - x1) == pytest.approx((float(cy) - y1) / (y2 - y1), abs=0.01)


def test_key_names_every_curve_and_gates_are_drawn() -> None:
    """Each curve stands in the key, each bound is a dotted line, zone and mark are there; a long key wraps."""
    lines = [Line(f"longer metric {k}", [(0, 0), (1, 1)], (0.5,) if k == 0 else ()) for k in range(4)]
    svg = keyed(lines, UNIT, UNIT, "n", "a", zone=(0.2, 0.4), mark=0.5)
    assert svg.count('class="gate') == 1
    assert svg.count('class="zone"') == 1
    assert svg.count('class="bound"') == 1
    for k in range(4):
        assert f"metric {k}<" in svg
    few = keyed(lines[:1], UNIT, UNIT, "n", "a")
    tall = [float(re.findall(r'viewBox="0 0 360 ([\d.]+)"', drawn)[0]) for drawn in (svg, few)]
    assert tall[0] > tall[1]


def test_answers_come_before_charts(deep: Result) -> None:
    """The report says in words what the numbers mean, then draws; deep results stand in it and it keeps its budget."""
    text = render(deep)
    words = Page(text).text
    assert text.index('id="answers"') < text.index('id="performance"') < text.index('id="explanation"')
    record = deep.explanation
    assert record is not None
    assert record.findings[0].headline in words
    for part in (
        "What the model leans on",
        "Calibration",
        "Learning curve",
        "Ablation",
        "Interpretable against accurate",
    ):
        assert part in words
    assert len(text.encode()) < MOST_BYTES


def test_thresholds_are_drawn_for_two_classes_alone(binary: Result, multiclass: Result) -> None:
    """The threshold curve with its gates belongs to binary tasks."""
    assert "Other thresholds" in render(binary)
    assert "Other thresholds" not in render(multiclass)


def test_a_run_without_the_stage_still_has_a_report(regression: Result) -> None:
    """A run whose wheel did not explain yet gives empty sections, not an error."""
    old = Result(regression.project, regression.run)
    old.steps = tuple(s for s in old.steps if s.stage != "explain")
    assert old.explanation is None
    facts = explanation(old)
    assert (facts["answers"], facts["leaning"], facts["dependences"]) == ([], [], [])
    assert 'id="explanation"' not in render(old)


def test_findings_in_plain_text() -> None:
    """Each finding stands with its mark, its numbers and its advice; foreign signs are made visible."""
    found = Finding(topic="fit", weight="warn", headline="Over\u202efit", detail="roc_auc 0.9", advice="do this")
    text = answers.findings((found, msgspec.structs.replace(found, weight="good", advice="")))
    assert "! Over�fit" in text
    assert "ROC-AUC 0.9" in text
    assert text.count("→ do this") == 1
