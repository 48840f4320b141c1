"""Serial ports: what `volvelle listen` received as lines (``serial:/dev/ttyACM0?baud=115200``).

A line is CSV or a JSON object. CSV takes its names from ``?columns=heat,hall``, or from a line of names that the device
sends. The first line is cut and dropped, garbage is counted and set aside, and a port that vanishes is opened again
when it is back. A port keeps nothing while nobody listens: what must not get lost travels by MQTT.

>>> Stream("serial", "/dev/ttyACM0?baud=9600&columns=heat,hall", OPTIONS).number("baud", 50, 4_000_000)
9600
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import serial as port
from serial.tools import list_ports

from volvelle.data.contract import Read
from volvelle.data.fitting import Misfit, Record
from volvelle.data.growing import Growing
from volvelle.data.intake import Intake, Message
from volvelle.data.lines import Format, Line, Lines
from volvelle.data.payload import Unreadable
from volvelle.data.records import Layout
from volvelle.data.stream import Stream
from volvelle.errors import ServiceError, near

SUFFIXES: tuple[str, ...] = ()
SCHEMES: tuple[str, ...] = ("serial",)
LISTENS = True
OPTIONS = {"baud": "115200", "format": "auto", "columns": "", "delimiter": ""}
_FORMATS = ("auto", "csv", "json")
_CHUNK, _TIMEOUT = 65_536, 0.2
_LONGEST_PAUSE = 30.0


def read(where: str, folder: Path, layout: Layout) -> Read:
    """What was received until now, in the order of its arrival.

    Raises:
        DataError: nothing was, or the address is wrong.
    """
    return Stream("serial", where, OPTIONS).read(folder, layout)


def table(where: str, folder: Path) -> Growing:
    """Where `listen` puts what it receives."""
    return Stream("serial", where, OPTIONS).table(folder)


@contextmanager
def listen(where: str, folder: Path, intake: Intake) -> Iterator[None]:
    """Receive into `intake` for as long as the context lasts.

    Raises:
        ServiceError: the port cannot be opened.
        DataError: the address is wrong.
    """
    stream = Stream("serial", where, OPTIONS)
    if stream.options["format"] not in _FORMATS:
        raise stream.error(f"format={stream.options['format']} is not known", near(stream.options["format"], _FORMATS))
    if len(stream.options["delimiter"]) > 1:
        raise stream.error("a delimiter is one character", "e.g. ?delimiter=%3B for a semicolon")
    names = tuple(name for name in stream.options["columns"].split(",") if name)
    lines = Lines(cast(Format, stream.options["format"]), names, stream.options["delimiter"])
    baud = stream.number("baud", 50, 4_000_000)
    try:
        opened = _opened(stream, baud)
    except (OSError, ValueError) as error:
        ports = [found.device for found in list_ports.comports()]
        advice = near(stream.place, ports) if ports else "plug the device in; no serial port is there"
        raise ServiceError(f"the port cannot be opened: {error}", where=stream.shown, next_move=advice) from None
    ended = threading.Event()
    reader = threading.Thread(target=_receive, args=(stream, opened, lines, intake, ended), daemon=True)
    reader.start()
    try:
        yield
    finally:
        ended.set()
        reader.join(5.0)


def _opened(stream: Stream, baud: int) -> Any:
    return port.Serial(stream.place, baud, timeout=_TIMEOUT, exclusive=True)


def _receive(stream: Stream, opened: Any, lines: Lines, intake: Intake, ended: threading.Event) -> None:
    """Read chunks until told to end; open the port again when it was lost."""
    with intake.guard():
        _read_on(stream, opened, lines, intake, ended)


def _read_on(stream: Stream, opened: Any, lines: Lines, intake: Intake, ended: threading.Event) -> None:
    pause, baud = 1.0, opened.baudrate
    while not ended.is_set():
        try:
            chunk = opened.read(min(max(opened.in_waiting, 1), _CHUNK))
            if chunk:
                _put(stream, lines.feed(chunk), intake)
        except (OSError, TypeError) as error:
            # pyserial raises TypeError where a port is closed under a reader.
            opened.close()
            lines.cut()
            intake.tell(f"the port is lost ({error}); trying again")
            while not ended.wait(pause):
                pause = min(2 * pause, _LONGEST_PAUSE)
                try:
                    opened = _opened(stream, baud)
                except (OSError, ValueError):
                    continue
                intake.tell("the port is back")
                pause = 1.0
                break
    opened.close()


def _put(stream: Stream, lines: list[Line], intake: Intake) -> None:
    records: list[Record] = []
    aside: list[Misfit] = []
    for line in lines:
        try:
            if line.fault:
                raise Unreadable(line.fault)
            records.append(stream.record(line.cells, loose=line.loose))
        except Unreadable as error:
            aside.append(Misfit("garbage", str(error), line.text))
    if records or aside:
        intake.put(Message(records, aside))
