"""The closure of a function: the hash of its normalised source and of all project source that it reaches.

Nothing is imported to compute it, and a closure whose files have not been touched is looked up, so
an unchanged run stays light. Libraries count by their installed version; Volvelle itself, and any
module that belongs to no installed distribution, counts by its source.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

from volvelle.flow import modules
from volvelle.flow.ledger import Ledger


class Closure(NamedTuple):
    """What a root reaches."""

    digest: str
    """Of all reached project source."""
    packages: tuple[str, ...]
    """Distributions that are reached."""


class Code:
    """Computes closures and remembers them in the ledger with the state of the files that they were read from."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._facts: dict[str, modules.Facts | None] = {}
        self._files: dict[str, Path | None] = {}
        self._known: dict[str, Closure] = {}
        self._versions: dict[str, str] | None = None

    def closure(self, root: str) -> Closure:
        """The closure of ``module:name``, or of a whole ``module``."""
        if root not in self._known:
            kept = self._ledger.recall("closure", root)
            if kept and kept["python"] == sys.version and all(stamp(Path(f)) == s for f, s in kept["files"].items()):
                self._known[root] = Closure(kept["digest"], tuple(kept["packages"]))
            else:
                self._known[root] = self._compute(root)
        return self._known[root]

    def versions(self, packages: tuple[str, ...]) -> dict[str, str]:
        """Installed versions by distribution; absent ones read ''. Found from folder names alone."""
        if self._versions is None:
            self._versions = {}
            for entry in reversed([e for e in sys.path if e and os.path.isdir(e)]):
                for name in os.listdir(entry):
                    if name.endswith(".dist-info"):
                        distribution, _, version = name[: -len(".dist-info")].partition("-")
                        self._versions[distribution.lower().replace("_", "-").replace(".", "-")] = version
        return {p: self._versions.get(p, "") for p in packages}

    def stages(self, wheel: str) -> list[tuple[str, list[str], str]]:
        """The stages in a literal tuple ``module:NAME``: (``module:function``, parameters, record that comes out)."""
        module, _, name = wheel.partition(":")
        found = []
        facts = self._facts_of(module)
        for stage in facts["tuples"][name] if facts else ():
            place, attribute = self._resolve(module, stage)
            inner = self._facts_of(place)
            if inner is not None:
                found.append((f"{place}:{attribute}", *inner["functions"][attribute]))
        return found

    def _compute(self, root: str) -> Closure:
        module, _, name = root.partition(":")
        reached: dict[str, str] = {}
        libraries: set[str] = set()
        self._visit(module, name, reached, libraries)
        digest = hashlib.sha256("\n".join(f"{k} {reached[k]}" for k in sorted(reached)).encode()).hexdigest()
        closure = Closure(digest, tuple(sorted(_distributions(libraries))))
        read = [self._file(m) for m in sorted({k.partition(":")[0] for k in reached})]
        # How closures are computed is part of what they are.
        files = {str(f): stamp(f) for f in (*read, Path(__file__), Path(modules.__file__)) if f}
        self._ledger.remember(
            "closure",
            root,
            {"python": sys.version, "files": files, "digest": digest, "packages": closure.packages},
        )
        return closure

    def _visit(self, module: str, name: str, reached: dict[str, str], libraries: set[str]) -> None:
        """Walk everything that ``module:name`` reaches; an empty name stands for the whole module."""
        waiting = [(module, name)]
        while waiting:
            module, name = waiting.pop()
            key = f"{module}:{name}"
            if key in reached:
                continue
            facts = self._facts_of(module)
            if facts is None:
                libraries.add(module.partition(".")[0])
                continue
            reached[f"{module}:"] = reached.get(f"{module}:", facts["effects"][0])
            references = list(facts["effects"][1])
            if not name:
                reached[key] = facts["effects"][0] or "-"
                waiting += [(module, symbol) for symbol in facts["symbols"]]
            elif name in facts["symbols"]:
                reached[key], used = facts["symbols"][name]
                references += used
                if modules.DYNAMIC & {r.rpartition(".")[2] for r in used}:
                    waiting += [(module, symbol) for symbol in facts["symbols"]]
            else:
                reached[key] = "-"
                references.append(name)
                waiting += [(star, name) for star in facts["stars"]]
            waiting += [target for r in references if (target := self._target(module, r))]

    def _target(self, module: str, reference: str) -> tuple[str, str] | None:
        """Where a dotted reference made in `module` leads, or None for locals and built-ins."""
        facts = self._facts_of(module)
        first, *rest = reference.split(".")
        if facts is None:
            return None
        if first in facts["symbols"]:
            return module, first
        if first not in facts["imports"]:
            return None
        return self._walk(*self._resolve(module, first), rest)

    def _walk(self, module: str, name: str, rest: list[str]) -> tuple[str, str]:
        while not name and rest:
            inner = f"{module}.{rest[0]}"
            facts = self._facts_of(module)
            if facts is None or rest[0] in facts["symbols"] or rest[0] in facts["imports"]:
                return self._resolve(module, rest[0]) if facts else (module, rest[0])
            if self._file(inner) is None:
                return module, rest[0]
            module, rest = inner, rest[1:]
        return module, name

    def _resolve(self, module: str, name: str) -> tuple[str, str]:
        """Follow imports to where a name is defined; a module is (module, "")."""
        for _ in range(20):
            facts = self._facts_of(module)
            if facts is None or not name or name in facts["symbols"] or name not in facts["imports"]:
                break
            module, name = facts["imports"][name]
            if name and self._facts_of(f"{module}.{name}") is not None and not self._defines(module, name):
                module, name = f"{module}.{name}", ""
        return module, name

    def _defines(self, module: str, name: str) -> bool:
        facts = self._facts_of(module)
        return facts is not None and (name in facts["symbols"] or name in facts["imports"])

    def _file(self, module: str) -> Path | None:
        if module not in self._files:
            self._files[module] = modules.find(module)
        return self._files[module]

    def _facts_of(self, module: str) -> modules.Facts | None:
        """The facts of a project module; None for a library."""
        if module not in self._facts:
            path = self._file(module) if _ours(module) else None
            self._facts[module] = None
            if path is not None:
                self._facts[module] = modules.read(
                    path.read_text(encoding="utf-8"), module, package=path.name == "__init__.py"
                )
        return self._facts[module]


def stamp(path: Path) -> list[int]:
    """What changes when a file is written: size, times of content and inode, inode number."""
    try:
        state = path.stat()
    except OSError:
        return []
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]


def _ours(module: str) -> bool:
    """Whether a module counts by its source: Volvelle, or a module that no distribution installed."""
    top = module.partition(".")[0]
    if top == "volvelle":
        return True
    if top in sys.stdlib_module_names or top in sys.builtin_module_names:
        return False
    path = modules.find(top)
    return path is not None and not {"site-packages", "dist-packages"} & set(path.parts)


def _distributions(libraries: set[str]) -> set[str]:
    """Distribution names of top-level modules; the standard library is Python itself."""
    outside = libraries - sys.stdlib_module_names - {""}
    if not outside:
        return set()
    metadata: Any = importlib.import_module("importlib.metadata")
    by_module = metadata.packages_distributions()
    return {d.lower().replace("_", "-").replace(".", "-") for m in outside for d in by_module.get(m, ())}
