"""What a worker does with a request, whichever way it came: may it, what does the model say, what is written down."""

from __future__ import annotations

import logging
import os
import re
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from volvelle.model.signature import ModelTask
from volvelle.serve.answering import Answerer, Answers, Row
from volvelle.serve.forms import Refusal, no_json
from volvelle.serve.journal import Journal
from volvelle.serve.keys import Door, Role
from volvelle.serve.metrics import Meters
from volvelle.serve.records import Answered, Cell, Counted, Outcome, Standing
from volvelle.serve.refusals import Refusals
from volvelle.spec.requirements import Record

LOG = logging.getLogger("volvelle.serve")
JSON = "application/json"
Numbers = NDArray[np.float32] | NDArray[np.float64]
_LEAST = 34
"""Bytes of the shortest record."""
_SEVERAL = re.compile(rb'\s*\{\s*"outcomes"\s*:')


class Limits(Record, frozen=True):
    """How much a request may ask for."""

    body: int = 4 * 2**20
    """Bytes of a body."""
    rows: int = 10_000
    rate: float = 0.0
    """Requests a second of one key, or of one address where there are no keys, in one worker; 0: any number."""
    seconds: float = 30.0
    """Until a request must have come in whole and be answered."""
    terse: bool = False
    """Whether errors leave out what was found."""
    told: bool = False
    """Whether a line of log is written of each request."""


class Call(msgspec.Struct, frozen=True, gc=False):
    """What the head of a request says about it."""

    key: str = ""
    address: str = ""
    id: str = ""
    """As the client gave it, where it is one that may be echoed."""
    trace: str = ""
    """W3C trace context."""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer of HTTP."""

    status: int
    content: bytes
    id: str
    media: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class Serving(NamedTuple):
    """Who answers."""

    champion: Answerer
    challenger: Answerer | None = None
    canary: float = 0.0
    """The share of requests that the challenger answers."""
    shadow: bool = False
    """Whether the challenger answers every request beside the champion, for the log alone."""

    def of(self, request: str) -> tuple[Answerer, Standing]:
        """Who answers a request: the same one each time."""
        if self.canary and self.challenger and zlib.crc32(request.encode()) < self.canary * 2**32:
            return self.challenger, "challenger"
        return self.champion, "champion"


class Said(msgspec.Struct, frozen=True, gc=False):
    """What was said to a request, and by whom."""

    request: str
    answerer: Answerer
    role: Standing
    answers: Answers
    start: float
    """Of the request, by `time.perf_counter`."""


class _Predictions(msgspec.Struct, gc=False):
    id: str
    release: str
    predictions: list[Any]
    probabilities: list[Any] | msgspec.UnsetType = msgspec.UNSET


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    outcome: Cell


class _Outcomes(msgspec.Struct, forbid_unknown_fields=True):
    outcomes: list[_Told]


class Service:
    """One worker's answers.

    Args:
        serving: who answers; set anew when the champion changes.
        limits: how much may be asked for.
        door: who may ask.
        journal: what is written down.
        meters: what is counted.
        later: calls a function when the answer is on its way.
    """

    def __init__(
        self,
        serving: Serving,
        limits: Limits,
        door: Door,
        journal: Journal,
        meters: Meters,
        later: Callable[..., Any],
    ) -> None:
        self.serving, self.limits, self.door, self.meters = serving, limits, door, meters
        self._journal, self._later, self._refusals = journal, later, Refusals()
        self._prefix, self._count = os.urandom(5).hex(), 0
        self._encoder = msgspec.json.Encoder()
        self.ready = True

    def predict(self, body: bytes, call: Call, _: str | None = None) -> Reply:
        """``POST /v1/predict``."""
        start = time.perf_counter()
        request = call.id or self.new_id()
        try:
            self.admit("predict", call)
            answerer, role = self.serving.of(request)
            rows = answerer.rows(body)
            self.few(len(rows))
            answers = answerer.answer(rows)
            self.log(Said(request, answerer, role, answers, start), rows, body)
            reply = Reply(200, self._said(request, answerer, answers), request)
        except Refusal as refusal:
            reply = self.refused(refusal, request, "predict")
        return self.done("predict", call, reply, time.perf_counter() - start)

    def done(self, route: str, call: Call, reply: Reply, seconds: float) -> Reply:
        """Count a request that has its reply, and write a line about it where that is wanted; the reply."""
        self.meters.request(route, reply.status, seconds)
        if self.limits.told:
            told = {"route": route, "status": reply.status, "id": reply.id, "us": int(seconds * 1e6)}
            LOG.info("request", extra={"told": told | ({"trace": call.trace} if call.trace else {})})
        return reply

    def few(self, rows: int) -> None:
        """Let as many rows be answered.

        Raises:
            Refusal: there are too many.
        """
        if rows > self.limits.rows:
            raise Refusal(413, f"{rows} rows; at most {self.limits.rows} are answered at once")

    def log(self, said: Said, rows: Sequence[Row], asked: bytes = b"", numbers: Numbers | None = None) -> None:
        """Write down and count what was said; where there is a shadow, it is asked behind the answer.

        Args:
            said: what was said, and by whom.
            rows: the cells in the order of the answerer's names; written down where there is nothing else.
            asked: the rows as JSON, which are written down as they are.
            numbers: the rows as a matrix in the order of the names.
        """
        answerer, role, answers = said.answerer, said.role, said.answers
        if b"\n" in asked or b"\r" in asked:
            asked = self._encoder.encode(msgspec.json.decode(asked))
        elif not asked and numbers is None:
            asked = self._encoder.encode({"columns": answerer.names, "data": rows})
        count = len(answers.predictions)
        single = numbers is not None and numbers.dtype == np.float32
        self._journal.append(
            Answered(
                id=said.request,
                at=time.time_ns() // 1_000,
                release=answerer.release,
                role=role,
                predictions=answers.predictions,
                names=() if numbers is None else answerer.names,
                matrix=b"" if numbers is None or single else numbers.tobytes(),
                columns=numbers.T.tobytes() if numbers is not None and single else b"",
                rows=msgspec.Raw(asked or b"[]"),
                scores=answers.content,
                us=int((time.perf_counter() - said.start) * 1e6),
            )
        )
        self.meters.add("shadow_rows" if role == "shadow" else "rows", count)
        if role == "challenger":
            self.meters.add("challenger_rows", count)
        elif self.serving.shadow and role == "champion":
            self._later(self._shadow, said, rows, asked, numbers)

    def outcomes(self, body: bytes, call: Call) -> Reply:
        """``POST /v1/outcomes``: what really happened, by the id of the row."""
        start = time.perf_counter()
        request = call.id or self.new_id()
        try:
            self.admit("outcomes", call)
            told = _told(body, self.serving.champion.signature.task)
            if len(told) > self.limits.rows:
                raise Refusal(413, f"{len(told)} outcomes; at most {self.limits.rows} are taken at once")
            at = time.time_ns() // 1_000
            for one in told:
                self._journal.append(Outcome(id=one.id, at=at, outcome=one.outcome))
            self.meters.add("outcomes", len(told))
            reply = Reply(200, self._encoder.encode({"id": request, "taken": len(told)}), request)
        except Refusal as refusal:
            reply = self.refused(refusal, request)
        return self.done("outcomes", call, reply, time.perf_counter() - start)

    def sketches(self, body: bytes, call: Call) -> Reply:
        """``POST /v1/sketchs``: what a device counted, one record."""
        start = time.perf_counter()
        request = call.id or self.new_id()
        try:
            self.admit("outcomes", call)
            if body[:3] != b"VS\x01" or len(body) < _LEAST or zlib.crc32(body[:-4]).to_bytes(4, "little") != body[-4:]:
                advice = "send the bytes that <name>_sketch_read wrote, all of them and no others"
                raise Refusal(422, "this is no record of a device, or a damaged one", next_move=advice)
            self._journal.append(Counted(sketch=body))
            self.meters.add("sketches")
            reply = Reply(200, self._encoder.encode({"id": request, "taken": 1}), request)
        except Refusal as refusal:
            reply = self.refused(refusal, request)
        return self.done("sketches", call, reply, time.perf_counter() - start)

    def admit(self, role: Role, call: Call) -> None:
        """Let a request in.

        Raises:
            Refusal: 401, 403 or 429.
        """
        if self.door.unguarded and role != "admin":
            return
        status = self.door.status(call.key, role)
        if status != 200:
            advice = "send a key as 'Authorization: Bearer KEY'" if status == 401 else "ask for a key with that role"
            missing = "no key that is known here" if status == 401 else f"the role {role!r} is needed"
            raise Refusal(status, missing, next_move=advice)
        wait = self.door.wait(call.key or call.address)
        if wait:
            raise Refusal(429, "too many requests", next_move=f"wait {wait:.3f} seconds")

    def new_id(self) -> str:
        """An id that no other request has."""
        self._count += 1
        return f"{self._prefix}{self._count:x}"

    def refused(self, refusal: Refusal, request: str, route: str = "other") -> Reply:
        """The reply to a request that gets no answer; it names the field, and in terse mode no data.

        Those that asked the model are counted for whoever watches.
        """
        if route in ("predict", "infer"):
            champion = self.serving.champion
            self._refusals.add(champion.release, champion.names, refusal)
        error: dict[str, Any] = {"problem": refusal.problem}
        for name, value in (("field", refusal.field), ("row", refusal.row), ("next", refusal.next_move)):
            if value:
                error[name] = value
        if refusal.found and not self.limits.terse:
            error["found"] = refusal.found
        headers = {401: (("WWW-Authenticate", "Bearer"),), 429: (("Retry-After", "1"),)}.get(refusal.status, ())
        return Reply(refusal.status, self._encoder.encode({"id": request, "error": error}), request, JSON, headers)

    def tick(self) -> None:
        """What is looked after once a second.

        Raises:
            InputError: the file of keys is damaged; those that were known stay.
        """
        if self._refusals.due():
            self._note()
        self.meters.put("log_lost_rows", self._journal.lost)
        self.door.refresh()

    def close(self) -> None:
        """Write down what waits."""
        self._note()
        self._journal.close()
        self.meters.put("log_lost_rows", self._journal.lost)

    def _note(self) -> None:
        for one in self._refusals.taken():
            self._journal.append(one)

    def _said(self, request: str, answerer: Answerer, answers: Answers) -> bytes:
        shares = answerer.probabilities(answers)
        return self._encoder.encode(_Predictions(request, answerer.release, answers.predictions, shares))

    def _shadow(self, said: Said, rows: Sequence[Row], asked: bytes, numbers: Numbers | None) -> None:
        """Ask the challenger what was asked of the champion; it sees the rows by name."""
        shadow, start = self.serving.challenger, time.perf_counter()
        if shadow is None:
            return
        try:
            names = said.answerer.names
            cells = rows if numbers is None else numbers.tolist()
            answers = shadow.answer(shadow.cells(names, cells))
        except Refusal:
            self.meters.add("shadow_failures")
            return
        self.log(Said(said.request, shadow, "shadow", answers, start), rows, asked, numbers)


def _told(body: bytes, task: ModelTask) -> list[_Told]:
    try:
        if _SEVERAL.match(body):
            found = msgspec.json.decode(body, type=_Outcomes).outcomes
        else:
            found = [msgspec.json.decode(body, type=_Told)]
    except msgspec.ValidationError as error:
        advice = 'send {"id": "...", "outcome": ...} or {"outcomes": [{...}, ...]}'
        raise Refusal(422, "these are no outcomes", found=str(error), next_move=advice) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise no_json(error) from None
    for row, one in enumerate(found, 1):
        if not 0 < len(one.id) <= 200:
            raise Refusal(422, "an id has 1 to 200 characters", field="id", row=row)
        if one.outcome is None:
            raise Refusal(422, "an outcome is absent", field="outcome", row=row)
        if task == "regression" and (isinstance(one.outcome, (str, bool))):
            raise Refusal(422, "the outcome is no number, as this model gives", field="outcome", row=row)
    return found
