"""Turning the wheel: contracts, the cache, what is explained."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from pathlib import Path

import pytest
from toy import SPEC, WHEEL, computed, swap, turned, write  # type: ignore[import-not-found]

from volvelle.errors import InputError
from volvelle.flow.turn import Project, turn
from volvelle.spec.requirements import Data, Problem, Search, Spec

ALL = ["gather", "add", "decide"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A toy project that was turned once."""
    write(tmp_path)
    assert computed(turned(tmp_path)) == ALL
    return tmp_path


def test_second_run_computes_nothing(folder: Path) -> None:
    """When nothing changed the first run stands, no new one is noted, and no stage is computed."""
    again = turned(folder)
    assert (again["fresh"], again["run"], computed(again), again["events"]) == (True, 1, [], [])
    assert [why for _, why in again["plan"]] == ["unchanged"] * 3


def test_only_the_judging_stage_follows_a_bound(folder: Path) -> None:
    """Changing a key that the last stage alone reads computes the last stage alone, and says which key it was."""
    swap(folder, "volvelle.toml", "folds = 4", "folds = 5")
    again = turned(folder)
    assert computed(again) == ["decide"]
    assert again["plan"] == [["gather", "unchanged"], ["add", "unchanged"], ["decide", "spec key search.folds changed"]]
    assert not again["fresh"]


def test_early_cut_off(folder: Path) -> None:
    """A stage that gives the same record as before stops the change: what follows is not computed."""
    (folder / "data.txt").write_text("a b c d e", encoding="utf-8")
    swap(folder, "wheel.py", "return Rows(len(content.split()), ", "return Rows(len(content.split()) - 2, ")
    assert computed(turned(folder)) == ["gather", "add"]


@pytest.mark.parametrize(
    ("name", "old", "new", "stage", "why"),
    [
        ("data.txt", "a b c", "a b c d", "gather", "file data.txt changed"),
        ("wheel.py", "rows.count % 2", "rows.count % 3", "add", "code of wheel:add changed"),
        ("volvelle.toml", "folds = 4", "folds = 3", "decide", "spec key search.folds changed"),
    ],
)
def test_explained(folder: Path, name: str, old: str, new: str, stage: str, why: str) -> None:
    """`explain` names the input that changed, says what follows, and the stage is told the same reason."""
    swap(folder, name, old, new)
    again = turned(folder)
    assert dict(again["plan"])[stage] == why
    after = ALL[ALL.index(stage) + 1 :]
    assert [dict(again["plan"])[a] for a in after] == [f"follows {stage}"] * len(after)
    started = [facts for event, facts in again["events"] if facts["state"] == "start"]
    assert started[0] == {"stage": stage, "state": "start", "reason": why}


def test_never_run_is_explained(tmp_path: Path) -> None:
    """Before the first turn each stage is to be computed since it never ran, or follows one that is."""
    answer = turned(write(tmp_path))
    assert answer["plan"] == [["gather", "never run"], ["add", "follows gather"], ["decide", "follows gather"]]


def test_a_key_that_nobody_reads_is_a_new_run_without_work(folder: Path) -> None:
    """A spec that differs only where no stage looks computes nothing, and is kept with a run of its own."""
    swap(folder, "volvelle.toml", 'target = "y"', 'target = "y"\nstatement = "new words"')
    again = turned(folder)
    assert (again["run"], again["fresh"], computed(again)) == (2, False, [])
    swap(folder, "volvelle.toml", "new words", 'new words"  # a comment, "')
    assert turned(folder)["run"] == 2


def test_there_and_back_is_cached(folder: Path) -> None:
    """A value that is put back is found again, and the run that had it stands, even after hundreds of others."""
    for n in range(3):
        swap(folder, "volvelle.toml", f"folds = {4 + n}", f"folds = {5 + n}")
        turned(folder)
    swap(folder, "volvelle.toml", "folds = 7", "folds = 4")
    again = turned(folder)
    assert (again["fresh"], again["run"], computed(again)) == (True, 1, [])


def test_many_values_stay_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 250 other values of a key the first one is still found, and its run stands."""
    write(tmp_path, {"counting.py": WHEEL.replace("spec.search.folds - 4", "spec.search.seed")})
    monkeypatch.syspath_prepend(str(tmp_path))

    def turn_with(seed: int) -> tuple[int, bool]:
        spec = Spec(problem=Problem(target="y"), data=Data(source="data.txt"), search=Search(seed=seed))
        found = turn(project, spec, lambda event, facts: None, wheel="counting:WHEEL")
        return found.run, found.fresh

    project = Project(tmp_path)
    for seed in range(250):
        assert turn_with(seed) == (seed + 1, False)
    assert turn_with(0) == (1, True)


def _objects(folder: Path) -> list[Path]:
    return sorted(p for p in (folder / ".volvelle" / "objects").rglob("*") if p.is_file())


@pytest.mark.parametrize("damage", ["deleted", "cut", "changed"])
def test_lost_objects_are_made_anew(folder: Path, damage: str) -> None:
    """Whichever object is deleted or damaged, the next changed turn succeeds and the store is whole again."""
    before = [p.name for p in _objects(folder)]
    for position, name in enumerate(before):
        path = next(p for p in _objects(folder) if p.name == name)
        if damage == "deleted":
            path.unlink()
        else:
            path.write_bytes(b"" if damage == "cut" else b"x" * path.stat().st_size)
        swap(folder, "wheel.py", "WHEEL = (", f"decide_again = {position}\nWHEEL = (")
        swap(folder, "wheel.py", "- 4)", f"- 4 - {position} * 0)")
        swap(folder, "wheel.py", "rows.count % 2", "rows.count % 2 + 0")
        answer = turned(folder)
        assert "error" not in answer, answer
        for text in ((f"decide_again = {position}\n", ""), (f"- 4 - {position} * 0)", "- 4)"), ("% 2 + 0", "% 2")):
            swap(folder, "wheel.py", *text)
    assert turned(folder)["rows"][0]["output"]


def test_deleted_output_is_explained(folder: Path) -> None:
    """When an object was deleted, the stage that gave it is computed again for that reason, and gives it back."""
    first = turned(folder)["rows"][0]["output"]
    (folder / ".volvelle" / "objects" / first[:2] / first[2:]).unlink()
    again = turned(folder)
    assert again["plan"][0] == ["gather", "its output is no longer in the store"]
    assert computed(again) == ["gather"]
    assert (folder / ".volvelle" / "objects" / first[:2] / first[2:]).exists()


def test_moved_project_computes_nothing(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A project folder that was moved keeps its cache."""
    place = tmp_path_factory.mktemp("elsewhere") / "moved"
    shutil.move(folder, place)
    assert turned(place)["fresh"]


def test_source_outside_the_folder(tmp_path: Path) -> None:
    """Data beside the project folder are watched like those inside it."""
    (tmp_path / "far.txt").write_text("a b", encoding="utf-8")
    folder = write(tmp_path / "project", {"volvelle.toml": SPEC.replace("data.txt", "../far.txt")})
    assert computed(turned(folder)) == ALL
    assert turned(folder)["fresh"]
    (tmp_path / "far.txt").write_text("a b c", encoding="utf-8")
    assert computed(turned(folder))[0] == "gather"


BROKEN = {
    "order": ("WHEEL = (gather, add, decide)", "WHEEL = (gather, decide, add)", "put 'add', which gives it, before"),
    "near": ("def add(rows: Rows", "def add(row: Rows", "did you mean 'rows'"),
    "record": ("return Total(rows.count % 2)", "return rows", "promises a Total and gave a Rows"),
    "nothing": ("return Total(rows.count % 2)", "return None", "promises a Total and gave a NoneType"),
    "unannotated": (
        "def add(rows: Rows, context) -> Total:",
        "def add(rows: Rows, context):",
        "annotated with the record",
    ),
    "no function": ("WHEEL = (gather,", "also = max\nWHEEL = (also, gather,", "'also'"),
    "computed": ("WHEEL = (gather, add, decide)", "WHEEL = tuple([gather])", "no literal tuple of stages"),
    "twice": ("WHEEL = (gather, add, decide)", "WHEEL = (gather, add, add, decide)", "both give a Total"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_contracts(tmp_path: Path, name: str) -> None:
    """A wheel that breaks its contract is refused with one sentence that says how to mend it."""
    old, new, words = BROKEN[name]
    answer = turned(write(tmp_path, {"wheel.py": WHEEL.replace(old, new)}))
    assert answer["kind"] == "ContractBroken"
    assert words in answer["error"]
    if name not in ("record", "nothing"):
        assert answer["events"] == []


def test_failed_stage_keeps_what_was_finished(tmp_path: Path) -> None:
    """When a stage fails the run is noted with its error, and the next turn starts at that stage."""
    write(tmp_path, {"wheel.py": WHEEL.replace("return Total(", "raise context_error()\n    return Total(")})
    swap(tmp_path, "wheel.py", "import msgspec", "import msgspec\nfrom volvelle.errors import DataError")
    swap(tmp_path, "wheel.py", "def gather(", 'def context_error():\n    return DataError("odd rows")\n\ndef gather(')
    answer = turned(tmp_path)
    assert (answer["kind"], answer["error"]) == ("DataError", "odd rows")
    (run,) = Project(tmp_path).ledger.runs()
    assert (run.status, run.note) == ("error", "odd rows")
    swap(tmp_path, "wheel.py", "raise context_error()", "pass")
    assert computed(turned(tmp_path)) == ["add", "decide"]


def test_edited_under_a_living_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code edited after a process had loaded it is not run as if it were new: the error says to restart Python."""
    write(tmp_path, {"living.py": WHEEL})
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = Spec(problem=Problem(target="y"), data=Data(source="data.txt"), search=Search(folds=5))
    turn(Project(tmp_path), spec, lambda event, facts: None, wheel="living:WHEEL")
    swap(tmp_path, "living.py", "rows.count % 2", "rows.count % 3")
    with pytest.raises(InputError, match="restart Python"):
        turn(Project(tmp_path), spec, lambda event, facts: None, wheel="living:WHEEL")


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A project in a folder that cannot hold state is one clear error."""
    (tmp_path / ".volvelle").write_text("a file", encoding="utf-8")
    with pytest.raises(InputError, match="no state can be kept here"):
        Project(tmp_path)


def test_clock_set_back(folder: Path) -> None:
    """Files dated in the future, as after the clock was set back, are read again each time and still cached."""
    future = time.time() + 1e6
    for name in ("data.txt", "wheel.py"):
        os.utime(folder / name, (future, future))
    assert turned(folder)["fresh"]
    (folder / "data.txt").write_text("c b a d", encoding="utf-8")
    os.utime(folder / "data.txt", (future, future))
    assert computed(turned(folder))[0] == "gather"


def test_ledger_lost(folder: Path) -> None:
    """Without its ledger a project computes everything anew from run 1; the objects are the same."""
    before = [p.name for p in _objects(folder)]
    for left in (folder / ".volvelle").glob("ledger.db*"):
        left.unlink()
    again = turned(folder)
    assert (again["run"], computed(again)) == (1, ALL)
    assert [p.name for p in _objects(folder)] == before


def test_trace_without_step(folder: Path) -> None:
    """A process killed between a finished stage and the note of it in its run repeats nothing."""
    with sqlite3.connect(folder / ".volvelle" / "ledger.db") as ledger:
        ledger.execute("DELETE FROM steps")
        ledger.execute("UPDATE runs SET status = 'running'")
    again = turned(folder)
    assert (again["run"], computed(again)) == (2, [])
