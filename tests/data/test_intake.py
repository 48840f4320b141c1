"""The intake: bounded, answered when safe, and never silent about what went wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from volvelle.data import intake as room
from volvelle.data.fitting import Misfit, Record
from volvelle.data.growing import Appended, Growing
from volvelle.data.intake import Intake, Message
from volvelle.errors import ContractBroken, DataError, ServiceError


class Slow(Growing):
    """A table on a slow disk."""

    def append(self, records: Sequence[Record], aside: Sequence[Misfit] = ()) -> Appended:
        time.sleep(0.05)
        return super().append(records, aside)


def message(n: int, **more: Any) -> Message:
    return Message([Record({"n": n}, str(n))], **more)


def test_a_receiver_waits_while_the_table_is_slower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more wait than allowed, the wait is told, and everything arrives once and in order."""
    monkeypatch.setattr(room, "WAITING", 50)
    monkeypatch.setattr(room, "ROWS", 20)
    intake, table, answered = Intake(), Slow(tmp_path), list[str]()
    most = 0

    def receive() -> None:
        nonlocal most
        for n in range(500):
            assert intake.put(message(n, answer=answered.extend))
            most = max(most, n + 1 - len(answered))
        intake.close()

    receiver = threading.Thread(target=receive)
    receiver.start()
    intake.drain(table)
    receiver.join()
    assert table.read()["n"].to_list() == list(range(500))
    assert answered == [""] * 500
    assert most <= 50 + 20
    assert intake.tally.waits > 0
    assert intake.tally.waited > 0


def test_nothing_is_answered_before_it_is_safe(tmp_path: Path) -> None:
    """When an answer comes, another process would find the rows; each record has its own fate."""
    intake, table = Intake(), Growing(tmp_path)
    found: list[tuple[list[str], int]] = []
    records = [Record({"n": 1}, "1"), Record({"n": 1}, "1"), Record({"n": "x"}, "2")]
    intake.put(Message(records, answer=lambda fates: found.append((fates, Growing(tmp_path).count()))))
    intake.close()
    intake.drain(table)
    [(fates, rows)] = found
    assert fates[:2] == ["", "repeated"]
    assert "'n' holds a text" in fates[2]
    assert rows == 1


def test_an_error_of_a_receiver_ends_it(tmp_path: Path) -> None:
    """What waits is appended, then the error is raised; nothing is taken any more."""
    intake = Intake()
    intake.put(message(1))
    intake.fail(ServiceError("the broker is gone"))
    with pytest.raises(ServiceError, match="is gone"):
        intake.drain(Growing(tmp_path))
    assert not intake.put(message(2))
    assert Growing(tmp_path).count() == 1


def test_a_receiver_that_breaks_is_not_silent(tmp_path: Path) -> None:
    """A bug in a receiver's thread ends the listener with its text."""
    intake = Intake()
    with pytest.raises(ZeroDivisionError), intake.guard():
        raise ZeroDivisionError("seven")
    with pytest.raises(ContractBroken, match="seven"):
        intake.drain(Growing(tmp_path))


def test_what_cannot_be_kept_is_not_answered(tmp_path: Path) -> None:
    """When the table fails, the error is raised, and the sender hears nothing."""
    answered: list[str] = []
    intake = Intake()
    intake.put(message(1, answer=answered.extend))
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "_delta_log").write_bytes(b"")
    with pytest.raises(DataError, match="fails"):
        intake.drain(Growing(tmp_path))
    assert answered == []


def test_time_is_over_with_a_sender_that_never_stops(tmp_path: Path) -> None:
    """After the time that was given nothing more is taken, and what was taken is appended."""
    intake, taken = Intake(), 0

    def receive() -> None:
        nonlocal taken
        while intake.put(message(taken)):
            taken += 1
            time.sleep(0.001)

    receiver = threading.Thread(target=receive)
    receiver.start()
    intake.drain(Growing(tmp_path), seconds=0.5)
    receiver.join()
    assert Growing(tmp_path).count() == taken > 0
