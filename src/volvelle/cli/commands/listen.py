"""Receive sensor data from a broker, a serial port or over HTTP, and keep them for the next run.

Example:
  volvelle listen                                              the source of the spec, until ctrl-C
  volvelle listen --for 10min
  volvelle listen 'mqtt://broker:1883/plant/+/readings?id=seq'
  volvelle listen 'serial:/dev/ttyACM0?baud=115200'
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from volvelle.cli.options import json_option, print_json, print_next, shown, spec_option
from volvelle.data.dispatch import listener_of
from volvelle.data.intake import Intake, Tally
from volvelle.errors import visible
from volvelle.flow.turn import Project
from volvelle.spec.read import read
from volvelle.spec.units import quantity

_SPEAK, _DRAW = 10.0, 0.5
"""Seconds between two lines of progress, and between two states of a line in a terminal."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("address", nargs="?", metavar="ADDRESS", help="where from (default: [data] source of the spec)")
    parser.add_argument("--for", dest="duration", metavar="TIME", help="how long, e.g. 10min (default: until ctrl-C)")
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Receive until told to end, then say what was kept. 130 after ctrl-C."""
    seconds = quantity(options.duration, "seconds") if options.duration else None
    source = options.address or read(options.spec).data.source
    listener, where = listener_of(source)
    folder = Project(options.spec.parent).folder
    table = listener.table(where, folder)
    told = _Told(quiet=options.json)
    intake = Intake(told.say)
    with _ending(intake) as interrupted, listener.listen(where, folder, intake):
        told.say(f"listening to {visible(source)}; ctrl-C ends it")
        intake.drain(table, seconds, told.progress)
    told.close()
    rows = table.count()
    if options.json:
        print_json(_document(source, intake.tally, table.folder, rows))
    else:
        _show(intake.tally, table.folder, rows)
        given = "" if options.address is None else f" {shlex.quote(options.address)}"
        with_rows = f"volvelle init{given} --target COLUMN" if given else "volvelle run"
        print_next(options, with_rows if rows else f"volvelle listen{given}")
    return 130 if interrupted else 0


@contextmanager
def _ending(intake: Intake) -> Iterator[list[int]]:
    """While listening ctrl-C and SIGTERM mean: append what waits and end; a second ctrl-C does not wait.

    Gives a list that ctrl-C puts something into.
    """
    interrupted: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def end(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            if interrupted:
                raise KeyboardInterrupt
            interrupted.append(number)
        intake.close()

    for number in before:
        signal.signal(number, end)
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Told:
    """Sentences and progress on standard error: one line that changes in a terminal, else a line now and then.

    Args:
        quiet: neither progress nor sentences that only greet.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._line = sys.stderr.isatty() and not quiet
        self._quiet = quiet
        self._next, self._open, self._rows = 0.0, False, 0

    def say(self, sentence: str) -> None:
        """A sentence of its own."""
        self.close()
        print(visible(sentence), file=sys.stderr, flush=True)

    def progress(self, tally: Tally) -> None:
        """How it stands, now and then."""
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        first, self._next = self._next == 0.0, now + (_DRAW if self._line else _SPEAK)
        if first and not self._line:
            return
        text = _sentence(tally)
        if self._line:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._open = True
        else:
            print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the line that changes."""
        if self._open:
            print(file=sys.stderr)
            self._open = False


def _sentence(tally: Tally) -> str:
    parts = [f"{tally.rows:,} rows", f"{tally.rows / max(tally.seconds, 1e-9):,.0f} a second"]
    if tally.repeated:
        parts.append(f"{tally.repeated:,} came again")
    if tally.aside:
        parts.append(f"{tally.aside.total():,} set aside")
    if tally.waits:
        parts.append(f"senders waited {tally.waited:.1f} s")
    if tally.last:
        parts.append(f"last at {tally.last:%H:%M:%S} UTC")
    return ", ".join(parts)


def _show(tally: Tally, place: Path, rows: int) -> None:
    print(f"Kept {tally.rows:,} rows of {tally.messages:,} messages in {tally.seconds:.1f} s; {rows:,} are there now.")
    if tally.repeated:
        print(f"  {tally.repeated:,} came again and count once")
    for kind, count in tally.aside.most_common():
        print(f"  {count:,} set aside ({kind}): {visible(tally.example[kind])}")
    if tally.aside:
        print(f"  they lie in {shown(place / 'aside.jsonl')}")
    if tally.waits:
        print(f"  senders waited {tally.waits:,} times, {tally.waited:.1f} s in all: the table was slower")
    sys.stdout.flush()


def _document(source: str, tally: Tally, place: Path, rows: int) -> dict[str, Any]:
    return {
        "source": source,
        "rows": tally.rows,
        "repeated": tally.repeated,
        "messages": tally.messages,
        "aside": dict(tally.aside),
        "examples": tally.example,
        "new_columns": tally.new,
        "widened_columns": tally.widened,
        "seconds": round(tally.seconds, 3),
        "waits": tally.waits,
        "waited_seconds": round(tally.waited, 3),
        "last": tally.last.isoformat(timespec="seconds") if tally.last else None,
        "table": str(place),
        "rows_in_table": rows,
    }
