"""Addresses of data that stream in: a place, and options behind a question mark.

What tells one stream from another is the place alone: a changed password or option goes on with the same table.

>>> stream = Stream("mqtt", "//ana@broker:1883/plant/+/readings?id=boot,seq", {"id": "", "tls": "no"})
>>> stream.place, stream.options["id"], stream.options["tls"]
('broker:1883/plant/+/readings', 'boot,seq', 'no')
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from volvelle.data.address import Address
from volvelle.data.contract import Read
from volvelle.data.fitting import Record
from volvelle.data.growing import Growing, place_of
from volvelle.data.payload import Unreadable
from volvelle.data.records import Layout, Origin
from volvelle.errors import DataError, near

COMMON = {"id": "", "received": ""}
"""Options that every stream has: the keys whose values tell a record from all others, and the name of a column with the
time of arrival."""
YES_OR_NO = ("yes", "no")


class Stream:
    """An address taken apart.

    Args:
        kind: the name of the source.
        where: the address without its scheme, as the spec writes it.
        known: the options that it may have, with their defaults.

    Raises:
        DataError: an option is not known, stands twice or has no value, or an environment variable is not set.
    """

    def __init__(self, kind: str, where: str, known: Mapping[str, str]) -> None:
        self.kind, self.where = kind, where
        self.address = Address(where)
        place, _, options = self.address.full.partition("?")
        self.user, self.place = "", place
        if place.startswith("//"):
            head, slash, tail = place[2:].partition("/")
            self.user, _, host = head.rpartition("@")
            self.place = host + slash + tail
        self.options = {**COMMON, **known}
        seen: set[str] = set()
        for part in filter(None, options.split("&")):
            name, _, value = part.partition("=")
            if name not in self.options or name in seen or not value:
                told = "stands twice" if name in seen else "has no value" if name in self.options else "is not known"
                raise self.error(f"the option {name!r} {told}", near(name, self.options))
            seen.add(name)
            self.options[name] = unquote(value)

    @property
    def shown(self) -> str:
        """The address as the spec writes it."""
        return f"{self.kind}:{self.where}"

    def error(self, problem: str, next_move: str) -> DataError:
        """An error that names this address."""
        return DataError(problem, where=self.shown, next_move=next_move)

    def number(self, name: str, low: int, high: int) -> int:
        """An option that is a whole number.

        Raises:
            DataError: it is none, or lies outside.
        """
        text = self.options[name]
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise self.error(f"{name}={text} is no whole number from {low} to {high}", f"e.g. ?{name}={low}")
        return int(text)

    def flag(self, name: str) -> bool:
        """An option that is yes or no.

        Raises:
            DataError: it is neither.
        """
        if self.options[name] not in YES_OR_NO:
            raise self.error(f"{name}={self.options[name]} is neither yes nor no", f"?{name}=yes")
        return self.options[name] == "yes"

    def table(self, folder: Path) -> Growing:
        """The table of what was received, below the folder of the spec."""
        return Growing(place_of(folder, self.kind, self.place), self.shown)

    def read(self, folder: Path, layout: Layout) -> Read:
        """What was received until now.

        Raises:
            DataError: nothing was.
        """
        frame = self.table(folder).read(self.options["received"] or None)
        if not frame.height:
            raise self.error("nothing has been received yet", "volvelle listen receives; then run again")
        return Read(frame, Layout(missing=layout.missing), (Origin(name=self.shown, sha256="", size=0, kind="live"),))

    def record(
        self, cells: dict[str, Any], given: str | None = None, scope: str = "", *, loose: bool = False
    ) -> Record:
        """A record with its id, if the address names keys.

        Args:
            cells: its values.
            given: an id that came beside the record and goes before its keys.
            scope: what the id counts within, e.g. a topic.
            loose: as in `Record`.

        Raises:
            Unreadable: the record lacks a key of the id.
        """
        keys = [key for key in self.options["id"].split(",") if key]
        if given is None and not keys:
            return Record(cells, None, loose, datetime.now(UTC))
        if given is None:
            absent = next((key for key in keys if cells.get(key) is None), None)
            if absent is not None:
                raise Unreadable(f"the record has no {absent!r}, which its id is made of")
            given = "/".join(str(cells[key]) for key in keys)
        return Record(cells, f"{scope}/{given}", loose, datetime.now(UTC))
