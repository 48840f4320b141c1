"""What is received waits here, in bounded number, until it is appended in batches; a message is answered when safe.

Receivers put messages from threads of their own; `drain` appends them in the thread that calls it. When the table is
slower than what comes in, `put` makes the receiver wait, and the sender notices: MQTT brokers hold back what is not
acknowledged, HTTP clients wait for their answer, a serial port keeps bytes in the system's buffer.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from volvelle.data.fitting import Misfit, Record
from volvelle.data.growing import Appended, Growing
from volvelle.errors import ContractBroken, VolvelleError

ROWS, SECONDS, WAITING = 5_000, 1.0, 20_000
"""A batch is appended when it has so many records or its first is so old; so many records may wait."""
_TICK, _QUIET = 0.1, 0.02


@dataclass(frozen=True, slots=True)
class Message:
    """What came at once.

    Attributes:
        records: all of one message are appended together.
        aside: what could not be read as records.
        answer: called in the thread of `drain` when everything is safe, with what became of each record: "" where it
            was appended, "repeated", or the reason why it was set aside.
        hurry: somebody waits for the answer, so that the batch is appended as soon as nothing more comes.
    """

    records: Sequence[Record] = ()
    aside: Sequence[Misfit] = ()
    answer: Callable[[list[str]], None] | None = None
    hurry: bool = False


@dataclass(slots=True)
class Tally:
    """What was received.

    Attributes:
        messages, rows, repeated, aside: how many; `aside` by the word for the reason.
        example: the first that was set aside, by that word.
        last: when the newest came.
        seconds: since the start.
        waits: how often a receiver waited, and how long in all.
        waited: seconds.
        new: columns that came into being after the first batch.
        widened: columns of whole numbers that now hold numbers.
    """

    messages: int = 0
    rows: int = 0
    repeated: int = 0
    aside: Counter[str] = field(default_factory=Counter)
    example: dict[str, str] = field(default_factory=dict)
    last: datetime | None = None
    seconds: float = 0.0
    waits: int = 0
    waited: float = 0.0
    new: list[str] = field(default_factory=list)
    widened: list[str] = field(default_factory=list)


class Intake:
    """The place where messages wait.

    Args:
        tell: called with sentences that a person should read, from any thread.
    """

    def __init__(self, tell: Callable[[str], None] = lambda sentence: None) -> None:
        self.tell, self.tally = tell, Tally()
        self._messages: deque[Message] = deque()
        self._size = 0
        self._changed = threading.Condition()
        self._closed = False
        self._error: VolvelleError | None = None

    def put(self, message: Message, patience: float | None = None) -> bool:
        """Have a message appended; waits while too many are waiting. False when it was not taken.

        Args:
            message: what came.
            patience: seconds to wait at most; None for as long as it takes.
        """
        size = len(message.records) + len(message.aside)
        with self._changed:
            if self._size >= WAITING:
                began = time.monotonic()
                self.tally.waits += 1
                self._changed.wait_for(lambda: self._closed or self._size < WAITING, patience)
                self.tally.waited += time.monotonic() - began
            if self._closed or self._size >= WAITING:
                return False
            self._messages.append(message)
            self._size += size
            self._changed.notify_all()
        return True

    def fail(self, error: VolvelleError) -> None:
        """A receiver cannot go on: what waits is appended, then `drain` raises this."""
        with self._changed:
            self._error = self._error or error
            self._closed = True
            self._changed.notify_all()

    @contextmanager
    def guard(self) -> Iterator[None]:
        """What breaks inside ends `drain` with an error: a receiver never falls silent unseen."""
        try:
            yield
        except BaseException as error:
            self.fail(ContractBroken(f"a receiver broke: {error!r}"))
            raise

    def close(self) -> None:
        """Take no more; what waits is still appended. May be called from a signal handler."""
        self._closed = True

    @property
    def closed(self) -> bool:
        """Whether receivers should end."""
        return self._closed

    def drain(self, table: Growing, seconds: float | None = None, watch: Callable[[Tally], None] | None = None) -> None:
        """Append what comes until `close`, or until `seconds` are over.

        Raises:
            InputError: a receiver cannot go on, or the table cannot be written.
            ContractBroken: a receiver broke.
        """
        began = time.monotonic()
        try:
            while True:
                if seconds is not None and time.monotonic() - began >= seconds:
                    self.close()
                batch = self._batch()
                if batch:
                    self._append(table, batch)
                elif self._closed:
                    break
                self.tally.seconds = time.monotonic() - began
                if watch:
                    watch(self.tally)
        finally:
            with self._changed:
                self._closed = True
                self._changed.notify_all()
        if self._error:
            raise self._error

    def _batch(self) -> list[Message]:
        """The messages of the next batch; none when nothing came for a moment."""
        with self._changed:
            self._changed.wait_for(lambda: self._messages or self._closed, _TICK)
            if not self._messages:
                return []
            until = time.monotonic() + SECONDS
            while self._size < ROWS and not self._closed and (left := until - time.monotonic()) > 0:
                more = self._changed.wait(min(left, _QUIET if self._messages[-1].hurry else _TICK))
                if not more and self._messages[-1].hurry:
                    break
            batch, size = [], 0
            while self._messages and size < ROWS:
                batch.append(self._messages.popleft())
                size += len(batch[-1].records) + len(batch[-1].aside)
            return batch

    def _append(self, table: Growing, batch: list[Message]) -> None:
        records = [record for message in batch for record in message.records]
        aside = [misfit for message in batch for misfit in message.aside]
        done = table.append(records, aside)
        self._count(done, batch, aside)
        fates = [""] * len(records)
        for position in done.again:
            fates[position] = "repeated"
        for position, misfit in done.misfits.items():
            fates[position] = misfit.why
        start = 0
        for message in batch:
            end = start + len(message.records)
            if message.answer:
                message.answer(fates[start:end])
            start = end
        with self._changed:
            self._size -= len(records) + len(aside)
            self._changed.notify_all()

    def _count(self, done: Appended, batch: list[Message], aside: list[Misfit]) -> None:
        tally = self.tally
        if done.new and tally.rows:
            tally.new += done.new
            self.tell(f"new columns: {', '.join(done.new)}; earlier rows lack them")
        if done.widened:
            tally.widened += done.widened
            self.tell(f"columns of whole numbers that now hold numbers: {', '.join(done.widened)}")
        tally.messages += len(batch)
        tally.rows += done.rows
        tally.repeated += done.repeated
        tally.last = datetime.now(UTC)
        for misfit in [*aside, *done.misfits.values()]:
            if misfit.kind not in tally.example:
                tally.example[misfit.kind] = misfit.why
                self.tell(f"set aside: {misfit.why}")
            tally.aside[misfit.kind] += 1
