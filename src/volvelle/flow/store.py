"""The content-addressed store: big things lie here and are named by their SHA-256.

Writes are atomic (a temporary file, then a rename), so a killed process leaves no half-written
object, and two processes that write the same object do not disturb each other. What is read is
hashed again: a damaged object counts as absent.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import TypeVar

import msgspec

from volvelle.errors import ContractBroken, InputError, NotFound

T = TypeVar("T", bound=msgspec.Struct)


def write_atomic(path: Path, content: bytes) -> None:
    """Write a whole file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".new-{os.getpid()}-{time.monotonic_ns()}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


class ObjectLost(NotFound):
    """An object that was in the store is absent or damaged; the stage that gave it can make it anew."""


class Store:
    """Objects of one project, below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._root = folder, str(folder)

    def put(self, content: bytes, *, sealed: bool = False) -> str:
        """Keep `content`; its SHA-256. A sealed object is not given out by `get`.

        Raises:
            InputError: it cannot be written.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest, sealed=sealed)
        try:
            if not path.exists() or path.stat().st_size != len(content):
                write_atomic(path, content)
        except OSError as error:
            raise InputError(
                f"an object of {len(content)} bytes cannot be kept: {error.strerror}",
                where=str(self.folder),
                next_move="make room, or let the folder be written; what was finished is kept",
            ) from error
        return digest

    def get(self, digest: str) -> bytes:
        """The object of this name.

        Raises:
            ObjectLost: absent or damaged.
            ContractBroken: it is sealed.
        """
        if not self._path(digest).exists() and self._path(digest, sealed=True).exists():
            raise ContractBroken(f"object {digest[:12]} is the sealed test side; only evaluation opens it")
        return self._read(self._path(digest), digest)

    def unseal(self, digest: str) -> bytes:
        """A sealed object. Its one caller counts the opening."""
        return self._read(self._path(digest, sealed=True), digest)

    def has(self, digest: str) -> bool:
        """Whether an object of this name lies here, sealed or not (its content is not read)."""
        # A turn asks this for hundreds of objects: plain strings cost a third of paths.
        name = f"{digest[:2]}/{digest[2:]}"
        return os.path.exists(f"{self._root}/objects/{name}") or os.path.exists(f"{self._root}/sealed/{name}")

    def put_record(self, record: msgspec.Struct) -> str:
        """Keep a record as JSON."""
        return self.put(msgspec.json.encode(record))

    def get_record(self, digest: str, kind: type[T]) -> T:
        """A record kept by `put_record`.

        Raises:
            ObjectLost: absent, damaged, or of another version of the record.
        """
        try:
            return msgspec.json.decode(self.get(digest), type=kind)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise ObjectLost(f"object {digest[:12]} is no {kind.__name__}: {error}") from error

    def _path(self, digest: str, *, sealed: bool = False) -> Path:
        return self.folder / ("sealed" if sealed else "objects") / digest[:2] / digest[2:]

    def _read(self, path: Path, digest: str) -> bytes:
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise ObjectLost(
                f"object {digest[:12]} is not in the store", next_move="run again; it will be made anew"
            ) from error
        if hashlib.sha256(content).hexdigest() != digest:
            path.unlink(missing_ok=True)
            raise ObjectLost(f"object {digest[:12]} is damaged", next_move="run again; it will be made anew")
        return content
