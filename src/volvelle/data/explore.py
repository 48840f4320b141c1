"""Explore: describe the columns, then ask every file in ``data/findings/`` what a person should know."""

from __future__ import annotations

from collections import Counter

import polars as pl
from msgspec.structs import replace

from volvelle.catalog import FINDINGS
from volvelle.data.finding import SEVERITIES, Example, Finding
from volvelle.data.profile import Profile, profile
from volvelle.data.records import Dataset
from volvelle.data.table import Asked, Table

MANY = 12
"""More findings of one name and severity are told as one."""


def explore(frame: pl.DataFrame, dataset: Dataset, asked: Asked) -> Profile:
    """The profile with its findings, the gravest first and what the spec accepts last.

    Raises:
        SpecError: no such target; near names are offered.
    """
    described = profile(frame, dataset, asked.target)
    table = Table(frame, described.columns, asked, dataset.notes)
    found = [finding for name in FINDINGS.names() for finding in FINDINGS.load(name).find(table)]
    private = {column for finding in found if finding.name == "personal" for column in finding.columns}
    told = [_settled(table, _masked(finding, private)) for finding in _folded(table, found)]
    return replace(described, findings=tuple(sorted(told, key=_place)))


def _place(finding: Finding) -> tuple[bool, int, str]:
    return finding.accepted, SEVERITIES.index(finding.severity), finding.name


def _settled(table: Table, finding: Finding) -> Finding:
    """With the line that accepts it, and whether the spec has it."""
    single = {f"{finding.name}:{column}" for column in finding.columns}
    accept = set(table.asked.accept)
    accepted = finding.key in accept or finding.name in accept or bool(single and single <= accept)
    key = finding.key if len(finding.columns) <= MANY else finding.name
    return replace(finding, accept="" if accepted else table.line("accept", key), accepted=accepted)


def _folded(table: Table, found: list[Finding]) -> list[Finding]:
    """Many findings of one kind as one, so that a table of two thousand columns stays readable."""
    counts = Counter(map(_kind, found))
    kept: list[Finding] = []
    for finding in found:
        many = counts[_kind(finding)]
        if many <= MANY:
            kept.append(finding)
            continue
        alike = [f for f in found if _kind(f) == _kind(finding)]
        if finding is alike[0]:
            columns = tuple(dict.fromkeys(c for f in alike for c in f.columns))
            sentence = f"{many} findings of this kind; the first: {finding.sentence}"
            aside = all(f.overrule.startswith("[data] ignore") for f in alike)
            overrule = table.line("ignore", *columns) if aside else ""
            kept.append(replace(finding, columns=columns, sentence=sentence, overrule=overrule))
    return kept


def _kind(finding: Finding) -> tuple[str, str, str]:
    return finding.name, finding.severity, finding.action


def _masked(finding: Finding, private: set[str]) -> Finding:
    """Cells of personal columns never leave the table."""
    shown = tuple(
        Example(row=e.row, cells={k: mask(v) if k in private else v for k, v in e.cells.items()})
        for e in finding.examples
    )
    return replace(finding, examples=shown)


def mask(cell: str) -> str:
    """A cell with all but its first letter hidden; marks such as @ stay.

    >>> mask("ana@example.com")
    'a**@*******.***'
    """
    return "".join(c if k == 0 or not c.isalnum() else "*" for k, c in enumerate(cell))
