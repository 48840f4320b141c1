"""Turning again: what a challenger learns from, what it is compared on, and what comes of it."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from live_project import SPEC, answer, pumps, quiet, released  # type: ignore[import-not-found]
from msgspec.structs import replace

from volvelle.data.versions import from_bytes
from volvelle.errors import NotFound, Refused
from volvelle.flow import registry
from volvelle.flow.decisions import decisions, of_run
from volvelle.flow.gathering import SIDE, gather, live_folder
from volvelle.flow.result import find
from volvelle.flow.retraining import promote, retrain
from volvelle.flow.turn import Project, turn
from volvelle.flow.watching import look, reference_of
from volvelle.serve.log import predictions
from volvelle.spec.read import read
from volvelle.spec.requirements import Spec

NOW = 4_000_000_000_000_000


def report(result: object) -> bytes:
    return b"<html></html>"


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose pumps have begun to fail at lower heat, outcomes known."""
    folder: Path = tmp_path_factory.mktemp("changed") / "project"
    project, spec = released(folder)
    answer(project, spec, pumps(1000, cut=30.0, seed=1, start=10_000))
    return folder


@pytest.fixture
def own(changed: Path, tmp_path: Path) -> tuple[Project, Spec]:
    """A copy of it."""
    folder = shutil.copytree(changed, tmp_path / "own")
    return Project(folder), read(folder / "volvelle.toml")


def test_a_changed_world_changes_the_champion(own: tuple[Project, Spec]) -> None:
    """The challenger that learnt from the new rows wins on the newest half of them; everything is on record."""
    project, spec = own
    decision = retrain(project, spec, quiet, why=("drift",), report=report, by="ana")
    assert decision.outcome == "promoted"
    assert (decision.rows.source, decision.rows.live, decision.rows.fresh, decision.rows.test) == (
        1500,
        1000,
        1000,
        500,
    )
    assert [t.learnt for t in decision.tried] == ["all rows", "new rows"]
    best = decision.best
    assert best is not None
    assert best.learnt == "new rows"
    assert best.gain is not None
    assert best.gain.low is not None
    assert best.gain.low > 0
    champion = registry.champion(project)[0]
    assert champion.name == decision.release == f"pumps-{decision.run}"
    assert decisions(project.ledger) == [decision]
    assert of_run(project.ledger, decision.tried[0].run or 0) == decision
    for tried in decision.tried:
        result = find(project, tried.run)
        assert result.split.method == "marked"
        assert result.scored.rows_test == 500
    sides = {find(project, tried.run).scored.rows for tried in decision.tried}
    assert len(sides) == 1
    with pytest.raises(Refused, match="0 rows with outcomes are new"):
        retrain(project, spec, quiet, why=("again",), report=report)
    assert registry.rollback(project)[0].name == "pumps-1"


def test_what_resembles_its_neighbours_is_watched_after_a_promotion(tmp_path: Path) -> None:
    """Four windows are held back, too few to rank among: with those before them a jump calls, and calm does not."""

    def rising(rows: int, seed: int, start: int) -> pl.DataFrame:
        """Pumps that come by forty, each hotter than the one before."""
        forty = (pl.int_range(pl.len()) // 40).alias("forty")
        made: pl.DataFrame = pumps(rows, cut=30.0, seed=seed, start=start)
        return made.sort(forty, "heat")

    project, spec = released(tmp_path / "rising")
    answer(project, spec, rising(1600, 1, 10_000))
    decision = retrain(project, spec, quiet, why=("asked",), report=report)
    assert decision.outcome == "promoted"
    reference = reference_of(registry.champion(project)[1])
    assert reference.features["heat"].ranked == ("numbers",)
    assert len(reference.windows) == 4
    learnt = find(project, decision.run).split.rows_train // 200
    assert len(reference.earlier) == min(16, learnt)
    assert "training rows just before" in " ".join(reference.notes)
    answer(project, spec, rising(400, 2, 20_000), hours=24)
    calm = look(project, spec).report
    assert (len(calm.windows), calm.alarms) == (2, ())
    answer(project, spec, rising(400, 3, 30_000).with_columns(pl.col("heat") + 25), hours=48)
    [alarm, *_] = [a for a in look(project, spec).report.alarms if a.feature == "heat"]
    assert (alarm.severity, alarm.mode) == ("drift", "ranked")


def test_an_unchanged_world_keeps_the_champion(tmp_path: Path) -> None:
    """Where nothing has changed the challenger does not win, and can be promoted by a person who says why."""
    project, spec = released(tmp_path / "same")
    answer(project, spec, pumps(600, seed=3, start=10_000))
    decision = retrain(project, spec, quiet, why=("schedule",), report=report)
    assert decision.outcome == "kept"
    assert registry.champion(project)[0].name == "pumps-1"
    made = promote(project, None, report, by="li", why="for the record")
    assert made.outcome == "promoted"
    assert made.because.endswith("by hand (li): for the record")
    assert registry.champion(project)[0].run == made.run
    assert registry.champion(project)[0].by == "li"


def test_nothing_to_promote(tmp_path: Path) -> None:
    """Without a challenger, or without a run of that number, nothing is promoted."""
    project, _ = released(tmp_path / "none", rows=400)
    with pytest.raises(NotFound, match="no challenger yet"):
        promote(project, None, report, by="li", why="x")
    with pytest.raises(NotFound, match="there is no run 9"):
        promote(project, 9, report, by="li", why="x")


def test_live_rows_that_came_back_in_the_source_count_once(own: tuple[Project, Spec]) -> None:
    """Rows that a person has meanwhile put into the source are the same rows, and are not held back twice."""
    project, spec = own
    grown = pl.concat([pumps(1500), pumps(1000, cut=30.0, seed=1, start=10_000)])
    grown.write_csv(project.folder / "pumps.csv")
    found = gather(project, spec, registry.champion(project)[0], NOW, 200)
    assert (found.rows.source, found.rows.live, found.rows.fresh) == (2500, 0, 1000)
    assert (found.frame[SIDE] == "test").sum() == 500


def test_a_grown_source_alone_is_enough(tmp_path: Path) -> None:
    """Without live rows the rows that the source has gained are what both models answer."""
    project, spec = released(tmp_path / "grown", rows=600)
    pl.concat([pumps(600), pumps(500, seed=5, start=5_000)]).write_csv(project.folder / "pumps.csv")
    found = gather(project, spec, registry.champion(project)[0], NOW, 200)
    assert (found.rows.source, found.rows.live, found.rows.fresh, found.rows.test) == (1100, 0, 500, 250)
    assert set(found.frame.filter(pl.col(SIDE) == "test")["job"]) <= {f"j{k}" for k in range(5_000, 5_500)}


def test_a_column_that_is_not_logged_is_not_learnt_from(own: tuple[Project, Spec]) -> None:
    """A column that the champion does not take has no cell in live rows: the challenger does without it too."""
    project, spec = own
    pumps(1500).with_columns(hall=pl.col("heat") > 60).write_csv(project.folder / "pumps.csv")
    decision = retrain(project, spec, quiet, why=("drift",), report=report)
    assert decision.unlogged == ("hall",)
    for tried in decision.tried:
        assert {f.name for f in find(project, tried.run).model.signature.features} == {"heat", "site"}


def test_a_column_that_begins_to_vary_is_learnt(tmp_path: Path) -> None:
    """Constant in the source it is no feature; scored rows keep it, and neither texts nor what is ignored."""
    folder = tmp_path / "begun"
    folder.mkdir()
    pumps(600).with_columns(load=pl.lit(1.5), owner=pl.lit("x")).write_csv(folder / "pumps.csv")
    (folder / "volvelle.toml").write_text(SPEC, encoding="utf-8")
    project, spec = Project(folder), read(folder / "volvelle.toml")
    registry.release(find(project, turn(project, spec, quiet, source=SPEC).run), b"", by="ana")
    assert {f.name for f in registry.champion_model(project)[0].signature.features} == {"heat", "site"}
    rows = pumps(600, cut=30.0, seed=4, start=10_000)
    answer(project, spec, rows.with_columns(load=pl.col("heat") / 7, owner=pl.lit("y")))
    assert set(predictions(live_folder(project)).columns) & {"load", "owner", "job"} == {"load"}
    decision = retrain(project, spec, quiet, why=("drift",), report=report)
    assert decision.unlogged == ("owner",)
    for tried in decision.tried:
        assert {f.name for f in find(project, tried.run).model.signature.features} == {"heat", "site", "load"}


def test_young_rows_are_left_alone(own: tuple[Project, Spec]) -> None:
    """Rows whose outcome is not due yet are neither learnt from nor held back."""
    project, spec = own
    late = replace(spec, monitor=replace(spec.monitor, outcomes_after="365 d"))
    with pytest.raises(Refused, match="0 rows"):
        gather(project, late, registry.champion(project)[0], int(time.time() * 1e6), 200)


def test_the_champion_never_saw_what_it_is_compared_on(own: tuple[Project, Spec]) -> None:
    """The rows held back are none of those that the champion was made of, also after a second turn."""
    project, spec = own
    first = retrain(project, spec, quiet, why=("drift",), report=report)
    answer(project, spec, pumps(700, cut=30.0, seed=8, start=20_000), hours=48)
    found = gather(project, spec, registry.champion(project)[0], NOW, 200)
    assert (found.rows.live, found.rows.fresh) == (1700, 700)
    held = found.frame.filter(pl.col(SIDE) == "test").select("heat", "site", "fails").hash_rows()
    seen = from_bytes(project.store.get(registry.champion(project)[0].dataset)).filter(pl.col(SIDE) != "test")
    assert first.outcome == "promoted"
    known = pumps(700, cut=30.0, seed=8, start=20_000).select("heat", "site", "fails").hash_rows()
    assert set(held) <= set(known)
    assert seen.height < found.frame.height


def test_a_killed_turn_goes_on(own: tuple[Project, Spec]) -> None:
    """A retrain killed with SIGKILL goes on with the rows it had pinned, and takes finished stages from the store."""
    project, spec = own
    command = [sys.executable, "-m", "volvelle", "retrain", "--why", "first"]
    process = subprocess.Popen(command, cwd=project.folder, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("search: done"):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    [begun] = decisions(project.ledger)
    assert begun.outcome == "open"
    answer(project, spec, pumps(300, seed=9, start=30_000), hours=48)
    decision = retrain(project, spec, quiet, why=("second",), report=report)
    assert (decision.number, decision.why) == (begun.number, ("first",))
    assert [t.data for t in decision.tried] == [t.data for t in begun.tried]
    steps = {s.stage: s.reused for s in find(project, decision.tried[0].run).steps}
    assert steps["collect"]
    assert steps["search"]


def test_two_at_once_are_refused(own: tuple[Project, Spec]) -> None:
    """While one process makes a challenger another one is told so."""
    project, spec = own
    (project.state / "locks").mkdir(exist_ok=True)
    with (project.state / "locks" / "retrain").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Exception, match="turning already"):
            retrain(project, spec, quiet, why=("x",), report=report)


def test_changed_monitor_keys_compute_nothing(own: tuple[Project, Spec]) -> None:
    """No stage reads [monitor]: a project whose monitoring changed is not trained again."""
    project, _ = own
    spec = project.folder / "volvelle.toml"
    spec.write_text(SPEC.replace("window = 200", 'window = 300\nmargin = 0.1\ntell = []\nfalse_alarms = "9 / year"'))
    command = [sys.executable, "-m", "volvelle", "run", "--explain", "--json"]
    done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=True)
    assert '"computed": true' not in done.stdout


def test_what_is_held_back_is_new_and_little(tmp_path: Path) -> None:
    """Of many new rows the newest four windows are held back, so that a challenger learns from most of them."""
    project, spec = released(tmp_path / "many", rows=600)
    pl.concat([pumps(600), pumps(2500, seed=6, start=9_000)]).write_csv(project.folder / "pumps.csv")
    found = gather(project, spec, registry.champion(project)[0], NOW, 200)
    assert (found.rows.fresh, found.rows.test) == (2500, 800)
    assert (found.frame[SIDE] == "new").sum() == 1700
