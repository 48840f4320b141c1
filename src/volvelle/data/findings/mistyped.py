"""Columns whose cells say another kind than they have: text that is mostly numbers, whole numbers that are dates.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": ["1", "2.5", "3", "n.a."] * 5}))
>>> found.counts, found.overrule[-7:]
({'numbers': 15, 'other': 5}, '"n.a."]')
"""

from __future__ import annotations

import polars as pl

from volvelle.data.finding import Finding
from volvelle.data.table import STAMP, Table, words
from volvelle.data.times import LOOKS_LIKE_TIME, parse_times
from volvelle.spec.write import name as key

_MOSTLY = 0.5
_TIME_WORDS = r"\d.*(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*.*\d|^\d{4}-(W\d{2}|\d{3}$)"
_TEXTS = 4
"""More different texts among the numbers are no marks for 'missing'."""


def find(table: Table) -> list[Finding]:
    """One finding a column; columns that the spec gives a role are left alone."""
    found = []
    for name, column in table.columns.items():
        declared = table.asked.features.get(name)
        if name == table.target or (declared and declared.role) or name in table.asked.ignore:
            continue
        if column.kind == "category" and column.distinct > 2:
            found += _mostly_numbers(table, name) or _mostly_times(table, name)
        elif column.kind == "integer" and STAMP.intersection(words(name)):
            found += _dates(table, name)
    return found


def _mostly_numbers(table: Table, name: str) -> list[Finding]:
    cells = table.frame[name]
    known = cells.len() - cells.null_count()
    # A glance decides whether the whole column is worth reading as numbers.
    glance = cells.drop_nulls().head(200)
    if glance.cast(pl.Float64, strict=False).null_count() > len(glance) * (1 - _MOSTLY / 2):
        return []
    odd = cells.cast(pl.Float64, strict=False).is_null() & cells.is_not_null()
    count = int(odd.sum())
    if not count or known - count < _MOSTLY * known:
        return []
    spelt = cells.filter(odd).alias("value").value_counts().sort(["count", "value"], descending=[True, False])
    few = len(spelt) <= _TEXTS
    texts = [str(v) for v in spelt["value"].head(_TEXTS)]
    return [
        Finding(
            name="mistyped",
            severity="medium" if few else "low",
            columns=(name,),
            sentence=f"{name!r} is text, yet {known - count:,} of {known:,} cells are numbers.",
            action="say which texts mean 'missing', or correct them"
            if few
            else "if it is a code, leave it as it is; if it is an amount, correct the other cells",
            counts={"numbers": known - count, "other": count},
            examples=table.examples(table.where(odd), [name]),
            overrule=table.line("missing", *texts) if few else "",
        )
    ]


def _mostly_times(table: Table, name: str) -> list[Finding]:
    """Text that times are written in, in several ways: no reader could know which is meant."""
    cells = table.frame[name]
    known = cells.len() - cells.null_count()
    times = cells.str.contains(LOOKS_LIKE_TIME) | cells.str.contains(_TIME_WORDS)
    count = int(times.sum())
    if count < _MOSTLY * known:
        return []
    reason = parse_times(cells.filter(times))[1] if count else ""
    return [
        Finding(
            name="mistyped",
            severity="medium",
            columns=(name,),
            sentence=f"{name!r} is text, yet {count:,} of {known:,} cells look like times: {reason}.",
            action="write all of them as ISO 8601 with a UTC offset",
            counts={"times": count, "other": known - count},
            examples=table.examples(table.where(~times), [name]),
        )
    ]


def _dates(table: Table, name: str) -> list[Finding]:
    column = table.columns[name]
    low, high = column.low or 0, column.high or 0
    day = low >= 19000101 and high <= 21001231 and (table.frame[name] % 100).is_between(1, 31).all()
    second = low >= 5e8 and high <= 4e9
    if not (day or second):
        return []
    form = "dates written as YYYYMMDD" if day else "seconds since 1970"
    return [
        Finding(
            name="mistyped",
            severity="medium",
            columns=(name,),
            sentence=f"{name!r} holds whole numbers that look like {form}.",
            action="write them as ISO 8601" if day else "declare it a time",
            counts={"cells": table.rows - column.missing},
            examples=table.examples(range(table.rows), [name]),
            overrule="" if day else f'[features.{key(name)}] role = "time"',
        )
    ]
