"""The ledger."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from volvelle.errors import InputError
from volvelle.flow.ledger import VERSION, Ledger, Step


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    made = Ledger(tmp_path / "ledger.db")
    yield made
    made.close()


def test_runs(ledger: Ledger) -> None:
    """Runs are numbered from 1 and end with the status they are given."""
    first, second = ledger.start_run("a", {"python": "3"}), ledger.start_run("b", {})
    ledger.finish_run(first, "done", "well")
    assert [(r.id, r.status, r.note) for r in ledger.runs()] == [(first, "done", "well"), (second, "running", "")]
    found = ledger.run(first)
    assert found is not None
    assert found.finished is not None
    assert found.finished >= found.started
    assert ledger.run(99) is None


def test_run_of_a_dead_process_reads_interrupted(ledger: Ledger) -> None:
    """A run whose process is gone reads 'interrupted' though nobody could note it."""
    code = (
        "import sys, os\nfrom pathlib import Path\nfrom volvelle.flow.ledger import Ledger\n"
        "Ledger(Path(sys.argv[1])).start_run('a', {})\nos._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(ledger.path)], check=False)
    assert [r.status for r in ledger.runs()] == ["interrupted"]


def test_steps_keep_their_order(ledger: Ledger) -> None:
    """Steps of a run come back in the order in which they were noted, each with its facts."""
    run = ledger.start_run("a", {})
    steps = [Step(run, name, name * 2, name == "b", 0.5, "never run") for name in ("c", "a", "b")]
    for step in steps:
        ledger.add_step(step)
    assert ledger.steps(run) == steps


def test_traces_newest_first(ledger: Ledger) -> None:
    """Traces of a stage come newest first, for one input or for all, however many there are."""
    for n in range(500):
        ledger.add_trace("stage", f"input {n % 2}", {"n": n}, f"output {n}", 0.1)
    assert [needs["n"] for needs, _, _ in ledger.traces("stage")] == list(range(499, -1, -1))
    assert [output for _, output, _ in ledger.traces("stage", "input 1")][-1] == "output 1"
    assert list(ledger.traces("another")) == []


def test_runs_that_gave(ledger: Ledger) -> None:
    """Finished runs with an output are found, newest first; those that failed are not."""
    for status in ("done", "error", "done"):
        run = ledger.start_run("a", {})
        ledger.add_step(Step(run, "judge", "x", False, 0.0, ""))
        ledger.finish_run(run, status)
    assert [r.id for r in ledger.runs_that_gave("judge", "x")] == [3, 1]
    assert ledger.runs_that_gave("judge", "y") == []


def test_openings_are_counted(ledger: Ledger) -> None:
    """Every opening of a sealed side is counted for that side."""
    assert [ledger.open_side("test", 1, "m"), ledger.open_side("test", 2, "m")] == [1, 2]
    assert ledger.openings("test") == 2
    assert ledger.openings("another") == 0


def test_memory(ledger: Ledger) -> None:
    """What is remembered is recalled by kind and key, and replaced."""
    ledger.remember("file", "a", [1, "x"])
    ledger.remember("file", "a", [2, "y"])
    assert ledger.recall("file", "a") == [2, "y"]
    assert ledger.recall("closure", "a") is None


def test_transaction_is_all_or_nothing(ledger: Ledger) -> None:
    """What was written before an error inside a transaction is not there afterwards."""

    def half() -> None:
        with ledger.transaction():
            ledger.remember("a", "b", 1)
            raise KeyError("stop")

    with pytest.raises(KeyError):
        half()
    assert ledger.recall("a", "b") is None


def test_releases_and_champions(ledger: Ledger) -> None:
    """A release is the champion at once; an earlier one can be crowned again."""
    first = ledger.add_release("m-1", 1, "ana", "", "releases/m-1")
    ledger.add_release("m-2", 2, "ana", "", "releases/m-2")
    ledger.crown(first, "rolled back")
    assert [r["name"] for r in ledger.releases()] == ["m-1", "m-2"]
    assert [(c["release"], c["why"]) for c in ledger.champions()] == [
        (1, "released"),
        (2, "released"),
        (1, "rolled back"),
    ]


def test_wal(ledger: Ledger) -> None:
    """The file is in write-ahead mode and of the present version."""
    with sqlite3.connect(ledger.path) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert raw.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_of_the_future(tmp_path: Path) -> None:
    """A ledger that a later Volvelle wrote is refused with its version, and is left as it is."""
    path = tmp_path / "ledger.db"
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(InputError, match=rf"version {VERSION + 1}.*\n.*upgrade"):
        Ledger(path)
    assert path.read_bytes() == before


def test_no_ledger_at_all(tmp_path: Path) -> None:
    """A file that is no database is refused with its path and what to do."""
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is a diary, not a ledger" * 200)
    with pytest.raises(InputError, match=r"cannot be read.*\n.*move it away") as caught:
        Ledger(path)
    assert str(path) in str(caught.value)


def test_damaged_in_the_middle(tmp_path: Path) -> None:
    """Damage that shows only when rows are read is one clear error as well."""
    path = tmp_path / "ledger.db"
    ledger = Ledger(path)
    for n in range(300):
        ledger.add_trace("stage", "input", {"text": "x" * 500}, str(n), 0.0)
    ledger.close()
    content = bytearray(path.read_bytes())
    content[4096 * 4 :] = os.urandom(len(content) - 4096 * 4)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be read.*\n.*move it away"):
        list(Ledger(path).traces("stage"))


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder where the file should be is one clear error."""
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(InputError, match="the ledger cannot be used"):
        Ledger(tmp_path / "ledger.db")


_FULL = """\
import resource, sys
from pathlib import Path
from volvelle.errors import InputError
from volvelle.flow.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
ledger.remember("a", "small", 1)
size = Path(sys.argv[1] + "-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    ledger.remember("a", "big", "x" * 100000)
except InputError as error:
    print(error)
print(ledger.recall("a", "small"), ledger.recall("a", "big"))
"""


def test_no_room(tmp_path: Path) -> None:
    """When the system refuses more bytes there is one clear error and what was there is whole."""
    done = subprocess.run([sys.executable, "-c", _FULL, str(tmp_path / "l.db")], capture_output=True, text=True)
    assert "the ledger cannot be used" in done.stdout, done.stderr
    assert "make room" in done.stdout
    assert done.stdout.endswith("1 None\n")


def _count(path: str) -> None:
    ledger = Ledger(Path(path))
    for _ in range(40):
        ledger.open_side("test", 1, "m")
        ledger.start_run("a", {})
    ledger.close()


def test_many_processes_at_once(tmp_path: Path) -> None:
    """Eight processes that make the same new ledger and write to it lose no row and meet no lock."""
    path = tmp_path / "ledger.db"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_count, args=(str(path),)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [p.exitcode for p in processes] == [0] * 8
    ledger = Ledger(path)
    assert ledger.openings("test") == 320
    assert len(ledger.runs()) == 320
    ledger.close()
