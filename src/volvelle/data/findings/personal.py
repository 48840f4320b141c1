"""Personal data: addresses of e-mail, numbers of telephones, accounts and cards, and names by the column's name.

Cells of such columns are masked wherever findings show rows.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"contact": ["ana@example.com", "li@example.org"]}))
>>> found.sentence
"'contact' holds e-mail addresses in 2 of 2 cells looked at."
"""

from __future__ import annotations

import polars as pl

from volvelle.data.finding import Finding
from volvelle.data.table import Table, words

_OCTET = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
_FORMS = {
    "e-mail addresses": r"^[\w.+%-]+@[\w-]+(\.[\w-]+)+$",
    "account numbers (IBAN)": r"^[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){2} ?[A-Z0-9]{3}( ?[A-Z0-9]){0,19}$",
    "card numbers": r"^(\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}|3[47]\d\d[ -]\d{6}[ -]\d{5})$",
    # The last group is no group of thousands.
    "telephone numbers": r"^(\+\d[\d ./()-]{6,17}\d|\(?0?\d{2,4}\)?[ /-]\d{3,4}[ -](\d{4,5}|\d\d[ -]\d{2,4})"
    r"|\(?0\d{2,4}\)?[ /]\d{5,8}|\d{3}\.\d{3}\.\d{4})$",
    "social security numbers": r"^\d{3}-\d{2}-\d{4}$",
    "network addresses": rf"^({_OCTET}\.){{3}}{_OCTET}$",
}
_NAMES = {
    "name": "names",
    "firstname": "names",
    "lastname": "names",
    "surname": "names",
    "fullname": "names",
    "email": "e-mail addresses",
    "mail": "e-mail addresses",
    "phone": "telephone numbers",
    "telephone": "telephone numbers",
    "mobile": "telephone numbers",
    "address": "addresses",
    "street": "addresses",
    "birthdate": "dates of birth",
    "birthday": "dates of birth",
    "dob": "dates of birth",
    "iban": "account numbers (IBAN)",
    "ssn": "social security numbers",
    "passport": "passport numbers",
}
_LOOKED = 1000
_MOSTLY = 0.5
_NAMED = 0.05
"""Of the rows, so many must differ before a column's name is believed: 'address' may be one of three codes."""


def find(table: Table) -> list[Finding]:
    """High where the cells show it, medium where only the column's name does; also for columns set aside."""
    found = []
    for name, column in table.columns.items():
        if column.kind not in ("category", "time", "text") or column.missing == table.rows:
            continue
        known = table.frame[name].drop_nulls().head(_LOOKED)
        what, count = ("", 0) if column.kind == "time" else _seen(known)
        if count:
            sentence = f"{name!r} holds {what} in {count:,} of {len(known):,} cells looked at."
        elif (what := _called(name)) and column.distinct > max(2, _NAMED * table.rows):
            sentence = f"{name!r} is called as if it held {what}, and has {column.distinct:,} different values."
        else:
            continue
        found.append(
            Finding(
                name="personal",
                severity="high" if count else "medium",
                columns=(name,),
                sentence=sentence,
                action="leave it out at the source, or set it aside and state on what ground it is used",
                counts={"cells": count or table.rows - column.missing},
                examples=table.examples(range(3), [name]),
                overrule="" if name in table.asked.ignore or name == table.target else table.line("ignore", name),
            )
        )
    return found


def _seen(known: pl.Series) -> tuple[str, int]:
    short = known.filter(known.str.len_chars() < 64).str.strip_chars()
    for what, form in _FORMS.items():
        count = int(short.str.contains(form).sum())
        if count >= max(2, _MOSTLY * len(known)):
            return what, count
    return "", 0


def _called(name: str) -> str:
    parts = words(name)
    if "".join(parts) in _NAMES:
        return _NAMES["".join(parts)]
    return _NAMES.get(parts[-1], "") if parts and parts[-1] != "name" else ""
