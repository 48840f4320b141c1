"""Turns that are killed where it hurts, come twice, or find no room: one decision, told once, finished later."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from live_project import answer, pumps, quiet, released  # type: ignore[import-not-found]

from volvelle.flow import registry
from volvelle.flow.auto import act
from volvelle.flow.decisions import decisions
from volvelle.flow.retraining import retrain
from volvelle.flow.turn import Project
from volvelle.spec.read import read
from volvelle.spec.requirements import Spec

KILLED = """
import os, signal, sys
from volvelle.cli.entry import main
from volvelle.flow.ledger import Ledger

plain = Ledger.{method}

def last(self, *given):
    if {when}:
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(self, *given)

Ledger.{method} = last
sys.exit(main({words!r}))
"""
UNWRITTEN = "add_release", "True"
"""Killed when the folder of the release is written and the ledger does not know of it."""
UNTOLD = "remember", "given[0] == 'decision' and self.releases()[-1]['name'] != 'pumps-1'"
"""Killed when the challenger is the champion and the decision does not know of it."""


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose pumps have begun to fail at lower heat, outcomes known."""
    folder: Path = tmp_path_factory.mktemp("changed") / "project"
    project, spec = released(folder)
    answer(project, spec, pumps(800, cut=30.0, seed=1, start=10_000))
    return folder


@pytest.fixture
def own(changed: Path, tmp_path: Path) -> tuple[Project, Spec]:
    """A copy of it."""
    folder = shutil.copytree(changed, tmp_path / "own")
    return Project(folder), read(folder / "volvelle.toml")


def report(result: object) -> bytes:
    return b"<html></html>"


def killed(folder: Path, place: tuple[str, str], *words: str) -> None:
    """Run a command that dies at this place."""
    program = KILLED.format(method=place[0], when=place[1], words=[*words])
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def champions(project: Project) -> list[str]:
    """Names of all champions, in their order."""
    names = {entry["id"]: entry["name"] for entry in project.ledger.releases()}
    return [names[change["release"]] for change in project.ledger.champions()]


@pytest.mark.parametrize(("place", "crowned"), [(UNWRITTEN, False), (UNTOLD, True)])
def test_a_promotion_that_was_killed_is_finished(
    own: tuple[Project, Spec], place: tuple[str, str], crowned: bool
) -> None:
    """Killed before or after the challenger is crowned: the next look or turn ends with it as champion, on record."""
    project, spec = own
    killed(project.folder, place, "retrain", "--why", "heat")
    assert [d.outcome for d in decisions(project.ledger)] == ["open"]
    assert (champions(project) != ["pumps-1"]) == crowned
    if crowned:
        assert act(project, spec, quiet, report=report).decision is None
    else:
        retrain(project, spec, quiet, why=("again",), report=report)
    [decision] = decisions(project.ledger)
    assert (decision.outcome, decision.why) == ("promoted", ("heat",))
    assert champions(project) == ["pumps-1", decision.release]
    assert decision.release == registry.champion(project)[0].name
    assert decision.because == "accuracy is better with confidence"
    assert decision.finished


def test_a_promotion_by_hand_that_was_killed_is_on_record(tmp_path: Path) -> None:
    """A challenger that lost is promoted by a person, and the process killed: who it was and why is in the decision."""
    project, spec = released(tmp_path / "same")
    answer(project, spec, pumps(600, seed=3, start=10_000))
    kept = retrain(project, spec, quiet, why=("drift",), report=report)
    assert kept.outcome == "kept"
    killed(project.folder, UNTOLD, "promote", "--why", "newer pumps", "--by", "li")
    assert [d.outcome for d in decisions(project.ledger)] == ["kept"]
    act(project, spec, quiet, report=report)
    [decision] = decisions(project.ledger)
    assert (decision.outcome, decision.release) == ("promoted", registry.champion(project)[0].name)
    assert decision.because == f"{kept.because}; by hand (li): newer pumps"


def test_a_decision_that_was_closed_stays_as_it_is(tmp_path: Path) -> None:
    """Two turns over the same rows make one run: promoting it by hand is told of the newer decision alone."""
    project, spec = released(tmp_path / "same")
    answer(project, spec, pumps(600, seed=3, start=10_000))
    first, second = (retrain(project, spec, quiet, why=(why,), report=report) for why in ("drift", "again"))
    assert first.tried[0].run == second.tried[0].run
    killed(project.folder, UNTOLD, "promote", "--why", "newer pumps", "--by", "li")
    for _ in range(2):
        act(project, spec, quiet, report=report)
        assert [d.outcome for d in decisions(project.ledger)] == ["kept", "promoted"]
    assert decisions(project.ledger)[0] == first


def test_a_challenger_takes_over_from_its_champion_alone(own: tuple[Project, Spec]) -> None:
    """Where another release became the champion while the turn went on, the challenger that won is kept."""
    project, spec = own

    def meddling(result: Any) -> bytes:
        registry.release(result, b"<html></html>", by="li", accept_unproven="could not wait")
        return report(result)

    decision = retrain(project, spec, quiet, why=("heat",), report=meddling)
    [standing, crowned] = champions(project)
    assert (decision.champion, decision.outcome, decision.release) == (standing, "kept", "")
    assert decision.because.endswith(f"but {crowned} became the champion meanwhile")


SLOW = """
import sys, time
from volvelle.cli.entry import main
from volvelle.deploy import release

plain = release.write

def slowly(*given):
    time.sleep(2)
    plain(*given)

release.write = slowly
sys.exit(main(sys.argv[1:]))
"""


def test_who_promotes_and_releases_at_once_makes_one_champion(tmp_path: Path) -> None:
    """The release is written once and crowned once, so that rolling back leads to the champion before."""
    project, spec = released(tmp_path / "same")
    answer(project, spec, pumps(600, seed=3, start=10_000))
    run = retrain(project, spec, quiet, why=("drift",), report=report).run
    promoting = ["promote", "--why", "newer pumps", "--by", "li"]
    releasing = ["release", str(run), "--accept-unproven", "newer pumps", "--by", "li"]
    running = [
        subprocess.Popen([sys.executable, "-c", SLOW, *words], cwd=project.folder)
        for words in (promoting, promoting, releasing, releasing)
    ]
    assert [process.wait() for process in running] == [0] * 4
    assert len(champions(project)) == 2
    registry.rollback(project)
    assert registry.champion(project)[0].name == "pumps-1"


def test_two_that_watch_at_once_tell_once_and_turn_once(own: tuple[Project, Spec]) -> None:
    """Two `watch --act` and a `retrain` at the same time: each alarm is told once, and one champion comes of it."""
    project, _ = own
    commands = [["watch", "--act"], ["watch", "--act"], ["retrain", "--why", "by hand"]]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "volvelle", *words], cwd=project.folder, stderr=subprocess.PIPE, text=True
        )
        for words in commands
    ]
    said = [process.communicate()[1] for process in running]
    assert {process.returncode for process in running} <= {0, 1}, said
    turned = decisions(project.ledger)
    assert [d.outcome for d in turned].count("promoted") == 1
    assert len(champions(project)) == 2
    lines = (project.folder / ".volvelle" / "live" / "alarms.log").read_text().splitlines()
    told = [line.split("  ", 1)[1] for line in lines if "window 1:" in line]
    assert len(told) == len(set(told))


@pytest.mark.parametrize("room", [1, 60_000])
def test_a_disk_that_fills_is_one_error(own: tuple[Project, Spec], room: int) -> None:
    """No file may grow any more: the champion stays, the message says so, and with room again the turn is finished."""
    project, spec = own
    most = (project.state / "ledger.db").stat().st_size + room
    project.ledger.close()
    done = subprocess.run(
        [sys.executable, "-m", "volvelle", "retrain", "--why", "heat"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        env={**os.environ, "TMPDIR": str(project.folder)},
    )
    assert done.returncode == 2
    assert "make room" in done.stderr
    again = Project(project.folder)
    assert champions(again) == ["pumps-1"]
    decision = retrain(again, spec, quiet, why=("later",), report=report)
    assert [d.number for d in decisions(again.ledger)] == [decision.number]
    assert decision.outcome == "promoted"
