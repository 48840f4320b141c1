"""One value written in several ways: case, blanks, letters of another script that look the same.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"y": ["cat", "Cat", "c\\u0430t", "dog"] * 5}, target="y"))
>>> found.severity, found.sentence
('high', "'y' writes 1 value in several ways: 'Cat', 'cat' and 'c\\\\u0430t'.")
"""

from __future__ import annotations

import unicodedata

import polars as pl

from volvelle.data.finding import Example, Finding
from volvelle.data.table import Table

_LATIN = str.maketrans("аеорсухіјѕһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαρνυκι", "aeopcyxijshdqwABEZHIKMNOPTYXoapvuki")
"""Cyrillic and Greek letters that look like Latin ones (a part of Unicode Technical Standard 39)."""
_YES = {"yes", "y", "true", "t", "1", "on", "ja", "j", "oui", "si", "sí", "sì"}
_NO = {"no", "n", "false", "f", "0", "off", "nein", "non"}
_MOST = 1000


def find(table: Table) -> list[Finding]:
    """High for the target: one class would be learnt as several. Low for a feature."""
    found = []
    for name in (*table.features, *filter(None, [table.target])):
        column = table.columns[name]
        if column.kind != "category" or column.distinct > _MOST:
            continue
        values = sorted(str(v) for v in table.frame[name].drop_nulls().unique())
        said = _said(values)
        same: dict[str, list[str]] = {}
        for text in values:
            same.setdefault(_plain(text, said), []).append(text)
        several = {k: v for k, v in same.items() if len(v) > 1}
        if not several:
            continue
        odd = pl.Series([v for group in several.values() for v in group])
        rows = table.frame[name].is_in(odd.implode())
        shown = next(iter(several.values()))
        listed = f"{', '.join(ascii(v) for v in shown[:-1])} and {shown[-1]!a}"
        found.append(
            Finding(
                name="spelling",
                severity="high" if name == table.target else "low",
                columns=(name,),
                sentence=f"{name!r} writes {len(several)} value{'s' * (len(several) > 1)} in several ways: {listed}.",
                action="write them in one way at the source",
                counts={"spellings": len(odd), "values": len(several), "rows": int(rows.sum())},
                examples=_one_each(table, name, [v for group in several.values() for v in group]),
            )
        )
    return found


def _said(values: list[str]) -> bool:
    """Whether every value says yes or no."""
    plain = {_plain(text, False) for text in values[:50]}
    return 2 < len(values) <= 50 and plain <= _YES | _NO and bool(plain & _YES) and bool(plain & _NO)


def _plain(text: str, said: bool) -> str:
    """Without case, blanks, hyphens and look-alikes; yes and no in one spelling where the column says nothing else."""
    folded = unicodedata.normalize("NFKC", text).translate(_LATIN).casefold()
    plain = "".join(c for c in folded if c not in " \t\n_-" and unicodedata.category(c) not in ("Cf", "Zs"))
    if said:
        return "yes" if plain in _YES else "no" if plain in _NO else plain
    return plain or text


def _one_each(table: Table, name: str, spellings: list[str]) -> tuple[Example, ...]:
    cells = table.frame[name]
    firsts = [int(i) for text in spellings[:5] if (i := cells.index_of(text)) is not None]
    return table.examples(sorted(firsts), [name])
