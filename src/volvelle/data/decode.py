"""Text encodings: any bytes become UTF-8, or one clear error.

The encoding is a byte-order mark's, else UTF-16 when NUL bytes stand in every second place, else
UTF-8, else Windows-1252 or ISO 8859-1 (which never fail, and are therefore the last resort).
"""

from __future__ import annotations

import codecs
import re

import numpy as np

from volvelle.data.raw import known_format
from volvelle.errors import DataError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NEXT = "save the file as UTF-8, or set [data] encoding"
_CONTROL = np.zeros(256, dtype=bool)
_CONTROL[[c for c in range(32) if chr(c) not in "\t\n\r\f\v\x1a\x1b"]] = True


def to_utf8(content: bytes, encoding: str | None, where: str) -> tuple[bytes, str, tuple[str, ...]]:
    """UTF-8 bytes without a mark, the encoding's name, and notes.

    Raises:
        DataError: not text, an unknown encoding, bytes that do not fit it (with the line), NUL bytes,
            or lines of two encodings.
    """
    found = known_format(content)
    if found:
        raise DataError(
            f"this is not delimited text but {found.partition(';')[0]}", where=where, next_move=_then(found)
        )
    mark, marked = next(((m, name) for m, name in _MARKS if content.startswith(m)), (b"", ""))
    if encoding is not None:
        asked = _known(encoding)
        name = marked if marked and marked.startswith(asked.removesuffix("-sig")) else asked
        return _strict(content[len(mark) :] if name == marked else content, name, where), encoding, ()
    if marked:
        return _strict(content[len(mark) :], marked, where), marked, ()
    wide = _wide(content)
    if wide:
        return _strict(content, wide, where), wide, (f"read as {wide}: every second byte is NUL",)
    _refuse_binary(content, where)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _single_byte(content, error.start, where)
    return content, "utf-8", ()


def _then(found: str) -> str:
    return found.partition("; ")[2] or "name a file of delimited text or Parquet"


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise DataError(
            f"no text encoding is called {encoding!r}", where="[data] encoding", next_move="e.g. 'utf-8' or 'cp1252'"
        ) from error


def _strict(content: bytes, encoding: str, where: str) -> bytes:
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        shown = content[error.start : error.start + 4].hex(" ")
        raise DataError(f"bytes {shown} are not {encoding}", where=f"{where}, line {line}", next_move=_NEXT) from error
    except (ValueError, LookupError) as error:
        raise DataError(f"{encoding} is not a text encoding", where="[data] encoding", next_move=_NEXT) from error
    packed = text.encode("utf-8", errors="replace")
    _refuse_binary(packed, where)
    return packed


def _wide(content: bytes) -> str:
    head = np.frombuffer(content[: 2 * (min(len(content), 8192) // 2)], dtype=np.uint8).reshape(-1, 2)
    if len(content) % 2 or not len(head):
        return ""
    zero = (head == 0).mean(axis=0)
    if zero[1] > 0.5 and zero[0] < 0.1:
        return "utf-16-le"
    return "utf-16-be" if zero[0] > 0.5 and zero[1] < 0.1 else ""


def _refuse_binary(content: bytes, where: str) -> None:
    head = np.frombuffer(content[:65536], dtype=np.uint8)
    share = float(_CONTROL[head].mean()) if len(head) else 0.0
    if share > 0.05:
        raise DataError(
            f"this is not text: {share:.0%} of its first bytes are control characters",
            where=where,
            next_move="name a file of delimited text or Parquet",
        )
    nul = content.find(b"\0")
    if nul >= 0:
        line = content.count(b"\n", 0, nul) + 1
        raise DataError(
            f"a NUL byte stands at byte {nul}: the file is damaged, or not text",
            where=f"{where}, line {line}",
            next_move="export the data again; NUL bytes are never part of a text table",
        )


def _single_byte(content: bytes, first_bad: int, where: str) -> tuple[bytes, str, tuple[str, ...]]:
    line = content.count(b"\n", 0, first_bad) + 1
    valid = _first_valid_line(content)
    if valid:
        raise DataError(
            f"two encodings in one file: line {line} is not UTF-8, line {valid} is",
            where=f"{where}, line {line}",
            next_move="save the whole file as UTF-8",
        )
    for encoding in ("cp1252", "iso8859-1") if re.search(rb"[\x80-\x9f]", content) else ("iso8859-1",):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        note = f"line {line} is not UTF-8; the file was read as {encoding}; set [data] encoding if that is wrong"
        return text.encode("utf-8"), encoding, (note,)
    raise DataError("the text encoding is not known", where=f"{where}, line {line}", next_move=_NEXT)


def _first_valid_line(content: bytes) -> int:
    """Number of the first line that holds UTF-8 letters beyond ASCII and is valid; 0 if there is none."""
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.isascii():
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                continue
            return number
    return 0
