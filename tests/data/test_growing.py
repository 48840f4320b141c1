"""Data that grow: each record once, whole or not at all, whatever happens to the process."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import shutil
import signal
import time
from pathlib import Path

import polars as pl
import pytest

from volvelle.data import growing
from volvelle.data.fitting import Misfit, Record
from volvelle.data.growing import Growing
from volvelle.errors import DataError


def rows(*cells: dict[str, object]) -> list[Record]:
    return [Record(dict(cell)) for cell in cells]


def append_many(place: Path, name: int, share: int, batches: int) -> None:
    """Append numbered records of which every `share`-th is everybody's."""
    table = Growing(place)
    for batch in range(batches):
        numbers = range(10 * batch, 10 * batch + 10)
        table.append([Record({"n": n}, f"{'all' if n % share == 0 else name}/{n}") for n in numbers])


def append_for_ever(place: Path) -> None:
    """Append batches of ten until killed."""
    table = Growing(place)
    for batch in range(10**6):
        table.append([Record({"batch": batch, "n": n}, f"{batch}/{n}") for n in range(10)])


def test_several_processes_append_at_once(tmp_path: Path) -> None:
    """Four processes append sixty batches; what all of them send is there once, all else is there, in one order."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=append_many, args=(tmp_path / "t", k, 5, 15)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    found = Growing(tmp_path / "t").read()
    assert found["n"].value_counts().sort("n")["count"].to_list() == [1 if n % 5 == 0 else 4 for n in range(150)]
    assert Growing(tmp_path / "t").read().equals(found)


def test_a_killed_process_leaves_whole_batches(tmp_path: Path) -> None:
    """After kill -9 every batch is there whole or not at all, and appending goes on without doubling one."""
    worker = multiprocessing.get_context("spawn").Process(target=append_for_ever, args=(tmp_path / "t",))
    worker.start()
    while not (tmp_path / "t" / "table" / "_delta_log" / "00000000000000000003.json").exists():
        time.sleep(0.01)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    table = Growing(tmp_path / "t")
    counts = table.read()["batch"].value_counts()
    assert set(counts["count"]) == {10}
    batches = counts.height
    done = table.append([Record({"batch": b, "n": n}, f"{b}/{n}") for b in range(batches + 1) for n in range(10)])
    assert (done.rows, done.repeated) == (10, 10 * batches)


def test_ids_are_known_after_a_restart_and_within_the_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new process knows the newest ids; one beyond the window is new again."""
    monkeypatch.setattr(growing, "WINDOW", 10)
    Growing(tmp_path).append([Record({"n": n}, str(n)) for n in range(30)])
    done = Growing(tmp_path).append([Record({"n": n}, str(n)) for n in (29, 20, 19)])
    assert (done.rows, done.again) == (1, [0, 1])


def test_a_known_id_with_other_values_is_set_aside(tmp_path: Path) -> None:
    """A counter that begins anew loses nothing in silence: the record is set aside, with its values."""
    table = Growing(tmp_path)
    table.append([Record({"heat": 1.5}, "7"), Record({"heat": 2.5})])
    done = table.append([Record({"heat": 9.5}, "7"), Record({"heat": 2.5})])
    assert done.rows == 1
    assert done.misfits[0].kind == "id"
    line = json.loads((tmp_path / "aside.jsonl").read_text())
    assert line["text"] == '{"heat":9.5}'
    assert "never repeats" in line["why"]


def test_the_schema_grows_and_a_changed_type_is_set_aside(tmp_path: Path) -> None:
    """New columns are told and empty before; another type is refused with its example, and the record is kept aside."""
    table = Growing(tmp_path)
    table.append(rows({"heat": 21.5, "hall": "n"}))
    done = table.append(rows({"heat": 22, "wet": True}, {"heat": "hot", "new": 1}, {"hall": 3}, {"HEAT": 1.0}))
    assert done.new == ("wet",)
    assert [done.misfits[p].kind for p in (1, 2, 3)] == ["type", "type", "name"]
    assert "'heat' holds a text, 'hot', where numbers stand" in done.misfits[1].why
    assert table.read().rows() == [(21.5, "n", None), (22.0, None, True)]
    assert len((tmp_path / "aside.jsonl").read_text().splitlines()) == 3


def test_whole_numbers_are_widened_only_without_loss(tmp_path: Path) -> None:
    """The first fraction turns a column of whole numbers into numbers, unless one of them is no exact double."""
    table = Growing(tmp_path)
    table.append(rows({"a": 1, "b": 2**53 + 1}))
    done = Growing(tmp_path).append(rows({"a": 1.5}, {"b": 1.5}, {"b": 7.0}))
    assert done.widened == ("a",)
    assert list(done.misfits) == [1]
    assert table.read().rows() == [(1.0, 2**53 + 1), (1.5, None), (None, 7)]
    assert table.append(rows({"a": 2**53 + 1})).rows == 0


def test_order_survives_compaction_and_widening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often files are joined or rewritten, rows come in the order of their arrival."""
    monkeypatch.setattr(growing, "FILES", 5)
    table = Growing(tmp_path)
    for n in range(23):
        table.append(rows({"n": n if n < 17 else n + 0.5}))
    assert table.read()["n"].to_list() == [n if n < 17 else n + 0.5 for n in range(23)]
    assert len(list((tmp_path / "table").glob("*.parquet"))) < 23
    table.compact()
    assert Growing(tmp_path).read().height == 23


def test_a_person_is_erased_from_every_file(tmp_path: Path) -> None:
    """After erasing no byte below the folder holds the value, and the other rows are as before."""
    table = Growing(tmp_path)
    for n in range(4):
        table.append(rows({"who": "Ana Secretly", "n": n}, {"who": "li", "n": n}))
    table.append(rows({"who": "Ana Secretly", "n": "broken"}), [Misfit("garbage", "no JSON", '{"who": "Ana Secretly"')])
    other = Growing(tmp_path)
    other.read()
    assert table.erase("who", "Ana Secretly") == 4
    assert other.append(rows({"who": "li", "n": 9})).rows == 1
    assert table.read().rows() == [("li", n) for n in (0, 1, 2, 3, 9)]
    held = [p for p in tmp_path.rglob("*") if p.is_file() and b"Secretly" in p.read_bytes()]
    assert held == []
    with pytest.raises(DataError, match="no column 'whom'") as caught:
        table.erase("whom", "li")
    assert "'who'" in caught.value.next_move


def test_all_rows_can_be_erased(tmp_path: Path) -> None:
    """A table whose last row was erased is empty, and takes new ones."""
    table = Growing(tmp_path)
    table.append(rows({"who": "ana"}))
    assert table.erase("who", "ana") == 1
    assert table.count() == 0
    assert table.append(rows({"who": "li"})).rows == 1
    assert table.read().rows() == [("li",)]


@pytest.mark.parametrize("cut", ["before", "between", "after"])
def test_a_replacement_that_was_cut_off_is_finished(cut: str, tmp_path: Path) -> None:
    """Wherever a rewriting process dies, the next one finds the old rows or the new ones, and clears the rest away."""
    Growing(tmp_path).append(rows({"a": 1}, {"a": 2}))
    table, new, old = tmp_path / "table", tmp_path / "next", tmp_path / "gone"
    shutil.copytree(table, new)
    if cut == "between":
        table.rename(old)
    if cut == "after":
        shutil.rmtree(new)
        shutil.copytree(table, old)
    assert Growing(tmp_path).append(rows({"a": 3})).rows == 1
    assert Growing(tmp_path).read()["a"].to_list() == [1, 2, 3]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lock", "table"]


def append_with_little_room(place: Path) -> None:
    """Append where no file may become larger than 20 kB, then where it may."""
    table = Growing(place)
    table.append(rows({"a": 1}))
    records = [Record({"a": 2, "t": os.urandom(30).hex()}, str(n)) for n in range(3_000)]
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, unlimited[1]))
    with pytest.raises(DataError, match="File too large") as caught:
        table.append(records)
    assert "make room" in caught.value.next_move
    assert Growing(place).count() == 1
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert table.append(records).rows == 3_000
    assert Growing(place).count() == 3_001


def test_an_append_that_fails_keeps_the_rest(tmp_path: Path) -> None:
    """Without room one clear error is raised, nothing of the batch is there, and it can be appended later."""
    worker = multiprocessing.get_context("spawn").Process(target=append_with_little_room, args=(tmp_path / "t",))
    worker.start()
    worker.join()
    assert worker.exitcode == 0


def test_a_damaged_table_is_told(tmp_path: Path) -> None:
    """A table whose log is damaged is one error with a next move, not a trace."""
    Growing(tmp_path).append(rows({"a": 1}))
    next((tmp_path / "table" / "_delta_log").glob("*.json")).write_bytes(b"\xff{")
    with pytest.raises(DataError) as caught:
        Growing(tmp_path).read()
    assert caught.value.next_move


def test_the_file_of_what_was_set_aside_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Garbage without end is counted, but does not fill the disk."""
    monkeypatch.setattr(growing, "ASIDE_BYTES", 10_000)
    table = Growing(tmp_path)
    for _ in range(50):
        table.append([], [Misfit("garbage", "no JSON", "x" * 100_000)])
    assert (tmp_path / "aside.jsonl").stat().st_size < 20_000


def test_time_of_arrival_becomes_a_column(tmp_path: Path) -> None:
    """The time when a record came stands in a column of the name that was asked for, unless the records have it."""
    table = Growing(tmp_path)
    table.append(rows({"a": 1}))
    found = table.read("at")
    assert found.schema == {"at": pl.Datetime("us", "UTC"), "a": pl.Int64}
    with pytest.raises(DataError, match="column 'a' already"):
        table.read("a")
