"""Where each key and array element of a TOML text stands, so that a mistake can be pointed at.

The standard library's reader keeps no positions. This one reads a text that `tomllib` has already
accepted, and keeps nothing else.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_REST = re.compile(r"[^,\]}\n#]*")


def locate(text: str, path: Path) -> tuple[int, int]:
    """Line and column (from 1) of the value at `path`, or of the nearest enclosing thing that is written.

    >>> locate("[data]\\nsource = 'a.csv'\\n", ("data", "source"))
    (2, 10)
    """
    found = _Scanner(text).scan()
    while path and path not in found:
        path = path[:-1]
    at = found.get(path, 0)
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


class _Scanner:
    """A recursive walk over the text that notes where values begin."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        counts: dict[Path, int] = {}
        while self._blank(lines=True):
            start = self.at
            if self.text.startswith("[[", self.at):
                self.at += 2
                name = self._key()
                counts[name] = counts.get(name, -1) + 1
                table = (*name, counts[name])
                self.at += 2
                self.found[table] = start
            elif self.text[self.at] == "[":
                self.at += 1
                table = self._key()
                self.at += 1
                self.found[table] = start
            else:
                self._pair(table)
        return self.found

    def _blank(self, *, lines: bool) -> bool:
        """Skip blanks, comments and perhaps line ends; False at the end of the text."""
        skipped = " \t\r\n" if lines else " \t"
        while self.at < len(self.text):
            if self.text[self.at] in skipped:
                self.at += 1
            elif self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return True
        return False

    def _key(self) -> Path:
        parts: list[str | int] = []
        while self._blank(lines=False):
            if self.text[self.at] in "\"'":
                start = self.at
                self._string()
                parts.append(self.text[start + 1 : self.at - 1])
            elif match := _BARE.match(self.text, self.at):
                parts.append(match.group())
                self.at = match.end()
            self._blank(lines=False)
            if self.text[self.at : self.at + 1] != ".":
                break
            self.at += 1
        return tuple(parts)

    def _pair(self, table: Path) -> None:
        start = self.at
        path = (*table, *self._key())
        for depth in range(len(table) + 1, len(path)):
            self.found.setdefault(path[:depth], start)
        self.at += 1
        self._blank(lines=False)
        self._value(path)

    def _value(self, path: Path) -> None:
        self.found[path] = self.at
        first = self.text[self.at : self.at + 1]
        if first in ('"', "'"):
            self._string()
        elif first in ("[", "{"):
            closing = "]" if first == "[" else "}"
            self.at += 1
            index = 0
            while self._blank(lines=True) and self.text[self.at] != closing:
                if self.text[self.at] == ",":
                    self.at += 1
                elif first == "[":
                    self._value((*path, index))
                    index += 1
                else:
                    self._pair(path)
            self.at += 1
        else:
            match = _REST.match(self.text, self.at)
            self.at = max(match.end() if match else self.at, self.at + 1)

    def _string(self) -> None:
        quote = self.text[self.at]
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(mark)
        while self.at < len(self.text) and not self.text.startswith(mark, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(mark)
        while len(mark) == 3 and self.text[self.at : self.at + 1] == quote:
            self.at += 1
