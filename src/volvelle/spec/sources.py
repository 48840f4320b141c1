"""Which data source reads what ``[data] source`` names.

A scheme (``postgresql:``) decides first, then ``*`` or ``?`` or a slash at the end (many files), then the
file's ending. Behind a ``#`` stands a part of a file: a sheet, a member, a table.
"""

from __future__ import annotations

import re
from pathlib import Path

from volvelle.catalog import SOURCES
from volvelle.errors import near

MANY = "folder"
"""The source that reads many files as one table."""
_REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_SECRET_KEY = re.compile(
    r"[?&;][^=&;]*(?:password|passwd|pwd|secret|token|hmac|api_?key)[^=&;]*=([^&;]*)", re.IGNORECASE
)


def source_of(source: str) -> tuple[str, str] | None:
    """The catalog name of the source that reads this and the text it takes; None if there is none.

    >>> source_of("a.csv"), source_of("book.xlsx#Sheet 2"), source_of("parts/*.csv")
    (('delimited', 'a.csv'), ('excel', 'book.xlsx#Sheet 2'), ('folder', 'parts/*.csv'))
    >>> source_of("postgresql://db/plant")
    ('postgresql', '//db/plant')
    """
    scheme, colon, rest = source.partition(":")
    schemes, suffixes = _known()
    if colon and scheme in schemes:
        return schemes[scheme], rest
    if any(mark in source for mark in "*?") or source.endswith("/"):
        return MANY, source
    head, part, _ = source.partition("#")
    longest = sorted(suffixes, key=len, reverse=True)
    if part:
        owner = next((suffixes[s] for s in longest if head.lower().endswith(s)), "")
        if owner and SOURCES.fact(owner, "PARTS"):
            return owner, source
    owner = next((suffixes[s] for s in longest if source.lower().endswith(s)), "")
    return (owner, source) if owner else None


def refusal(source: str) -> tuple[str, str]:
    """Why nothing reads this, and the next move."""
    schemes, suffixes = _known()
    scheme, colon, _ = source.partition(":")
    ending = Path(source).suffix.lower()
    if colon and ending not in suffixes and scheme.isalnum() and len(scheme) > 1:
        return f"no data source reads {scheme}:", near(scheme, [*schemes, *suffixes])
    if not ending:
        return (
            f"no data source reads a name without a suffix ({source!r})",
            f"if this is a folder, end it with a slash: {source + '/'!r}; else {near(source, suffixes)}",
        )
    return f"no data source reads {ending} ({source!r})", near(ending, suffixes)


def file_of(source: str) -> str | None:
    """The one file that the rows come from, as written; None for many files and for what is no file.

    >>> file_of("a.zip#b.csv"), file_of("*.csv"), file_of("sqlite:plant.db")
    ('a.zip', None, None)
    """
    found = source_of(source)
    if found is None or found[0] == MANY or found[1] != source:
        return None
    return source.partition("#")[0] if SOURCES.fact(found[0], "PARTS") else source


def holds_password(source: str) -> bool:
    """Whether a password is written out in the address, instead of the name of an environment variable.

    >>> holds_password("postgresql://ana:s3cret@db/plant"), holds_password("postgresql://ana:${PLANT_DB}@db/plant")
    (True, False)
    """
    written = []
    _, slashes, rest = source.partition("//")
    user, at, _ = rest.rpartition("@")
    if slashes and at:
        written.append(user.partition(":")[2])
    written += _SECRET_KEY.findall(source)
    return any(_REFERENCE.sub("", text) for text in written)


def _known() -> tuple[dict[str, str], dict[str, str]]:
    schemes: dict[str, str] = {}
    suffixes: dict[str, str] = {}
    for name in SOURCES.names():
        schemes |= dict.fromkeys(SOURCES.fact(name, "SCHEMES") or (), name)
        suffixes |= dict.fromkeys(SOURCES.fact(name, "SUFFIXES") or (), name)
    return schemes, suffixes
