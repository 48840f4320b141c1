"""Addresses of databases: environment variables are put in when it is read, and never shown.

What goes into records, reports and messages is the text of the spec, which holds ``${NAME}``.
"""

from __future__ import annotations

import os
import re
from urllib.parse import quote

from volvelle.data.records import Origin
from volvelle.errors import DataError

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PASSWORD = re.compile(r"(?<=//)([^:/@\s]*):([^@\s]*)@")


class Address:
    """An address with its environment variables put in, and what must not be shown of it.

    A variable that is the whole address is taken as it is; inside an address its value is percent-encoded, so that a
    password may hold any character.

    Args:
        text: as the spec writes it.

    Raises:
        DataError: a variable is not set.
    """

    def __init__(self, text: str) -> None:
        self.shown = text
        self._secrets: set[str] = set()
        whole = _REFERENCE.fullmatch(text.strip())
        self.full = self._value(whole) if whole else _REFERENCE.sub(lambda m: quote(self._value(m), safe=""), text)

    def masked(self, message: object) -> str:
        """A driver's message without the values of variables, passwords, or more than one line."""
        text = " ".join(line.strip() for line in str(message).splitlines() if line.strip())
        for secret in sorted({*self._secrets, *(quote(s, safe="") for s in self._secrets)}, key=len, reverse=True):
            text = text.replace(secret, "***")
        return _PASSWORD.sub(r"\1:***@", text)[:500]

    def origin(self) -> Origin:
        """A database as an origin: it has no cheap hash."""
        return Origin(name=self.shown, sha256="", size=0, kind="live")

    def _value(self, match: re.Match[str]) -> str:
        value = os.environ.get(match[1])
        if value is None:
            raise DataError(
                f"the environment variable {match[1]} is not set",
                where="[data] source",
                next_move=f"export {match[1]}=...",
            )
        if value:
            self._secrets.add(value)
            # A whole address: what is secret in it is its password.
            self._secrets.update(found[1] for found in _PASSWORD.findall(value) if found[1])
        return value
