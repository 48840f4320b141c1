"""What a definition reaches: the graph of definitions that its names lead to, and its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from volvelle.flow import modules

Target = tuple[str, str]
"""Module and name; "" for the whole module."""
_LOAD = "<load>"
"""In place of a name: what importing the module does by itself."""
_DEEP = 20
"""Base classes above one another that are looked at."""


class Walk:
    """Collects everything that a root reaches.

    What is hashed is the graph: each definition with the positions of those that its names lead to, in the order
    in which they are found from the root. So a file may be renamed and imports reordered; a name that leads
    elsewhere changes the hash, though both ends were there before.
    """

    def __init__(
        self, facts_of: Callable[[str], modules.Facts | None], targets: Callable[[str, str], list[Target]]
    ) -> None:
        self._facts_of, self._targets = facts_of, targets
        self._found: dict[Target, tuple[str, list[tuple[str, list[Target]]]]] = {}
        self.modules: set[str] = set()
        self.libraries: set[str] = set()
        self.variables: set[str] = set()

    def visit(self, module: str, name: str) -> str:
        """Walk from ``module:name``, where an empty name stands for the whole module; the hash."""
        self._reach((module, name))
        acted: set[str] = set()
        while True:
            self._load()
            acting = {m: self._acts(m) for m in self.modules - acted}
            acted |= set(acting)
            fresh = sorted((acts, m) for m, acts in acting.items() if acts)
            if not fresh:
                break
            for _, module in fresh:
                self._reach((module, _LOAD))
        number = {target: str(position) for position, target in enumerate(self._found)}
        lines = [
            f"{digest} " + " ".join(f"{r}>{number.get(t) or t}" for r, targets in led for t in targets)
            for digest, led in self._found.values()
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _reach(self, root: Target) -> None:
        """Follow names, depth first."""
        waiting = [root]
        while waiting:
            target = waiting.pop()
            if target in self._found:
                continue
            facts = self._facts_of(target[0])
            if facts is None:
                self.libraries.add(target[0])
                continue
            self.modules.add(target[0])
            digest, led = self._step(target, facts)
            self._found[target] = digest, led
            waiting += [t for _, targets in reversed(led) for t in reversed(targets)]

    def _step(self, target: Target, facts: modules.Facts) -> tuple[str, list[tuple[str, list[Target]]]]:
        """The hash of one definition, and where its names lead."""
        module, name = target
        if not name:
            return "whole", [(symbol, [(module, symbol)]) for symbol in sorted(facts["symbols"])]
        led: list[tuple[str, list[Target]]] = []
        if name == _LOAD:
            digest, references = facts["effects"]
            led = [(c, [(module, c)]) for c in sorted(facts["classes"]) if self._registers(module, c, 0)]
        else:
            digest, references = facts["symbols"].get(name, ["-", []])
        for reference in references:
            if reference == modules.WHOLE:
                led.append((reference, [(module, "")]))
            elif reference.startswith("$"):
                self.variables.add(reference[1:])
            elif reference.startswith("!"):
                self.modules.add(reference[1:])
            else:
                led.append((reference, self._targets(module, reference)))
        return digest, led

    def _load(self) -> None:
        """Add the packages around every module that is reached, and what they all import."""
        waiting, seen = list(self.modules), set()
        self.modules = set()
        while waiting:
            module = waiting.pop()
            parent = module.rpartition(".")[0]
            facts = self._facts_of(module)
            if module in seen or (facts is None and not parent):
                continue
            seen.add(module)
            waiting.append(parent)
            if facts is None:
                continue
            self.modules.add(module)
            for origin, attribute in facts["loads"]:
                waiting += [origin, f"{origin}.{attribute}"] if attribute else [origin]
            # A library that is imported and never named is imported for what that does.
            self.libraries |= {bare for bare in facts["bare"] if self._facts_of(bare) is None}

    def _acts(self, module: str) -> str:
        """A hash if importing the module does more than define names, else ''."""
        facts = self._facts_of(module) or {"effects": [""], "classes": ()}
        registering = [c for c in facts["classes"] if self._registers(module, c, 0)]
        return str(facts["effects"][0]) + " ".join(registering)

    def _registers(self, module: str, name: str, depth: int) -> bool:
        """Whether defining this class tells a base class of ours about it."""
        facts = self._facts_of(module)
        if facts is None or name not in facts["classes"] or depth > _DEEP:
            return False
        for base in facts["classes"][name][0]:
            for place, found in self._targets(module, base):
                inner = self._facts_of(place)
                told = inner is not None and found in inner["classes"] and inner["classes"][found][1]
                if told or self._registers(place, found, depth + 1):
                    return True
        return False
