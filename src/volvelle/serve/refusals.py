"""Counts what was let in and refused: whoever watches sees a contract that broke, and nothing of what was sent.

Reasons are ``absent`` (a field does not come), ``extra`` (one comes that the model does not know, where that is
refused), ``type`` (a cell of another type), ``missing`` and ``unseen`` (refused by policy), ``form`` (no JSON, or in no
known form), ``size``, ``late`` and ``answer`` (the model has no finite one). Who was not let in is not counted: anybody
can knock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

from volvelle.serve.forms import Refusal
from volvelle.serve.records import Unanswered

ASIDE = (401, 403, 404, 405, 429)
"""Statuses of requests that were not let in, or that asked for something else."""
_EVERY = 5.0


class Refusals:
    """What one worker refused since it was written down last.

    >>> refusals = Refusals()
    >>> for _ in range(3):
    ...     refusals.add("pumps-1", ("heat",), Refusal(422, "absent", field="heat", reason="absent"))
    >>> refusals.add("pumps-1", ("heat",), Refusal(401, "no key"))
    >>> [(one.reason, one.field, one.requests) for one in refusals.taken()], refusals.taken()
    ([('absent', 'heat', 3)], [])
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], Unanswered] = {}
        self._turn, self._since = threading.Lock(), 0.0

    def add(self, release: str, features: Collection[str], refusal: Refusal) -> None:
        """Count one request, under the name of a feature where it is about one of them."""
        if refusal.status in ASIDE:
            return
        at = time.time_ns() // 1_000
        field = refusal.field if refusal.field in features else ""
        key = (release, refusal.reason, field)
        with self._turn:
            known = self._counts.get(key)
            count, first = (known.requests + 1, known.at) if known else (1, at)
            self._counts[key] = Unanswered(
                at=first, until=at, release=release, reason=refusal.reason, field=field, requests=count
            )

    def due(self) -> bool:
        """Whether there is something that has waited for some seconds."""
        if not self._counts or time.monotonic() - self._since < _EVERY:
            return False
        self._since = time.monotonic()
        return True

    def taken(self) -> list[Unanswered]:
        """What was counted, which begins anew."""
        with self._turn:
            taken, self._counts = self._counts, {}
        return list(taken.values())
