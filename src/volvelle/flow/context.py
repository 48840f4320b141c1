"""What the runner gives a stage besides records: the store, the tracked spec, files, progress, the seal."""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from volvelle import catalog
from volvelle.flow.closure import Code, stamp
from volvelle.flow.ledger import Ledger
from volvelle.flow.store import Store
from volvelle.spec.requirements import Spec

Notify = Callable[[str, dict[str, Any]], None]
"""Told of progress: an event name and its facts."""
_STILL = 50_000_000
"""Nanoseconds that a file must have rested before its hash is remembered: a write within the same clock
tick would go unseen."""


def digest_json(value: Any) -> str:
    """The hash of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=msgspec.to_builtins).encode()).hexdigest()


def value_at(spec: Spec, path: str) -> Any:
    """The value of a dotted key of the spec, as plain data."""
    value: Any = spec
    for part in path.split(".") if path else []:
        value = getattr(value, part) if value is not None else None
    return msgspec.to_builtins(value)


class Tracked:
    """Stands for a record of the spec and notes which keys are read."""

    __slots__ = ("_path", "_reads", "_record")

    def __init__(self, record: msgspec.Struct, reads: dict[str, str], path: str = "") -> None:
        self._record, self._reads, self._path = record, reads, path

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._record, name)
        path = f"{self._path}.{name}" if self._path else name
        if isinstance(value, msgspec.Struct):
            return Tracked(value, self._reads, path)
        self._reads[path] = digest_json(value)
        return value


class Needs:
    """Everything that one execution of a stage depended on, noted while it runs."""

    def __init__(self) -> None:
        self.spec: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.extensions: dict[str, str] = {}
        self.groups: dict[str, str] = {}
        self.made: list[str] = []

    def watch(self, event: str, group: str, name: str) -> None:
        """Note a look into the catalog."""
        if event == "load":
            self.extensions[f"{group}/{name}"] = ""
        else:
            self.groups[group] = ""

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Note looks into the catalog for a while."""
        catalog.observers.append(self.watch)
        try:
            yield
        finally:
            catalog.observers.remove(self.watch)


class Context:
    """What a stage may touch besides its records.

    Args:
        folder: where the spec lies; relative paths of the spec start here.
        store: the project's objects.
        ledger: the project's ledger.
        run: number of the run.
        notify: told of progress.
    """

    def __init__(self, folder: Path, store: Store, ledger: Ledger, run: int, notify: Notify) -> None:
        self.folder, self.run, self.notify = folder, run, notify
        self._store, self._ledger = store, ledger
        self.needs = Needs()
        self.root = ""
        """The stage, as ``module:function``."""
        self.now: Now | None = None
        """The present state of what it depends on; None outside a turn."""

    def tracked(self, spec: Spec) -> Spec:
        """The spec, with every key that the stage reads noted."""
        return cast(Spec, Tracked(spec, self.needs.spec))

    def depends_on(self, path: Path, sha256: str) -> None:
        """Note that the stage read a file with this hash."""
        self.needs.files[str(path)] = sha256

    def put(self, content: bytes, *, sealed: bool = False) -> str:
        """Keep an object in the store; its SHA-256."""
        digest = self._store.put(content, sealed=sealed)
        self.needs.made.append(digest)
        return digest

    def get(self, digest: str) -> bytes:
        """An object of the store."""
        return self._store.get(digest)

    def open_sealed(self, side: str, model: str) -> tuple[bytes, int]:
        """The sealed test side and how often it has now been opened. For `evaluate` alone."""
        count = self._ledger.open_side(side, self.run, model)
        return self._store.unseal(side), count

    def versions(self) -> dict[str, str]:
        """Versions of Python and of all packages that this stage and the extensions it has loaded reach."""
        roots = [self.root, *(_module(e) for e in self.needs.extensions)]
        return {"python": platform.python_version(), **(self.now.packages(roots) if self.now else {})}

    def unfinished(self) -> list[Any]:
        """What a killed execution of this stage left behind, if nothing that it depended on has changed since."""
        kept = self._ledger.recall("journal", self._journal()) if self.now else None
        if not kept or self.now is None or stale(kept["needs"], self.now):
            return []
        # What the killed execution looked up counts for this one, which will not do that part again.
        self.needs.extensions |= kept["needs"]["extensions"]
        self.needs.groups |= kept["needs"]["groups"]
        return list(kept["entries"])

    def keep_unfinished(self, entries: list[Any]) -> None:
        """Leave something for the next execution, should this one be killed."""
        if self.now is not None:
            needs = complete(self.needs, self.root, self.now.inputs, self.now)
            self._ledger.remember("journal", self._journal(), {"needs": needs, "entries": entries})

    def _journal(self) -> str:
        return digest_json([self.root, self.now.inputs if self.now else {}])


def file_digest(path: Path, ledger: Ledger) -> str:
    """SHA-256 of a file, or '' if it is absent; looked up while its state has not changed."""
    now = stamp(path)
    kept = ledger.recall("file", str(path))
    if kept and now and kept[0] == now:
        return str(kept[1])
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
    if now == stamp(path) and time.time_ns() - now[1] > _STILL:
        ledger.remember("file", str(path), [now, digest])
    return digest


def stale(needs: dict[str, Any], now: Callable[[str, str], str]) -> list[str]:
    """Which noted dependencies differ now, as sentences. `now(kind, key)` gives the present digest."""
    words = {
        "code": "code of {} changed",
        "packages": "package {} changed",
        "spec": "spec key {} changed",
        "files": "file {} changed",
        "extensions": "code of {} changed",
        "groups": "the list of {} changed",
        "inputs": "{} changed",
    }
    return [
        words[kind].format(key)
        for kind in words
        for key, digest in needs.get(kind, {}).items()
        if now(kind, key) != digest
    ]


class Now:
    """The present digest of anything that a stage can depend on."""

    def __init__(self, spec: Spec, code: Code, ledger: Ledger, inputs: dict[str, str]) -> None:
        self._spec, self._code, self._ledger, self.inputs = spec, code, ledger, inputs

    def __call__(self, kind: str, key: str) -> str:
        if kind == "inputs":
            return self.inputs.get(key, "")
        if kind == "spec":
            return digest_json(value_at(self._spec, key))
        if kind == "files":
            return file_digest(Path(key), self._ledger)
        if kind == "packages":
            return self._code.versions((key,))[key]
        if kind == "groups":
            return digest_json([c.names() for c in catalog.ALL if c.group == key])
        if kind == "extensions":
            return self._code.closure(_module(key)).digest
        return self._code.closure(key).digest

    def packages(self, roots: list[str]) -> dict[str, str]:
        """Versions of all distributions that the roots reach."""
        reached = sorted({p for root in roots for p in self._code.closure(root).packages})
        return self._code.versions(tuple(reached))


def _module(extension: str) -> str:
    group, _, name = extension.partition("/")
    return next(c.module_name(name) for c in catalog.ALL if c.group == group)


def complete(needs: Needs, stage: str, inputs: dict[str, str], now: Now) -> dict[str, Any]:
    """The needs of a finished execution, with the digests of code and packages filled in."""
    roots = [stage, *(_module(e) for e in needs.extensions)]
    return {
        "code": {stage: now("code", stage)},
        "packages": now.packages(roots),
        "spec": dict(needs.spec),
        "files": dict(needs.files),
        "extensions": {e: now("extensions", e) for e in needs.extensions},
        "groups": {g: now("groups", g) for g in needs.groups},
        "inputs": inputs,
        "made": needs.made,
    }
