"""Reads a page as a browser would take it apart: open elements, ids, headings, whatever could run or fetch."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "link", "input", "hr"}
FETCHES = {"src", "srcset", "poster", "data", "action", "formaction", "background", "manifest", "ping"}


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.svg: list[tuple[str, bool]] = []
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append(f"left open: {self.open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name, value in attrs:
            self._attribute(tag, name, value or "")
        if tag == "svg" and given.get("aria-hidden") != "true":
            self.svg.append((str(given.get("role")), False))

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name == "style":
            self.faults.append(f"{tag} has {name}")
        if name in FETCHES or (name == "href" and not value.startswith("#")):
            self.faults.append(f"{tag} fetches {value}")
        if name == "href":
            self.links.append(value[1:])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-3:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)
        elif re.search(r"url\(|@import|expression", data):
            self.faults.append("the style sheet fetches")
        if self.open and self.open[-1] == "title" and "svg" in self.open and data.strip():
            self.svg[-1] = (self.svg[-1][0], True)

    @property
    def text(self) -> str:
        """All words, blanks closed up."""
        return " ".join(" ".join(self.words).split())
