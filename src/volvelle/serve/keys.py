"""API keys with roles, stored as hashes, and how often each may ask.

A key is 256 random bits, so that a plain SHA-256 of it is as hard to turn back as the key is to guess; what is stored
lets nobody in. Where there are no keys, everybody may predict, tell outcomes and see the state, and nobody is admin.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

import msgspec

from volvelle.errors import InputError
from volvelle.spec.requirements import Record

Role = Literal["predict", "outcomes", "watch", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
FILE = "keys.json"
_PREFIX = "vv_"


class Key(Record, frozen=True):
    """A key that was given out."""

    name: str
    """For people and logs; says nothing about the key."""
    role: Role
    digest: str
    """SHA-256 of the key."""
    made: str


def new_key(live: Path, role: Role) -> str:
    """Make a key and store its hash; the key itself is told once, here.

    Raises:
        InputError: the file of keys is damaged.
    """
    key = _PREFIX + secrets.token_urlsafe(32)
    path = live / FILE
    live.mkdir(parents=True, exist_ok=True)
    with (live / ".keys").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = read(live)
        made = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        known.append(Key(name=f"{role}-{secrets.token_hex(3)}", role=role, digest=_digest(key.encode()), made=made))
        temporary = path.with_name(f".new-{path.name}")
        content = msgspec.json.format(msgspec.json.encode(known), indent=1)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    return key


def read(live: Path) -> list[Key]:
    """The keys that were given out.

    Raises:
        InputError: the file is damaged.
    """
    try:
        return msgspec.json.decode((live / FILE).read_bytes(), type=list[Key])
    except FileNotFoundError:
        return []
    except OSError as error:
        advice = "let the user who serves read it"
        raise InputError(
            f"the keys cannot be read: {error.strerror}", where=str(live / FILE), next_move=advice
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(
            f"the keys are damaged: {error}", where=str(live / FILE), next_move="volvelle serve --new-key ROLE"
        ) from error


class Door:
    """Who may come in, for what, and how often.

    Args:
        live: where the keys lie.
        rate: requests a second of one key, or of one address where there are no keys; 0: any number.
    """

    def __init__(self, live: Path, rate: float = 0.0) -> None:
        self._live, self._rate = live, rate
        self._burst = max(1.0, rate)
        self._buckets: dict[str, tuple[float, float]] = {}
        self._stamp: tuple[int, int] | None = None
        self._keys: dict[str, Key] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the keys again where the file changed; damaged ones leave those that were known.

        Raises:
            InputError: the file is damaged.
        """
        try:
            state = (self._live / FILE).stat()
            stamp = (state.st_mtime_ns, state.st_ino)
        except FileNotFoundError:
            stamp = None
        except OSError as error:
            raise InputError(f"the keys cannot be read: {error.strerror}", where=str(self._live)) from error
        if stamp != self._stamp:
            self._keys = {key.digest: key for key in read(self._live)}
            self._stamp = stamp
        if len(self._buckets) > 10_000:
            self._buckets.clear()

    @property
    def open(self) -> bool:
        """Whether there are no keys."""
        return not self._keys

    @property
    def unguarded(self) -> bool:
        """Whether everybody may ask as often as they like."""
        return not self._keys and not self._rate

    def known(self, key: str) -> Key | None:
        """The record of a key that came with a request."""
        return self._keys.get(_digest(key.encode("latin-1", "replace"))) if key else None

    def status(self, key: str, role: Role) -> int:
        """200, or why not: 401 for no key that is known, 403 for one of another role."""
        if self.open:
            return 403 if role == "admin" else 200
        found = self.known(key)
        if found is None:
            return 401
        return 200 if found.role in (role, "admin") else 403

    def wait(self, who: str) -> float:
        """Seconds until `who` may ask again; 0 where it may now (a token bucket that holds one second's worth)."""
        if not self._rate:
            return 0.0
        now = time.monotonic()
        left, then = self._buckets.get(who, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._rate)
        if left < 1.0:
            self._buckets[who] = (left, now)
            return (1.0 - left) / self._rate
        self._buckets[who] = (left - 1.0, now)
        return 0.0


def _digest(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()
