"""The closure of a function: the hash of its normalised source and of all project source that it reaches.

Nothing is imported to compute it, and a closure whose files have not been touched is looked up, so
an unchanged run stays light. What a name leads to is followed through imports, re-exports and star imports;
what merely runs when a module is imported counts for everything that imports it. Libraries count by their
installed version; Volvelle itself, and any module that belongs to no installed distribution, counts by its source.

Out of sight are files that code opens by itself, and modules that it imports by a name made at run time
elsewhere than through a catalog.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from volvelle.errors import ContractBroken, InputError
from volvelle.flow import modules, reach
from volvelle.flow.installed import distributions, installed, plain, standard
from volvelle.flow.ledger import Ledger
from volvelle.flow.reach import Target, Walk

STILL = 50_000_000
"""Nanoseconds that a file must have rested before what it held is remembered: a write within the same clock
tick would go unseen."""
_DEEP = 20
"""Re-exports that are followed."""
_loaded: dict[str, str] = {}
"""Hash of each source file when this process first ran code that reaches it."""


class Closure(NamedTuple):
    """What a root reaches."""

    digest: str
    """Of all reached project source."""
    packages: tuple[str, ...]
    """Distributions that are reached, and modules that are wanted and absent."""
    variables: tuple[str, ...]
    """Environment variables that are read by name."""
    files: tuple[str, ...]
    """Source files that are reached."""


class Code:
    """Computes closures and remembers them in the ledger with the state of the files that they were read from."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._facts: dict[str, modules.Facts | None] = {}
        self._places: dict[str, modules.Place | None] = {}
        self._known: dict[str, Closure] = {}
        self._stamps: dict[str, list[int]] = {}
        self._versions: dict[str, str] | None = None

    def forget(self) -> None:
        """Look at every file anew."""
        for memory in (self._facts, self._places, self._known, self._stamps):
            memory.clear()
        self._versions = None

    def closure(self, root: str) -> Closure:
        """The closure of ``module:name``, or of a whole ``module``."""
        if root not in self._known:
            kept = self._ledger.recall("closure", root)
            if kept and self._stands(kept):
                names = (kept[k] for k in ("packages", "variables", "files"))
                self._known[root] = Closure(kept["digest"], *(tuple(n) for n in names))
            else:
                self._known[root] = self._compute(root)
        return self._known[root]

    def versions(self, packages: tuple[str, ...]) -> dict[str, str]:
        """Installed versions by distribution, and Python's own; absent ones read ''. Found from folder names alone."""
        if self._versions is None:
            self._versions = {}
            for entry in reversed([e for e in sys.path if e and os.path.isdir(e)]):
                for name in os.listdir(entry):
                    if name.endswith(".dist-info"):
                        distribution, _, version = name[: -len(".dist-info")].partition("-")
                        self._versions[plain(distribution)] = version
            self._versions["python"] = ".".join(map(str, sys.version_info[:3]))
        return {p: self._versions.get(p, "") for p in packages}

    def stages(self, wheel: str) -> list[tuple[str, list[str], str]]:
        """The stages in a literal tuple ``module:NAME``: (``module:function``, parameters, record that comes out).

        Raises:
            ContractBroken: there is no such tuple, or it holds something else than plain annotated functions.
        """
        kept = self._ledger.recall("stages", wheel)
        if kept and self._stands(kept):
            return [(root, parameters, result) for root, parameters, result in kept["stages"]]
        found, read = self._read_stages(wheel)
        self._remember("stages", wheel, {"stages": found}, {m: f for m in read if (f := self._file(m))}, [])
        return found

    def _read_stages(self, wheel: str) -> tuple[list[tuple[str, list[str], str]], set[str]]:
        """The stages in a wheel, and the modules that were read for it."""
        module, _, name = wheel.partition(":")
        facts = self._facts_of(module)
        if facts is None or name not in facts["tuples"]:
            raise ContractBroken(f"{wheel} is no literal tuple of stages; write NAME = (stage, stage, ...) there")
        found, read = [], {module}
        for stage in facts["tuples"][name]:
            targets = self._targets(module, stage)
            place, attribute = targets[0] if targets else ("", "")
            inner = self._facts_of(place) if place else None
            read |= {place, *(m for m, f in self._facts.items() if f is not None)}
            shape = inner["functions"].get(attribute) if inner else None
            if shape is None or not shape[1]:
                raise ContractBroken(f"{stage!r} in {wheel} is no plain function annotated with the record it gives")
            found.append((f"{place}:{attribute}", shape[0], shape[1].rpartition(".")[2]))
        return found, read

    def hold(self, roots: list[str]) -> None:
        """Note that this process is about to run the code of `roots`.

        Raises:
            InputError: it ran code of these files before, and they were edited since: what would run is the old code.
        """
        for file in sorted({f for root in roots for f in self.closure(root).files}):
            now = hashlib.sha256(Path(file).read_bytes()).hexdigest()
            if _loaded.setdefault(file, now) != now:
                raise InputError(
                    "this file was edited after this Python process had loaded it, so the old code would run",
                    where=file,
                    next_move="restart Python (in a notebook: restart the kernel) and run again",
                )

    def _stands(self, kept: dict[str, Any]) -> bool:
        """Whether a closure that was remembered would come out again."""
        return (
            kept.get("python") == sys.version
            and all(self._stamp(f) == s for f, s in kept["stamps"].items())
            and all(str(self._file(m)) == f for m, f in kept["tops"].items())
            and all(self._place(m) is None for m in kept["absent"])
        )

    def _stamp(self, file: str) -> list[int]:
        if file not in self._stamps:
            self._stamps[file] = stamp(Path(file))
        return self._stamps[file]

    def _compute(self, root: str) -> Closure:
        module, _, name = root.partition(":")
        walk = Walk(self._facts_of, self._targets)
        digest = walk.visit(module, name)
        read = {m: f for m in sorted(walk.modules) if (f := self._file(m))}
        absent = sorted(m for m in walk.libraries if self._place(m) is None and m not in standard())
        closure = Closure(
            digest,
            tuple(sorted(distributions({m.partition(".")[0] for m in walk.libraries}))),
            tuple(sorted(walk.variables)),
            tuple(sorted(map(str, read.values()))),
        )
        self._remember("closure", root, closure._asdict(), read, absent)
        return closure

    def _remember(self, kind: str, key: str, value: dict[str, Any], read: dict[str, Path], absent: list[str]) -> None:
        """Keep what was found with the state of everything that it was read from."""
        # How it is found is part of what it is.
        own = (__file__, str(modules.__file__), str(reach.__file__))
        stamps = {f: self._stamp(f) for f in (*map(str, read.values()), *own)}
        tops = {m: str(f) for m, f in read.items() if m.partition(".")[0] != "volvelle"}
        if all(map(rested, stamps.values())):
            kept = {"python": sys.version, "stamps": stamps, "tops": tops, "absent": absent}
            self._ledger.remember(kind, key, {**kept, **value})

    def _targets(self, module: str, reference: str) -> list[Target]:
        """Where a reference made in `module` leads; nothing for locals and built-ins."""
        facts = self._facts_of(module)
        if reference.startswith("="):
            origin, _, dotted = reference[1:].partition("|")
            return self._from(origin, dotted.split(".") if dotted else [])
        if facts is None:
            return []
        first, *rest = reference.split(".")
        found: list[Target] = [(module, first)] if first in facts["symbols"] else []
        for origin, attribute in facts["imports"].get(first, ()):
            found += self._from(origin, [attribute, *rest] if attribute else rest)
        return found or [t for star in facts["stars"] for t in self._through(star, [first, *rest], 0)]

    def _from(self, module: str, parts: list[str], depth: int = 0) -> list[Target]:
        """Where an attribute path of a module leads."""
        facts = self._facts_of(module)
        if not parts or depth > _DEEP:
            return [(module, "")]
        name, rest = parts[0], parts[1:]
        inner = f"{module}.{name}"
        if facts is None:
            return self._from(inner, rest, depth + 1) if self._facts_of(inner) else [(module, name)]
        found: list[Target] = [(module, name)] if name in facts["symbols"] else []
        for origin, attribute in facts["imports"].get(name, ()):
            found += self._from(origin, [attribute, *rest] if attribute else rest, depth + 1)
        if not found and self._file(inner) is not None:
            return self._from(inner, rest, depth + 1)
        for star in facts["stars"] if not found else ():
            found += self._through(star, parts, depth + 1)
        if not found and (name in ("__name__", "__dict__") or "__getattr__" in facts["symbols"]):
            return [(module, "")]
        return found or [(module, name)]

    def _through(self, star: str, parts: list[str], depth: int) -> list[Target]:
        """Where a name leads if a star import gives it."""
        facts = self._facts_of(star)
        if facts is None:
            return [(star, parts[0])]
        gives = parts[0] in facts["symbols"] or parts[0] in facts["imports"] or bool(facts["stars"])
        return [*self._from(star, parts, depth), (star, "__all__")] if gives and depth < _DEEP else []

    def _place(self, module: str) -> modules.Place | None:
        if module not in self._places:
            self._places[module] = modules.locate(module)
        return self._places[module]

    def _file(self, module: str) -> Path | None:
        place = self._place(module)
        return place.file if place else None

    def _facts_of(self, module: str) -> modules.Facts | None:
        """The facts of a project module; None for a library, and for a folder that is no file."""
        if module not in self._facts:
            path = self._file(module) if self._ours(module) else None
            self._facts[module] = None
            if path is not None:
                # Before the text is read, so that a write in between is not taken for what was read.
                self._stamp(str(path))
                try:
                    self._facts[module] = modules.read(
                        path.read_text(encoding="utf-8"),
                        module,
                        package=path.name == "__init__.py",
                        foreign=lambda name: not self._ours(name),
                    )
                except (SyntaxError, UnicodeDecodeError) as error:
                    place = f"{path}:{error.lineno}" if isinstance(error, SyntaxError) else str(path)
                    raise InputError(f"this is not Python: {error.args[0]}", where=place) from error
        return self._facts[module]

    def _ours(self, module: str) -> bool:
        """Whether a module counts by its source: Volvelle, or a module that no distribution has installed there."""
        top = module.partition(".")[0]
        if top == "volvelle":
            return True
        if top in standard():
            return False
        place = self._place(top)
        return place is not None and bool(place.entry) and not installed(top, place.entry)


def stamp(path: Path) -> list[int]:
    """What changes when a file is written: size, times of content and inode, inode number."""
    try:
        state = path.stat()
    except OSError:
        return []
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]


def rested(state: list[int]) -> bool:
    """Whether a file of this `stamp` was left alone long enough for a later write to show in it."""
    return bool(state) and time.time_ns() - max(state[1], state[2]) > STILL
