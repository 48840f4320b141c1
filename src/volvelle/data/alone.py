"""Columns of which one alone nearly determines the target."""

from __future__ import annotations

import numpy as np
import polars as pl

from volvelle.data.dependence import association, fits, judged, judged_names
from volvelle.data.table import Table, words

SURE = 0.98
"""Share of the majority's errors that a column must avoid on held-out rows; for amounts, of the variance."""
_SURE_WHERE = 0.95
_SURE_FIT = 0.99
_SHARE = 0.1
"""Share of the target's entropy that a column known only afterwards tells at least."""
_MOST_CLASSES = 50
_AFTER = set(
    "duration elapsed outcome result settled settlement resolved resolution closed closing closure completed "
    "completion finished end ended exit cancelled canceled cancellation churned terminated termination refund "
    "refunded paid payout recovered discharged discharge death verdict diagnosis actual afterwards after".split()
)


def alone(table: Table) -> dict[str, str]:
    """Column to a sentence, for each feature that by itself nearly determines the target."""
    if table.classes:
        if not 2 <= len(table.labels) <= _MOST_CLASSES:
            return {}
        told = {name: _class_told(table, name) for name in table.features}
    else:
        told = {name: _amount_told(table, name) for name in table.features}
    return {name: sentence for name, sentence in told.items() if sentence}


def named(table: Table) -> dict[str, str]:
    """The strongest feature, where its name speaks of the time after the event and it says much."""
    if not any(_AFTER.intersection(words(name)) for name in table.features):
        return {}
    found = association(table)
    name, bits = next(iter(found.bits.items()))
    if not _AFTER.intersection(words(name)) or bits < _SHARE * found.entropy or bits < 2 * found.floor:
        return {}
    others = list(found.bits.items())[1:2]
    next_best = f"; next is {others[0][0]!r} with {others[0][1]:.3f}" if others else ""
    sentence = (
        f"{name!r} says most about {table.target!r} ({bits:.3f} of {found.entropy:.3f} bits{next_best}){table.looked}, "
        "and its name speaks of something known only afterwards."
    )
    return {name: sentence}


def _class_told(table: Table, name: str) -> str:
    pattern = _where(table, name)
    if pattern:
        return pattern
    column = table.columns[name]
    if table.numeric(name) or column.kind == "boolean":
        rule = judged(table, table.numbers(name), table.y)
        if rule.gain >= SURE:
            right = f"is right in {rule.rows - rule.wrong:,} of {rule.rows:,} held-out rows{table.looked}"
            if column.distinct == table.rows and column.kind == "integer":
                return f"{name!r} names the row and encodes {table.target!r}: a cut on it alone {right}."
            return f"{name!r} alone nearly determines {table.target!r}: a rule on it {right}."
        return ""
    if column.distinct <= len(table.sample) / 3:
        rule = judged_names(table, _ranked(table.sampled(name)), table.y)
        if rule.gain >= SURE:
            right = f"{rule.rows - rule.wrong:,} of {rule.rows:,} held-out rows{table.looked}"
            return f"{name!r} alone nearly determines {table.target!r}: its values are right in {right}."
        return ""
    return _encoded(table, name)


def _where(table: Table, name: str) -> str:
    """Whether a column is zero, or missing, in all rows of some classes and in almost no other."""
    x = _presence(table, name)
    for what, there in (("missing", np.isnan(x)), ("zero", x == 0)):
        if not 0 < there.sum() < len(there) or (what == "zero" and table.columns[name].distinct <= 2):
            continue
        rule = judged_names(table, there.astype(np.int64), table.y)
        if rule.gain >= _SURE_WHERE:
            inside = np.bincount(table.y[there], minlength=len(table.labels))
            label = table.labels[int(inside.argmax())]
            return (
                f"{name!r} is {what} in {int(inside.max()):,} rows where {table.target!r} is {label!r} and in "
                f"{int(inside.sum() - inside.max()):,} others{table.looked}: it is probably known only afterwards."
            )
    return ""


def _presence(table: Table, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if table.numeric(name) or table.columns[name].kind == "boolean":
        return table.numbers(name)
    return np.where(table.sampled(name).is_null().to_numpy(), np.nan, 1.0)


def _encoded(table: Table, name: str) -> str:
    """Whether a text that names the row begins with a code of the target, or counts through a sorted file."""
    text = table.sampled(name)
    number = text.str.extract(r"(\d{1,15})\D*$", 1).cast(pl.Float64)
    if number.null_count() < len(text) / 2:
        rule = judged(table, number.fill_null(float("nan")).to_numpy().astype(np.float64), table.y)
        if rule.gain >= SURE:
            return f"the number in {name!r} alone nearly determines {table.target!r}{table.looked}."
    for length in (1, 2, 3):
        start = text.str.head(length)
        if start.n_unique() <= 100 and judged_names(table, _ranked(start), table.y).gain >= SURE:
            return f"{name!r} begins with a code that nearly determines {table.target!r}{table.looked}."
    return ""


def _amount_told(table: Table, name: str) -> str:
    if not table.numeric(name):
        return ""
    fit = fits(table.numbers(name), table.y)
    if fit < _SURE_FIT:
        return ""
    return f"{name!r} alone nearly determines {table.target!r}: squared correlation {fit:.4f}{table.looked}."


def _ranked(cells: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    ranks = cells.cast(pl.String).fill_null("\0").rank("dense").to_numpy()
    return np.asarray(ranks, dtype=np.int64)
