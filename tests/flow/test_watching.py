"""Watching a champion and acting on what is seen: windows, outcomes, reasons, who is told, once."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from live_project import SPEC, answer, pumps, quiet, released  # type: ignore[import-not-found]
from msgspec.structs import replace

from volvelle.deploy.release import MANIFEST
from volvelle.errors import NotFound
from volvelle.flow import registry
from volvelle.flow.auto import act
from volvelle.flow.gathering import live_folder
from volvelle.flow.outcomes import OUTCOME
from volvelle.flow.scoring import bring
from volvelle.flow.turn import Project
from volvelle.flow.watching import features, look
from volvelle.model.signature import Feature, Signature
from volvelle.serve.metrics import WATCHED
from volvelle.spec.read import parse
from volvelle.spec.requirements import Spec


def report(result: object) -> bytes:
    return b"<html></html>"


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has just been released."""
    folder: Path = tmp_path_factory.mktemp("fresh") / "project"
    released(folder)
    return folder


@pytest.fixture
def own(fresh: Path, tmp_path: Path) -> tuple[Project, Spec]:
    """A copy of it."""
    return Project(Path(shutil.copytree(fresh, tmp_path / "own"))), parse(SPEC)


def test_all_is_well(own: tuple[Project, Spec]) -> None:
    """Rows like those of the test side make whole windows without an alarm; the rest waits."""
    project, spec = own
    answer(project, spec, pumps(450, seed=1, start=10_000), known=False)
    seen = look(project, spec)
    assert (seen.report.state, len(seen.report.windows), seen.waiting) == ("ok", 2, 50)
    assert (seen.coverage.known, seen.coverage.due) == (0, 450)
    assert seen.measured == ((), ())
    acted = act(project, spec, quiet, report=report)
    assert not acted.alarming
    assert acted.decision is None
    assert not (live_folder(project) / "alarms.log").exists()


def test_drift_is_told_once_and_waits_for_outcomes(own: tuple[Project, Spec]) -> None:
    """Hotter pumps are drift of heat; without outcomes nothing can be learnt, which is told; nobody is told twice."""
    project, spec = own
    answer(project, spec, pumps(400, seed=1, shift=25.0, start=10_000), known=False)
    acted = act(project, spec, quiet, report=report)
    assert acted.watched.report.state == "notice"
    assert {a.feature for a in acted.fresh} >= {"heat"}
    assert acted.decision is None
    assert acted.problems[0].startswith("not retrained: 0 rows with outcomes are new")
    log = (live_folder(project) / "alarms.log").read_text()
    assert "heat" in log
    told = (live_folder(project) / WATCHED).read_text().splitlines()
    last = len(acted.watched.report.windows) - 1
    moved = {a.feature for a in acted.watched.report.alarms if (a.window, a.severity) == (last, "drift")}
    assert {line.split('feature="')[1].split('"')[0] for line in told if "drift_effect{" in line} == moved != set()
    assert f'volvelle_watch_windows{{release="pumps-1"}} {len(acted.watched.report.windows)}' in told
    again = act(project, spec, quiet, report=report)
    assert again.fresh == ()
    assert again.alarming
    assert again.reasons == acted.reasons
    assert (live_folder(project) / "alarms.log").read_text() == log


def test_loss_turns_the_wheel(own: tuple[Project, Spec]) -> None:
    """A gate that outcomes show to be missed is a reason; the challenger takes over, and the reason is answered."""
    project, spec = own
    answer(project, spec, pumps(800, seed=1, cut=25.0, start=10_000))
    acted = act(project, spec, quiet, report=report)
    assert acted.watched.report.state == "fail"
    assert any(r.startswith("loss: accuracy was 0.") for r in acted.reasons)
    assert all(v.verdict == "fail" for verdicts in acted.watched.measured for v in verdicts)
    decision = acted.decision
    assert decision is not None
    assert decision.outcome == "promoted"
    assert decision.why == acted.reasons
    assert decision.by == "volvelle"
    assert "promoted" in (live_folder(project) / "alarms.log").read_text()
    later = act(project, spec, quiet, report=report)
    assert later.watched.release == decision.release
    assert (later.reasons, later.watched.coverage.orphans) == ((), 0)


def test_a_loss_that_outcomes_show_later_is_told(own: tuple[Project, Spec]) -> None:
    """Outcomes that come after the drift of their windows was told make news of a loss, once, and the state with it."""
    project, spec = own
    rows = pumps(400, seed=1, cut=25.0, shift=-12.0, start=10_000)
    end = answer(project, spec, rows, known=False)
    first = act(project, spec, quiet, report=report, turn=False)
    assert {a.severity for a in first.fresh} == {"drift"}
    answer(project, spec, pumps(600, seed=2, start=20_000), hours=24, known=False)
    bring(live_folder(project), rows["job"], rows["fails"], end)
    later = act(project, spec, quiet, report=report, turn=False)
    assert [(a.severity, a.window) for a in later.fresh if a.severity == "measured"] == [
        ("measured", 0),
        ("measured", 1),
    ]
    assert later.watched.report.windows[-1].state != "fail"
    assert (later.watched.report.state, later.alarming) == ("fail", True)
    assert 'volvelle_watch_state{release="pumps-1"} 3' in (live_folder(project) / WATCHED).read_text()
    assert act(project, spec, quiet, report=report, turn=False).fresh == ()


def test_a_decision_answers_only_the_losses_that_it_knew(own: tuple[Project, Spec]) -> None:
    """A loss that outcomes show after a decision about the same window's drift is a reason still."""
    project, spec = own
    answer(project, spec, pumps(400, seed=1, shift=25.0, start=10_000))
    rows = pumps(200, seed=2, cut=25.0, shift=5.0, start=20_000)
    end = answer(project, spec, rows, hours=24, known=False)
    first = act(project, spec, quiet, report=report)
    assert first.decision is not None
    assert (first.decision.outcome, first.decision.losses) == ("kept", ())
    assert first.decision.until == first.watched.until
    bring(live_folder(project), rows["job"], rows["fails"], end)
    [reason] = act(project, spec, quiet, report=report, turn=False).reasons
    assert reason.startswith("loss: accuracy was 0.")


def test_a_repaired_sensor_is_no_reason(own: tuple[Project, Spec]) -> None:
    """Drift that only the windows in which a sensor was stuck tell of turns nothing when it is well again."""
    project, spec = own
    rows = pumps(800, seed=1, start=10_000)
    stuck = rows.with_columns(heat=pl.when(pl.int_range(800) < 200).then(21.5).otherwise("heat"))
    answer(project, spec, stuck)
    asked = replace(spec, monitor=replace(spec.monitor, retrain="on drift"))
    acted = act(project, asked, quiet, report=report, turn=False)
    drifted = [a.window for a in acted.watched.report.alarms if a.severity == "drift"]
    assert max(drifted) > 0
    assert [w.state for w in acted.watched.report.windows][:2] == ["broken", "notice"]
    assert acted.reasons == ()


def test_a_broken_contract_waits_for_no_window(own: tuple[Project, Spec]) -> None:
    """A stuck sensor is told after a hundred rows, and not again while the same window fills."""
    project, spec = own
    stuck = pumps(320, seed=1, start=10_000).with_columns(
        heat=pl.when(pl.int_range(320) < 200).then("heat").otherwise(51.5)
    )
    end = answer(project, spec, stuck, known=False)
    acted = act(project, spec, quiet, report=report)
    assert (acted.watched.report.state, acted.watched.waiting) == ("broken", 120)
    assert [(a.what, a.feature, a.window) for a in acted.fresh] == [("stuck", "heat", 1)]
    answer(project, spec, stuck.tail(20).with_columns(job=pl.lit("x") + pl.col("job")), since=end, known=False)
    again = act(project, spec, quiet, report=report)
    assert (again.fresh, again.alarming, again.watched.waiting) == ((), True, 140)


def test_a_kept_champion_is_not_challenged_again_by_the_same_windows(own: tuple[Project, Spec]) -> None:
    """Drift that a decision has answered is no reason any more; a newer window is."""
    project, spec = own
    answer(project, spec, pumps(400, seed=1, shift=25.0, start=10_000))
    first = act(project, spec, quiet, report=report)
    assert first.decision is not None
    assert first.decision.outcome == "kept"
    assert act(project, spec, quiet, report=report).reasons == ()
    answer(project, spec, pumps(200, seed=2, shift=25.0, start=20_000), hours=24, known=False)
    assert act(project, spec, quiet, report=report, turn=False).reasons != ()


def test_a_broken_contract_is_told_and_not_learnt_from(own: tuple[Project, Spec]) -> None:
    """A sensor that says one thing only is an alarm at once and no reason to train."""
    project, spec = own
    stuck = pumps(400, seed=1, start=10_000).with_columns(heat=pl.lit(21.5))
    answer(project, spec, stuck)
    asked = replace(spec, monitor=replace(spec.monitor, retrain="on drift"))
    acted = act(project, asked, quiet, report=report)
    assert acted.watched.report.state == "broken"
    assert acted.alarming
    assert (acted.reasons, acted.decision) == ((), None)


def test_only_rows_that_are_due_are_judged(own: tuple[Project, Spec]) -> None:
    """With outcomes_after a window is not measured until its last row is due, though outcomes have come early."""
    project, spec = own
    end = answer(project, spec, pumps(400, seed=1, cut=25.0, start=10_000))
    late = replace(spec, monitor=replace(spec.monitor, outcomes_after="1 h"))
    part = look(project, late, at=int(end.timestamp() * 1e6))
    assert (part.coverage.young, part.known, [len(v) for v in part.measured]) == (59, (200, 141), [1, 0])
    seen = look(project, replace(spec, monitor=replace(spec.monitor, outcomes_after="9 d")))
    assert (seen.coverage.young, seen.measured) == (400, ((), ()))


def test_the_schedule_turns_the_wheel(own: tuple[Project, Spec]) -> None:
    """Every so many days, counted from the last turn, there is a reason though all is well."""
    project, spec = own
    end = answer(project, spec, pumps(400, seed=1, start=10_000))
    often = replace(spec, monitor=replace(spec.monitor, retrain="every 2 d"))
    soon, later = int(end.timestamp() * 1e6), int(end.timestamp() * 1e6) + int(3 * 86400e6)
    assert act(project, often, quiet, report=report, at=soon).reasons == ()
    acted = act(project, often, quiet, report=report, at=later)
    assert acted.reasons[0].startswith("schedule: 3.")
    assert acted.decision is not None
    assert act(project, often, quiet, report=report, at=later + 1).reasons == ()


def test_a_condition_of_its_own(own: tuple[Project, Spec]) -> None:
    """A floor that only retrain states is measured and turns the wheel, while a gate that is met does not."""
    project, spec = own
    answer(project, spec, pumps(400, seed=1, cut=45.0, start=10_000))
    asked = replace(spec.monitor, retrain="accuracy < 0.85")
    acted = act(project, replace(spec, monitor=asked), quiet, report=report, turn=False)
    assert [v.gate for v in acted.watched.measured[0]] == ["accuracy >= 0.7", "accuracy >= 0.85"]
    assert all("0.85" in reason for reason in acted.reasons)
    assert acted.reasons


def test_rolling_back_starts_anew(own: tuple[Project, Spec]) -> None:
    """A champion is judged by what it answered since it is the champion; --since looks further back."""
    project, spec = own
    answer(project, spec, pumps(800, seed=1, cut=25.0, start=10_000), hours=-48)
    assert look(project, spec).report.windows == ()
    assert len(look(project, spec, since=datetime(2020, 1, 1, tzinfo=UTC)).report.windows) == 4


def test_an_old_release_says_what_to_do(own: tuple[Project, Spec]) -> None:
    """A release without a reference cannot be watched, and the next command is named."""
    project, spec = own
    folder = registry.champion(project)[1]
    (folder / "reference.json").unlink()
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["files"]["reference.json"]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(NotFound, match="before models were watched") as caught:
        look(project, spec)
    assert "volvelle run --release" in caught.value.next_move


def test_features_that_are_called_like_the_log() -> None:
    """A feature named as a column of the log is found under its own name again."""
    signature = Signature(
        features=(Feature(name="id", kind="number"), Feature(name="heat", kind="number")), target="y", task="regression"
    )
    rows = pl.DataFrame({"id": ["a"], "row.id": [1.0], "heat": [2.0], OUTCOME: ["3"]})
    assert features(rows, signature).rows(named=True) == [{"id": 1.0, "heat": 2.0}]
