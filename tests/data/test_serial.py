"""Serial ports, over a real pair of pseudo terminals: chunks, garbage, ports that vanish and come back."""

from __future__ import annotations

import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from listening import heard  # type: ignore[import-not-found]

from volvelle.data.collect import collect
from volvelle.data.sources import serial
from volvelle.errors import DataError, ServiceError
from volvelle.spec.requirements import Data


class Device:
    """What is plugged in: one end of a pair, and the name of the other.

    Args:
        link: a path that always leads to the port, however often it is plugged in.
    """

    def __init__(self, link: Path) -> None:
        self.link, self._ends = link, (-1, -1)
        self.plug()

    def plug(self) -> None:
        """Appear."""
        self._ends = os.openpty()
        tty.setraw(self._ends[1])
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._ends[1]))

    def pull(self) -> None:
        """Vanish."""
        self.link.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)

    def send(self, content: bytes) -> None:
        """Write to the port."""
        while content:
            content = content[os.write(self._ends[0], content[:1000]) :]


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    """A device on a port of its own."""
    made = Device(tmp_path / "ttyTEST")
    yield made
    made.pull()


def test_lines_become_rows(device: Device, tmp_path: Path) -> None:
    """Of a stream of CSV with garbage in it every good line is a row; the rest is counted and set aside."""
    where = f"{device.link}?baud=9600&columns=n,heat,hall&delimiter=%3B&received=at"
    with heard(serial, where, tmp_path) as listener:
        content = b"".join(b"%d;%d.5;hall %d\r\n" % (n, n % 40, n % 3) for n in range(2_000))
        device.send(b"0;9.5;cut\r\n" + content + b"\xff\xfe;;\r\n1;2\r\n7;ERR;x\r\n8;NA;x\r\n")
        listener.until(lambda: listener.intake.tally.rows >= 2_001)
    assert dict(listener.intake.tally.aside) == {"garbage": 2, "type": 1}
    frame, dataset = collect(Data(source=f"serial:{where}"), {}, tmp_path)
    assert frame.columns == ["at", "n", "heat", "hall"]
    assert frame["n"].to_list() == [*range(2_000), 8]
    assert frame["heat"].to_list() == [*(n % 40 + 0.5 for n in range(2_000)), None]
    assert dataset.origins[0].kind == "live"


def test_json_lines_and_ids(device: Device, tmp_path: Path) -> None:
    """Lines of JSON are records; with ?id= one that the device sends again counts once."""
    where = f"{device.link}?id=boot,seq"
    with heard(serial, where, tmp_path) as listener:
        device.send(b'\n{"boot": 1, "seq": 1, "heat": 21}\n' + b'{"boot": 1, "seq": 2, "heat": 22.5}\n' * 2)
        device.send(b'{"boot": 2, "seq": 1, "heat": 23}\n{"heat": 24}\n')
        listener.until(lambda: listener.intake.tally.aside.total() >= 1)
    assert listener.table.read().rows() == [(1, 1, 21.0), (1, 2, 22.5), (2, 1, 23.0)]
    assert listener.intake.tally.repeated == 1


def test_a_port_that_vanishes_is_opened_again(device: Device, tmp_path: Path) -> None:
    """When the device is plugged in again rows go on; the line that was cut is none."""
    where = f"{device.link}?columns=n,heat"
    with heard(serial, where, tmp_path) as listener:
        device.send(b"cut\n1,1.5\n2,2.")
        listener.until(lambda: listener.intake.tally.rows == 1)
        device.pull()
        listener.until(lambda: any("the port is lost" in s for s in listener.said))
        device.plug()
        listener.until(lambda: any("the port is back" in s for s in listener.said))
        device.send(b"5\n3,3.5\n")
        listener.until(lambda: listener.intake.tally.rows == 2)
    assert listener.table.read().rows() == [(1, 1.5), (3, 3.5)]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("?baud=fast", "no whole number"),
        ("?format=cvs", "format=cvs is not known"),
        ("?delimiter=ab", "one character"),
        ("?bauds=9600", "'bauds' is not known"),
    ],
)
def test_wrong_options(options: str, problem: str, device: Device, tmp_path: Path) -> None:
    """A mistake in the address is told before the port is opened."""
    with pytest.raises(DataError, match=problem) as caught, heard(serial, f"{device.link}{options}", tmp_path):
        pass
    assert caught.value.next_move


def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    """No such port: one error with a next move."""
    with pytest.raises(ServiceError, match="cannot be opened") as caught, heard(serial, "/dev/ttyNONE", tmp_path):
        pass
    assert caught.value.next_move
