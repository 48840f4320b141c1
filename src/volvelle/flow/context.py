"""What the runner gives a stage besides records: the store, the tracked spec, files, progress, the seal."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from volvelle import catalog
from volvelle.data.listing import found_by, names_digest
from volvelle.errors import NotFound
from volvelle.flow.closure import Code, rested, stamp
from volvelle.flow.ledger import Ledger
from volvelle.flow.store import Store
from volvelle.spec.requirements import Spec

Notify = Callable[[str, dict[str, Any]], None]
"""Told of progress: an event name and its facts."""
_ONCE = "read once"
"""Noted for what has no digest; nothing present equals it."""
_PRESENT = " (present)"
"""After the key of a record: only whether the spec has it."""


def digest_json(value: Any) -> str:
    """The hash of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=msgspec.to_builtins).encode()).hexdigest()


def value_at(spec: Spec, path: str) -> Any:
    """The value of a dotted key of the spec, as plain data."""
    value: Any = spec
    for part in path.removesuffix(_PRESENT).split(".") if path else []:
        value = getattr(value, part, None) if value is not None else None
    return value is not None if path.endswith(_PRESENT) else msgspec.to_builtins(value)


class Tracked:
    """Stands for a record of the spec and notes which keys are read.

    Looking at a record as a whole (comparing, printing) notes all of it. A copy would go unwatched, so there is none.
    """

    __slots__ = ("_path", "_reads", "_record")

    def __init__(self, record: msgspec.Struct, reads: dict[str, str], path: str = "") -> None:
        self._record, self._reads, self._path = record, reads, path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"a stage reads single keys of the spec; {name!r} is none")
        value = getattr(self._record, name)
        path = f"{self._path}.{name}" if self._path else name
        if isinstance(value, msgspec.Struct):
            self._reads[path + _PRESENT] = digest_json(True)
            return Tracked(value, self._reads, path)
        self._reads[path] = digest_json(value)
        return value

    def _whole(self) -> msgspec.Struct:
        self._reads[self._path] = digest_json(self._record)
        return self._record

    def __eq__(self, other: object) -> bool:
        return self._whole() == (other._whole() if isinstance(other, Tracked) else other)

    def __hash__(self) -> int:
        return hash(msgspec.json.encode(self._whole()))

    def __repr__(self) -> str:
        return repr(self._whole())

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("the spec of a stage cannot be copied or sent elsewhere; hand on the values that are needed")


class Needs:
    """Everything that one execution of a stage depended on, noted while it runs."""

    def __init__(self, digest: Callable[[str, str], str] = lambda kind, key: "") -> None:
        self._digest = digest
        self.spec: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.live: dict[str, str] = {}
        self.extensions: dict[str, str] = {}
        self.groups: dict[str, str] = {}
        self.facts: dict[str, str] = {}
        self.made: list[str] = []

    def watch(self, event: str, group: str, name: str) -> None:
        """Note a look into the catalog, and what was found there: it may be edited while the stage runs."""
        kind, noted = {
            "load": ("extensions", self.extensions),
            "list": ("groups", self.groups),
            "fact": ("facts", self.facts),
        }[event]
        key = f"{group}/{name}" if name else group
        if key not in noted:
            # First, because finding the digest looks into the catalog as well.
            noted[key] = ""
            noted[key] = self._digest(kind, key)

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

    def place(self, root: str, now: Now) -> None:
        """Tell for which stage this is, and the present state of what it may depend on."""
        self.root, self.now, self.needs = root, now, Needs(now)

    def tracked(self, spec: Spec) -> Spec:
        """The spec, with every key that the stage reads noted."""
        return cast(Spec, Tracked(spec, self.needs.spec))

    def depends_on(self, path: Path, sha256: str) -> None:
        """Note that the stage read a file with this hash."""
        self.needs.files[os.path.relpath(path, self.folder)] = sha256

    def depends_on_names(self, pattern: str, digest: str) -> None:
        """Note that the stage read the files that a pattern finds, whose names have this digest."""
        self.needs.names[pattern] = digest

    def depends_on_live(self, name: str) -> None:
        """Note that the stage read what can change without a trace: it is executed again on every turn."""
        self.needs.live[name] = _ONCE

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
        roots = [self.root, *modules_of(self.needs.extensions)]
        return self.now.packages(roots) if self.now else {"python": ".".join(map(str, sys.version_info[:3]))}

    def unfinished(self) -> list[Any]:
        """What a killed execution of this stage left behind, if nothing that it depended on has changed since."""
        kept = self._ledger.recall("journal", self._journal()) if self.now else None
        if not kept or self.now is None or stale(kept["needs"], self.now):
            return []
        # What the killed execution looked up counts for this one, which will not do that part again.
        self.needs.extensions |= kept["needs"]["extensions"]
        self.needs.groups |= kept["needs"]["groups"]
        self.needs.facts |= kept["needs"]["facts"]
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
    if now == stamp(path) and rested(now):
        ledger.remember("file", str(path), [now, digest])
    return digest


def stale(needs: dict[str, Any], now: Callable[[str, str], str]) -> list[str]:
    """Which noted dependencies differ now, as sentences. `now(kind, key)` gives the present digest."""
    words = {
        "code": "code of {} changed",
        "packages": "package {} changed",
        "spec": "spec key {} changed",
        "variables": "environment variable {} changed",
        "files": "file {} changed",
        "names": "other files are found by {}",
        "live": "{} may have changed",
        "extensions": "code of {} changed",
        "groups": "the list of {} changed",
        "facts": "{} changed",
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

    def __init__(self, spec: Spec, code: Code, ledger: Ledger, inputs: dict[str, str], folder: Path) -> None:
        self._spec, self._code, self._ledger, self.inputs, self._folder = spec, code, ledger, inputs, folder

    def __call__(self, kind: str, key: str) -> str:
        if kind == "inputs":
            return self.inputs.get(key, "")
        if kind == "spec":
            return digest_json(value_at(self._spec, key))
        if kind == "files":
            return file_digest(self._folder / key, self._ledger)
        if kind == "names":
            return names_digest(found_by(key, self._folder))
        if kind == "live":
            return ""
        if kind == "variables":
            return digest_json(os.environ.get(key))
        if kind == "packages":
            return self._code.versions((key,))[key]
        if kind == "groups":
            return digest_json([c.names() for c in catalog.ALL if c.group == key])
        if kind == "facts":
            return _fact(key)
        if kind == "extensions":
            return "".join(self._code.closure(root).digest for root in modules_of([key]))
        return self._code.closure(key).digest

    def packages(self, roots: list[str]) -> dict[str, str]:
        """Versions of Python and of all distributions that the roots reach."""
        reached = {p for root in roots for p in self._code.closure(root).packages}
        return self._code.versions(("python", *sorted(reached)))

    def variables(self, roots: list[str]) -> dict[str, str]:
        """Digests of all environment variables that the roots read."""
        names = sorted({v for root in roots for v in self._code.closure(root).variables})
        return {name: self("variables", name) for name in names}


def _fact(key: str) -> str:
    """The digest of the literal ``group/name:CONSTANT``; '' if its file is gone."""
    group, _, rest = key.partition("/")
    name, _, constant = rest.partition(":")
    try:
        value = next(c for c in catalog.ALL if c.group == group).fact(name, constant)
    except NotFound:
        return ""
    return digest_json(sorted(map(repr, value)) if isinstance(value, set) else repr(value))


def modules_of(extensions: Iterable[str]) -> list[str]:
    """The modules that hold extensions named ``group/name``, without those that are gone."""
    found = []
    for extension in extensions:
        group, _, name = extension.partition("/")
        with contextlib.suppress(NotFound):
            found.append(next(c.module_name(name) for c in catalog.ALL if c.group == group))
    return found


def complete(needs: Needs, stage: str, inputs: dict[str, str], now: Now) -> dict[str, Any]:
    """The needs of a finished execution, with the digests of code and packages filled in."""
    roots = [stage, *modules_of(needs.extensions)]
    return {
        "code": {stage: now("code", stage)},
        "packages": now.packages(roots),
        "spec": dict(needs.spec),
        "variables": now.variables(roots),
        "files": dict(needs.files),
        "names": dict(needs.names),
        "live": dict(needs.live),
        "extensions": dict(needs.extensions),
        "groups": dict(needs.groups),
        "facts": dict(needs.facts),
        "inputs": inputs,
        "made": needs.made,
    }
