"""The page of a live model: whole, standing alone, and readable in a real browser in light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_accessibility import tried  # type: ignore[import-not-found]
from ui_page import Page  # type: ignore[import-not-found]

from volvelle.evaluate.records import Measured, Verdict
from volvelle.flow.decisions import Decision, Rows, Tried
from volvelle.flow.outcomes import Coverage
from volvelle.flow.watching import Watched
from volvelle.monitor.records import Alarm, Floor, Report, State, Window
from volvelle.spec.requirements import Data, Problem, Spec
from volvelle.ui.live import page

HOSTILE = '<script>alert("x")</script>\u202eevil' + "long" * 40
SPEC = Spec(problem=Problem(target="y", name="pumps", statement=HOSTILE), data=Data(source="a.csv"))
GATE = "accuracy >= 0.8"
STATES: tuple[State, ...] = ("ok", "notice", "warning", "fail", "broken")


def verdict(value: float) -> Verdict:
    kind = "fail" if value < 0.8 else "pass"
    return Verdict(
        gate=GATE,
        name="accuracy",
        slice="",
        comparison=">=",
        bound=0.8,
        unit="",
        verdict=kind,  # type: ignore[arg-type]
        value=value,
        low=value - 0.04,
        high=value + 0.04,
        rows=200,
    )


def watched(count: int) -> Watched:
    """A champion of so many windows, in which everything that can go wrong goes wrong."""
    names = ["heat", HOSTILE, *(f"sensor {k}" for k in range(20))]
    alarms = [
        Alarm(severity="drift", window=at, what="smooth", feature=names[at % 22], sentence=names[at % 22], effect=0.3)
        for at in range(1, count)
    ]
    alarms += (
        [Alarm(severity="broken", window=count - 1, what="stuck", feature="heat", sentence="heat: stuck")]
        if count
        else []
    )
    windows = tuple(
        Window(rows=200, errors=0, state=STATES[at % 5], until=1_700_000_000_000_000 + at, estimates={"accuracy": 0.85})
        for at in range(count)
    )
    return Watched(
        release="pumps-1",
        since="2026-01-01T00:00:00Z",
        window=200,
        waiting=7,
        until=1_700_000_000_000_000 if count else 0,
        task="binary",
        coverage=Coverage(
            predictions=200 * count,
            repeated=1,
            young=2,
            due=200 * count,
            known=150 * count,
            outcomes=150 * count,
            duplicates=4,
            contradicting=1,
            orphans=3,
        ),
        report=Report(
            state=windows[-1].state if windows else "ok",
            windows=windows,
            alarms=tuple(alarms),
            budget="at most one",
            notes=(HOSTILE,),
        ),
        floors=(Floor(metric="accuracy", bound=0.8),),
        measured=tuple((verdict(0.9 - 0.004 * at),) if at % 3 else () for at in range(count)),
        known=(150,) * count,
    )


DECISION = Decision(
    number=1,
    at="2026-02-01T00:00:00Z",
    champion="pumps-1",
    why=(HOSTILE, "loss"),
    by=HOSTILE,
    rows=Rows(source=10, live=20, fresh=20, test=10),
    tried=(
        Tried(
            learnt="all rows", data="x", run=2, gain=Measured(value=0.05, low=0.01, high=0.09), verdicts=(verdict(0.9),)
        ),
    ),
    outcome="promoted",
    run=2,
    metric="accuracy",
    verdicts=(verdict(0.7),),
    because=HOSTILE,
    release="pumps-2",
)


@pytest.mark.parametrize("count", [0, 1, 2, 90])
def test_the_page_is_whole(count: int) -> None:
    """Whatever was seen, the page is well formed, runs and fetches nothing, and every drawing has a name."""
    text = page(SPEC, watched(count), [DECISION] * (count % 50))
    found = Page(text)
    assert found.faults == []
    assert "script" not in found.tags
    assert len(found.ids) == len(set(found.ids))
    assert set(found.links) <= set(found.ids)
    assert all(role == "img" and named for role, named in found.svg)
    assert "<script>alert" not in text
    assert len(text) < 250_000
    assert "\u202e" not in text
    assert page(SPEC, watched(count), [DECISION] * (count % 50)) == text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_on_the_live_page(scheme: str, browser: str, axe: Path, tmp_path: Path) -> None:
    """axe-core finds no violation on the page of a model with ninety windows, on a telephone and on a desk."""
    found = tried(browser, axe, tmp_path, page(SPEC, watched(90), [DECISION]), scheme=scheme)
    assert [one["violations"] for one in found] == [[], []]
    assert all("color-contrast" in one["passes"] for one in found)
