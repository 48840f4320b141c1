"""Bytes of one file: found by name, unpacked when they are gzip, and hashed.

What a file is called proves nothing: gzip is told by its first bytes (RFC 1952), and so are the
formats that people save under a wrong name.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from volvelle.data.records import Origin
from volvelle.errors import DataError, near

RATIO = 500
"""Times its packed size that a file may unpack to; tables seldom reach 50."""
SMALL = 16 * 2**20
"""Bytes that may be unpacked whatever the ratio."""
LIMIT = 4 * 2**30
"""Bytes that a file may unpack to."""
_CHUNK = 4 * 2**20
GZIP = b"\x1f\x8b"
_FORMATS = {
    b"PAR1": "a Parquet file; name it .parquet",
    b"PK\x03\x04": "a zip archive or an Excel workbook; unpack it, or save the sheet as CSV",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"\x89PNG": "a PNG picture",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"\x93NUMPY": "a NumPy array; write it as Parquet",
    b"\x89HDF": "an HDF5 file; write it as Parquet",
    b"BZh": "a bzip2 archive; unpack it",
    b"\xfd7zXZ": "an xz archive; unpack it",
    b"\x28\xb5\x2f\xfd": "a zstd archive; unpack it",
    b"ARROW1": "an Arrow file; write it as Parquet",
}


def read_file(where: str, folder: Path) -> tuple[bytes, Origin]:
    """The bytes of the file `where`, relative to `folder`, and their origin.

    Raises:
        DataError: no such file (near names of its folder are offered), a folder, unreadable or empty.
    """
    path = find_file(where, folder)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"the file cannot be read: {error}", where=where, next_move="check its rights") from error
    return content, Origin(name=where, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def find_file(where: str, folder: Path) -> Path:
    """The path of the file `where`, relative to `folder`.

    Raises:
        DataError: no such file (near names of its folder are offered), a folder, or empty.
    """
    path = (folder / where).expanduser()
    try:
        if path.is_dir():
            raise DataError("this is a folder, not a file", where=where, next_move=_name_a_file(path))
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise DataError("there is no such file", where=where, next_move=_near_files(path)) from error
    except (OSError, ValueError) as error:
        raise DataError(f"the file cannot be read: {error}", where=where, next_move="check its rights") from error
    if not size:
        raise DataError("the file is empty (0 bytes)", where=where, next_move="export the data again")
    return path


def unpack(content: bytes, where: str) -> tuple[bytes, tuple[str, ...]]:
    """Unpack gzip, whatever the file is called; other bytes pass unchanged. Notes name a wrong suffix.

    Raises:
        DataError: the gzip data are cut off or damaged, or unpack to more than `bounded` allows.
    """
    named = where.lower().endswith(".gz")
    if not content.startswith(GZIP):
        return content, (f"{where} is not gzip data although its name says so; read as it is",) if named else ()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            unpacked = b"".join(bounded(iter(lambda: stream.read(_CHUNK), b""), len(content), where))
    except EOFError as error:
        raise DataError(
            "the gzip data are cut off: the end of the stream is missing",
            where=where,
            next_move="copy or download the file again",
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"the gzip data are damaged: {error}", where=where, next_move="copy or download the file again"
        ) from error
    if not unpacked:
        raise DataError("the gzip file unpacks to 0 bytes", where=where, next_move="export the data again")
    return unpacked, () if named else (f"{where} is gzip data although its name does not say so; unpacked",)


_UNPACK = "if the file is what it should be, unpack it and name the unpacked file"


def bounded(pieces: Iterable[bytes], packed: int, where: str, advice: str = _UNPACK) -> Iterator[bytes]:
    """The same pieces, counted while they come: what a file says about its own size proves nothing.

    Raises:
        DataError: more than `LIMIT` bytes, or more than `SMALL` and `RATIO` times the packed size.
    """
    size, allowed = 0, min(LIMIT, max(SMALL, RATIO * packed))
    for piece in pieces:
        size += len(piece)
        if size > allowed:
            raise DataError(
                f"{packed} packed bytes unpack to more than {allowed} bytes, {allowed // max(packed, 1)} times as much",
                where=where,
                next_move=advice,
            )
        yield piece


def known_format(content: bytes) -> str:
    """What the first bytes say the file is, with what to do about it; empty for anything else."""
    return next((text for magic, text in _FORMATS.items() if content.startswith(magic)), "")


def _near_files(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent.name!r} either; check the path in [data] source"
    names = sorted(entry.name for entry in path.parent.iterdir() if not entry.name.startswith("."))[:1000]
    return near(path.name, names) if names else "its folder is empty; check the path in [data] source"


def _name_a_file(folder: Path) -> str:
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    return f"name one of its files, e.g. {names[0]!r}" if names else "it holds no file; check the path in [data] source"
