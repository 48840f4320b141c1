"""A second look counts only what is new, and never takes what was kept for rows that are others by now."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest
from live_project import answer, pumps, released  # type: ignore[import-not-found]
from msgspec.structs import replace

from volvelle.flow.gathering import live_folder
from volvelle.flow.scoring import bring
from volvelle.flow.turn import Project
from volvelle.flow.watching import look
from volvelle.flow.windows import FOLDER
from volvelle.serve import log
from volvelle.spec.read import read
from volvelle.spec.requirements import Spec
from volvelle.ui.watched import state


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with four days of live rows, a file each; the outcomes of three are known."""
    folder: Path = tmp_path_factory.mktemp("lived") / "project"
    project, spec = released(folder)
    # From the next night on, so that no day of rows lies in two files.
    night = (datetime.now(UTC) + timedelta(days=1)).replace(hour=1)
    for day in range(4):
        rows = pumps(300, seed=day, start=1000 * day)
        answer(project, spec, rows, known=day < 3, hours=24 * day, since=night)
    return folder


@pytest.fixture
def own(lived: Path, tmp_path: Path) -> tuple[Project, Spec]:
    """A copy of it that was looked at once."""
    folder = shutil.copytree(lived, tmp_path / "own")
    project, spec = Project(folder), read(folder / "volvelle.toml")
    look(project, spec)
    return project, spec


def entries(project: Project) -> dict[str, int]:
    """What is kept, and when it was written."""
    return {p.name: p.stat().st_mtime_ns for p in (live_folder(project) / FOLDER).iterdir()}


def told(own: tuple[Project, Spec]) -> bytes:
    """What a look says, as bytes."""
    return msgspec.json.encode(look(*own))


def anew(own: tuple[Project, Spec]) -> bytes:
    """The same where nothing was kept."""
    shutil.rmtree(live_folder(own[0]) / FOLDER)
    return told(own)


def logs(project: Project) -> list[Path]:
    return sorted(live_folder(project).glob("predictions/*/*/*.parquet"))


def test_what_was_counted_is_not_counted_again(own: tuple[Project, Spec]) -> None:
    """Windows and the quality of those with outcomes are kept, none is written again, and the answer is the same."""
    kept = entries(own[0])
    assert len(kept) == 6 + 5
    second = told(own)
    assert entries(own[0]) == kept
    assert second == anew(own)


def test_new_rows_are_counted_and_old_ones_are_not(own: tuple[Project, Spec]) -> None:
    """Another day adds its windows to those that are kept; an outcome that comes late, to the quality of its window."""
    project, spec = own
    kept = entries(project)
    answer(project, spec, pumps(200, seed=9, start=9000), hours=24 * 5, known=False)
    more = told(own)
    assert kept.items() < entries(project).items()
    assert len(entries(project)) == len(kept) + 1
    assert more == anew(own)
    kept = entries(project)
    bring(live_folder(project), pl.Series(["j3299"]), pl.Series(["yes"]), datetime.now(UTC))
    late = told(own)
    assert late != more
    assert len(entries(project).items() - kept.items()) == 1
    assert late == anew(own)


def test_a_changed_file_is_seen(own: tuple[Project, Spec]) -> None:
    """A file whose rows say something else, in as many bytes or not, is counted again."""
    path = logs(own[0])[1]
    before = told(own)
    pl.read_parquet(path).with_columns(pl.col("heat") + 500).write_parquet(path)
    assert b'"broken"' not in before
    after = told(own)
    assert b'"broken"' in after
    assert after == anew(own)


def test_a_removed_file_is_seen(own: tuple[Project, Spec]) -> None:
    """The rows of a file that is gone are gone."""
    before = look(*own)
    logs(own[0])[0].unlink()
    after = told(own)
    assert len(msgspec.json.decode(after)["report"]["windows"]) == len(before.report.windows) - 2
    assert after == anew(own)


def test_windows_stay_when_older_rows_are_let_go_of(own: tuple[Project, Spec]) -> None:
    """What is left is cut where it was cut before: no window is counted again; it is said how much is gone."""
    project, spec = own
    before, kept = look(project, spec), entries(project)
    asked = replace(spec, monitor=replace(spec.monitor, keep="1 d"))
    newest = int(log.predictions(live_folder(project))["at"].max().timestamp() * 1e6)  # type: ignore[union-attr]
    after = look(project, asked, at=newest + 86_400_000_000)
    assert 0 < after.gone == before.coverage.predictions - after.coverage.predictions
    assert 0 < len(after.report.windows) < len(before.report.windows)
    ends = [window.until for window in before.report.windows]
    assert [window.until for window in after.report.windows] == ends[-len(after.report.windows) :]
    assert after.waiting == before.waiting
    assert entries(project).items() <= kept.items()
    assert after.coverage.orphans == before.coverage.orphans == 0
    assert "older rows are gone" in state(after, spec)


def test_a_torn_file_is_seen(own: tuple[Project, Spec]) -> None:
    """A file that is cut is set aside though its windows were kept, and so is one of whose cells some are lost."""
    cut, spoilt = logs(own[0])[:2]
    cut.write_bytes(cut.read_bytes()[:-40])
    content = bytearray(spoilt.read_bytes())
    content[40:-2000] = bytes(len(content) - 2040)
    spoilt.write_bytes(content)
    after = told(own)
    assert {p.name for p in live_folder(own[0]).glob("**/*.torn")} == {f"{p.name}.torn" for p in (cut, spoilt)}
    assert len(msgspec.json.decode(after)["report"]["windows"]) == 3
    assert after == anew(own)


def test_a_damaged_entry_is_made_anew(own: tuple[Project, Spec]) -> None:
    """What was kept and is no longer what it was is not believed."""
    before = told(own)
    for path in (live_folder(own[0]) / FOLDER).iterdir():
        path.write_bytes(path.read_bytes().replace(b'"rows":200', b'"rows":900').replace(b"0.", b"1."))
    assert told(own) == before


def test_where_nothing_can_be_kept_all_is_counted(own: tuple[Project, Spec]) -> None:
    """A folder that cannot be written costs time and changes nothing."""
    before = told(own)
    folder = live_folder(own[0]) / FOLDER
    shutil.rmtree(folder)
    folder.write_bytes(b"")
    assert told(own) == before
