"""A report of what cppcheck's MISRA addon finds in generated C.

The addon looks for violations of MISRA C:2012 that the text of a file shows; the texts of the rules are not free, so it
tells their numbers. It is no proof of compliance, and says nothing of rules that it does not know.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from volvelle.compiler.image import write
from volvelle.compiler.sources import Sources
from volvelle.errors import ContractBroken, MissingExtra

HELD = frozenset(
    "3.1 3.2 4.1 4.2 5.1 5.2 5.4 5.5 5.6 5.7 6.1 6.2 7.1 7.3 7.4 8.1 8.2 8.4 8.5 8.6 8.8 8.10 8.14 9.2 "
    "9.3 9.4 9.5 10.2 11.1 11.2 11.3 11.4 11.5 11.6 11.7 11.8 12.2 13.6 14.1 15.1 15.2 15.3 16.1 "
    "16.2 16.3 16.4 16.5 16.6 16.7 17.1 17.2 17.3 17.6 18.7 18.8 20.1 20.2 20.3 20.4 20.5 20.7 20.8 20.10 "
    "20.11 20.12 20.13 20.14 21.1 21.2 21.3 21.4 21.5 21.6 21.7 21.8 21.9 21.10 21.11 21.12 22.5 22.7 "
    "22.8 22.9 22.10".split()
)
"""Rules of which the compiler writes no violation: a test holds it to them on random graphs."""
_FOUND = re.compile(r"misra-c2012-(\d+\.\d+) (\S+)")


def version() -> str:
    """The checker and its version.

    Raises:
        MissingExtra: there is none.
    """
    if shutil.which("cppcheck") is None:
        raise MissingExtra(
            "a report on MISRA needs cppcheck, which is not on this machine",
            where="--misra",
            next_move="Debian: apt-get install cppcheck; others: https://cppcheck.sourceforge.io",
        )
    return subprocess.run(["cppcheck", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def violations(many: Iterable[Sources]) -> dict[str, list[str]]:
    """Places of violations, such as ``model.c:7``, by the numbers of the rules, lowest first.

    Raises:
        MissingExtra: there is no cppcheck.
        ContractBroken: it ended with an error, such as where its addon is not installed.
    """
    version()
    with tempfile.TemporaryDirectory(prefix="volvelle-misra-") as place:
        folder = Path(place)
        names = []
        for sources in many:
            write(sources, folder)
            names.append(f"{sources.name}.c")
        command = ["cppcheck", "--addon=misra", "--std=c11", "--quiet", "--template={id} {file}:{line}", *names]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode or "misra" in done.stdout:
        raise ContractBroken(f"cppcheck ended with an error: {(done.stdout + done.stderr)[:1000]}")
    found: dict[str, list[str]] = {}
    for rule, at in _FOUND.findall(done.stderr):
        found.setdefault(rule, []).append(at)
    return dict(sorted(found.items(), key=lambda one: _number(one[0])))


def report(sources: Sources) -> str:
    """The report of one model as text: every rule that is violated, where, and those that are not.

    Raises:
        MissingExtra: there is no cppcheck.
    """
    found = violations([sources])
    digest = hashlib.sha256((sources.header + sources.source).encode()).hexdigest()
    broken = sorted(HELD & set(found), key=_number)
    lines = [
        f"MISRA C:2012, {sources.name}.h and {sources.name}.c (SHA-256 {digest})",
        f"{version()}, addon misra: what the text of the files shows; no proof of compliance",
        "",
        f"{sum(map(len, found.values()))} violations of {len(found)} rules:",
        *(
            f"  {rule:<6}{len(at):>6}  {', '.join(at[:3])}{', ...' if len(at) > 3 else ''}"
            for rule, at in found.items()
        ),
        "",
        f"Rules that Volvelle holds to: {len(HELD)}; violated: {', '.join(broken) or 'none'}",
        *_filled(sorted(HELD - set(broken), key=_number)),
        "",
    ]
    return "\n".join(lines)


def _number(rule: str) -> tuple[int, ...]:
    return tuple(map(int, rule.split(".")))


def _filled(rules: list[str]) -> list[str]:
    return [f"  {' '.join(rules[k : k + 18])}" for k in range(0, len(rules), 18)]
