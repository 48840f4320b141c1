"""The supervisor: starts the workers, keeps them alive, follows the champion, settles the log.

It answers nothing itself. It holds the listening socket, so that a worker which dies loses only what it had taken up;
another release is loaded by every worker beside the old one, so that no request waits for it.
"""

from __future__ import annotations

import mmap
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec
import polars as pl
from msgspec.structs import replace

from volvelle.deploy import release as releasing
from volvelle.errors import InputError
from volvelle.model.limits import inspect
from volvelle.model.signature import Signature
from volvelle.serve.described import describe
from volvelle.serve.keeping import let_go
from volvelle.serve.library import Library
from volvelle.serve.log import remember, settle
from volvelle.serve.metrics import SLOT_BYTES, Meters
from volvelle.serve.orders import Note, Orders, Place, Setup
from volvelle.serve.service import LOG, Limits
from volvelle.spec.requirements import Extra, Record

_LOOK, _SETTLE, _WAIT = 1.0, 3.0, 30.0
_SOON, _LATE = 0.2, 10.0


class Plan(Record, frozen=True):
    """How a server is run."""

    live: str
    name: str
    """Of the model, in the paths of version 2."""
    limits: Limits = Limits()
    workers: int = 1
    certificate: str = ""
    key: str = ""
    challenger: str = ""
    """The folder of a release beside the champion."""
    canary: float = 0.0
    shadow: bool = False
    extra: Extra = "ignore"
    """What is done with a field that the champion does not know."""
    keep: float = 0.0
    """Seconds for which days of the log are kept; 0: for good."""


@dataclass(slots=True)
class _Hand:
    """One worker, as the supervisor sees it."""

    slot: int
    process: subprocess.Popen[bytes]
    control: socket.socket
    started: float
    taken: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    kept: bytes = b""


class Supervisor:
    """Runs a server until it is told to stop.

    Args:
        plan: how.
        listening: the socket on which requests come in.
        champion: the folder of the present champion; asked for once a second.
        build: compiles a release, where compiled C answers in the place of onnxruntime.
        extra: what the spec says now of fields that a champion does not know; asked for with each new champion.

    Raises:
        InputError: a release is damaged, or cannot be compiled.
        NotFound: there is no champion.
    """

    def __init__(
        self,
        plan: Plan,
        listening: socket.socket,
        champion: Callable[[], Path],
        build: Callable[[Path], Library] | None = None,
        extra: Callable[[], Extra] | None = None,
    ) -> None:
        self._plan, self._listening, self._champion, self._build = plan, listening, champion, build
        self._live = Path(plan.live)
        self._file = _shared(SLOT_BYTES * (plan.workers + 1))
        self._meters = Meters(mmap.mmap(self._file.fileno(), 0), plan.workers)
        self._hands: dict[int, _Hand] = {}
        self._again: dict[int, tuple[float, float]] = {}
        self._asked: list[tuple[_Hand, int]] = []
        self._selector = selectors.DefaultSelector()
        self._ending = threading.Event()
        self._settings, self._extra, self._unread = extra, plan.extra, ""
        self._folder = champion()
        self._refused: tuple[Path, float] = (Path(), 0.0)
        self._orders = self._drawn(self._folder, 1)
        self.signature, self.release = signature(self._folder), self._folder.name

    def start(self) -> None:
        """Start the workers and wait until each one answers.

        Raises:
            InputError: one does not start.
        """
        for slot in range(self._plan.workers):
            self._spawn(slot)
        deadline = time.monotonic() + _WAIT
        while any(hand.taken == 0 for hand in self._hands.values()):
            self._hear(0.1)
            lost = [hand for hand in self._hands.values() if hand.process.poll() is not None]
            if lost or time.monotonic() > deadline:
                self.stop()
                raise InputError("a worker did not start", where="volvelle serve", next_move="see the lines above")

    def run(self) -> None:
        """Look after everything until `end` is called."""
        settling = threading.Thread(target=self._settling, name="settling", daemon=True)
        settling.start()
        looked = time.monotonic()
        while not self._ending.is_set():
            self._hear(0.1)
            self._answer()
            self._revive()
            if time.monotonic() - looked > _LOOK:
                self.follow(asked=False)
                looked = time.monotonic()
        self.stop()
        settling.join()
        self.settle()

    def end(self, *_: Any) -> None:
        """Let `run` come to its end; may be a handler of signals."""
        self._ending.set()

    def follow(self, *, asked: bool = True) -> str:
        """Let the workers answer by the champion, if it changed; a sentence about it.

        One that was refused is tried again when somebody asks for it, or after a while. What the spec says of serving
        is taken up with another champion, and when somebody asks.
        """
        folder, refused, before = self._folder, self._refused, self._extra
        try:
            folder = self._champion()
            if folder == self._folder and not asked and not self._unread:
                return f"{folder.name} answers already"
            if not asked and refused[0] == folder and time.monotonic() < refused[1]:
                return f"{folder.name} was refused"
            self._extra = self._read()
            if (folder, self._extra) == (self._folder, before):
                return f"{folder.name} answers already{self._unread}"
            orders = self._drawn(folder, self._orders.number + 1)
        except (InputError, OSError) as error:
            self._refused, self._extra = (folder, time.monotonic() + _WAIT), before
            LOG.error("the champion stays as it is: %s", error)
            return f"the champion stays as it is: {error}"
        self._folder, self._orders = folder, orders
        for hand in self._hands.values():
            self._tell(hand, Note(orders=orders))
        deadline = time.monotonic() + _WAIT
        while time.monotonic() < deadline and not self._ending.is_set():
            if all(hand.taken == orders.number or orders.number in hand.failed for hand in self._hands.values()):
                break
            self._hear(0.05)
            self._revive()
        failed = [hand.failed[orders.number] for hand in self._hands.values() if orders.number in hand.failed]
        self._meters.add("model_swaps")
        said = (
            f"{folder.name} answers now{self._unread}"
            if not failed
            else f"{len(failed)} workers keep the old model: {failed[0]}"
        )
        LOG.log(40 if failed else 20, "%s", said)
        return said

    def settle(self) -> None:
        """Take up the journals and let go of old days; what fails is counted and tried again."""
        try:
            done = settle(self._live)
            gone = let_go(self._live, self._plan.keep, at=time.time_ns() // 1_000)
        except (OSError, InputError, pl.exceptions.PolarsError) as error:
            self._meters.add("log_failures")
            LOG.error("the log could not be settled: %s", error)
            return
        self._meters.add("log_settled_rows", done.predictions)
        self._meters.add("log_torn", done.torn)
        self._meters.add("log_let_go_rows", gone.rows)
        if gone.days:
            LOG.info("the log lets go of %d days and %d rows, as [monitor] keep says", gone.days, gone.rows)

    def stop(self) -> None:
        """Let every worker answer what it has, and end."""
        for hand in self._hands.values():
            if hand.process.poll() is None:
                hand.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + self._plan.limits.seconds + 5
        for hand in self._hands.values():
            try:
                hand.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                hand.process.kill()
                hand.process.wait()
            hand.control.close()
        self._listening.close()

    def _settling(self) -> None:
        while not self._ending.wait(_SETTLE):
            self.settle()

    def _read(self) -> Extra:
        """What the spec says now; one that cannot be read changes nothing, and is read again by and by."""
        try:
            found = self._settings() if self._settings else self._extra
        except (InputError, OSError) as error:
            told = f"; [serve] stays as it was: {error}"
            if told != self._unread:
                LOG.error("%s", told[2:])
            self._unread = told
            return self._extra
        self._unread = ""
        return found

    def _drawn(self, folder: Path, number: int) -> Orders:
        """The orders that make a release the one that answers, once it was checked."""
        champion = replace(self._checked(folder), extra=self._extra)
        remember(self._live, folder.name, signature(folder))
        plan, challenger = self._plan, None
        if plan.challenger and Path(plan.challenger) != folder:
            challenger = self._checked(Path(plan.challenger))
            remember(self._live, Path(plan.challenger).name, signature(Path(plan.challenger)))
        documents = describe(folder, plan.name, self._live, self._extra)
        return Orders(
            number=number,
            champion=champion,
            documents=str(documents),
            challenger=challenger,
            canary=plan.canary if challenger else 0.0,
            shadow=plan.shadow and challenger is not None,
        )

    def _checked(self, folder: Path) -> Place:
        """A release whose files are as they were and whose model keeps to what we know, compiled if that is wanted.

        Raises:
            InputError: a file was changed, the model is none, or its C does not answer as it does.
        """
        made = releasing.read(folder)
        inspect((folder / "model.onnx").read_bytes())
        return Place(folder=str(folder), digest=made.model, library=self._build(folder) if self._build else None)

    def _spawn(self, slot: int) -> None:
        ours, theirs = socket.socketpair()
        setup = Setup(
            live=self._plan.live,
            name=self._plan.name,
            slot=slot,
            socket=self._listening.fileno(),
            control=theirs.fileno(),
            memory=self._file.fileno(),
            limits=self._plan.limits,
            orders=self._orders,
            certificate=self._plan.certificate,
            key=self._plan.key,
        )
        handed = (self._listening.fileno(), theirs.fileno(), self._file.fileno())
        command = [sys.executable, "-m", "volvelle.serve.worker", msgspec.json.encode(setup).decode()]
        # More threads than one fight over the processor: a worker is one.
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        process = subprocess.Popen(command, pass_fds=handed, env=environment, stdin=subprocess.DEVNULL)
        theirs.close()
        ours.setblocking(False)
        self._hands[slot] = _Hand(slot, process, ours, time.monotonic())
        self._selector.register(ours, selectors.EVENT_READ, slot)

    def _revive(self) -> None:
        """Start workers again that ended; one that ends again and again waits longer each time."""
        now = time.monotonic()
        for slot, hand in list(self._hands.items()):
            if hand.process.poll() is None or self._ending.is_set():
                continue
            when, pause = self._again.get(slot, (0.0, _SOON))
            if not when:
                pause = _SOON if now - hand.started > _LATE else min(_LATE, pause * 2)
                self._again[slot] = (now + pause, pause)
                LOG.error("worker %d ended with %s", hand.process.pid, hand.process.returncode)
            elif now >= when:
                self._selector.unregister(hand.control)
                hand.control.close()
                self._again[slot] = (0.0, pause)
                self._meters.add("worker_restarts")
                self._spawn(slot)

    def _hear(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            hand = self._hands[key.data]
            try:
                data = hand.control.recv(65_536)
            except OSError:
                data = b""
            if not data:
                time.sleep(min(seconds, 0.02))
                continue
            *lines, hand.kept = (hand.kept + data).split(b"\n")
            for line in lines:
                note = msgspec.json.decode(line, type=Note)
                hand.taken = note.taken or hand.taken
                if note.failed:
                    hand.failed[note.failed] = note.answer
                if note.asked:
                    self._asked.append((hand, note.asked))

    def _answer(self) -> None:
        """Follow the champion for who asked; not from `_hear`, which `follow` itself waits in for the workers."""
        asked, self._asked = self._asked, []
        for hand, number in asked:
            answer = msgspec.json.encode({"told": self.follow()}).decode()
            self._tell(hand, Note(asked=number, answer=answer))

    def _tell(self, hand: _Hand, note: Note) -> None:
        try:
            hand.control.sendall(msgspec.json.encode(note) + b"\n")
        except OSError as error:
            LOG.error("worker %d does not hear: %s", hand.process.pid, error)


def _shared(size: int) -> IO[bytes]:
    """A file without a name, which workers inherit.

    Raises:
        InputError: there is no place for one.
    """
    try:
        made = tempfile.TemporaryFile()  # noqa: SIM115 (workers inherit it)
        made.truncate(size)
    except OSError as error:
        advice = "make room, or name another folder in TMPDIR"
        problem = f"no temporary file can be made: {error.strerror}"
        raise InputError(problem, where="volvelle serve", next_move=advice) from error
    return made


def signature(folder: Path) -> Signature:
    """What goes into a release and what comes out.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return msgspec.json.decode((folder / "signature.json").read_bytes(), type=Signature)
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(f"the signature cannot be read: {error}", where=str(folder)) from error
