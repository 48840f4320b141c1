"""Zstandard: one packed file (``rows.csv.zst``), whose inner name picks the source that reads it.

A file that unpacks to far more than its size is refused. Source: RFC 8878.

>>> SUFFIXES, _inner("rows.csv.zst"), _inner("in/book.xlsx.zst#Sheet 1")
(('.zst', '.zstd'), ('rows.csv', ''), ('book.xlsx', 'Sheet 1'))
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import zstandard

from volvelle.data.contract import Read
from volvelle.data.raw import bounded, read_file
from volvelle.data.records import Layout
from volvelle.data.unpacked import read_inside
from volvelle.errors import DataError

SUFFIXES: tuple[str, ...] = (".zst", ".zstd")
SCHEMES: tuple[str, ...] = ()
PARTS = True
_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = tuple(bytes((0x50 + i, 0x2A, 0x4D, 0x18)) for i in range(16))
_WINDOW = 2**27
_CHUNK = 2**20
_AGAIN = "copy or download the file again"


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows of the file inside.

    Raises:
        DataError: no such file, not Zstandard, cut off, damaged, too large inside, or no table.
    """
    name, _, _ = where.partition("#")
    content, origin = read_file(name, folder)
    if not content.startswith((_MAGIC, *_SKIPPABLE)):
        raise DataError("this is not Zstandard data although its name says so", where=name, next_move=_AGAIN)
    inner, part = _inner(where)
    return read_inside(bounded(_pieces(content, name), len(content), name), inner, part, name, origin, layout)


def _inner(where: str) -> tuple[str, str]:
    name, _, part = where.partition("#")
    return PurePosixPath(name).stem, part


def _pieces(content: bytes, where: str) -> Iterator[bytes]:
    """The unpacked bytes of all frames."""
    packed = io.BytesIO(content)
    try:
        while packed.tell() < len(content):
            worker = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
            while not worker.eof:
                piece = packed.read(_CHUNK)
                if not piece:
                    raise DataError("the Zstandard data are cut off", where=where, next_move=_AGAIN)
                yield worker.decompress(piece)
            packed.seek(-len(worker.unused_data), io.SEEK_CUR)
    except zstandard.ZstdError as error:
        raise DataError(f"the Zstandard data are damaged: {error}", where=where, next_move=_AGAIN) from error
