"""Zip: one member of an archive, chosen by ``a.zip#member.csv``.

Without a name the one member that a data source reads is taken. Nothing is unpacked beside the archive: a member
goes into a folder that is removed again. An archive with a member whose path leads outside, an encrypted one, and
one that unpacks to far more than its size are refused.

Source: PKWARE APPNOTE 6.3.10.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     with zipfile.ZipFile(Path(folder, "t.zip"), "w") as made:
...         made.writestr("in/t.csv", "a,b\\n1,x\\n2,y\\n")
...     read("t.zip", Path(folder), Layout()).frame.rows()
[('1', 'x'), ('2', 'y')]
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from volvelle.data.contract import Read
from volvelle.data.raw import bounded, read_file
from volvelle.data.records import Layout
from volvelle.data.unpacked import read_inside
from volvelle.errors import DataError, near
from volvelle.spec.sources import source_of

SUFFIXES: tuple[str, ...] = (".zip",)
SCHEMES: tuple[str, ...] = ()
PARTS = True
_CHUNK = 2**20
_AGAIN = "copy or download the archive again"


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows of one member.

    Raises:
        DataError: no such file or member, several to choose from, damaged, encrypted, dangerous, or no table.
    """
    name, _, part = where.partition("#")
    content, origin = read_file(name, folder)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
        raise DataError(f"the zip archive is damaged: {error}", where=name, next_move=_AGAIN) from error
    _refuse_escape(members, name)
    asked, _, inner = part.partition("#")
    member = _member(members, asked, name)
    there = f"{name}#{member.filename}"
    if member.flag_bits & 1:
        raise DataError("the member is encrypted", where=there, next_move="unpack it and name the unpacked file")
    pieces = bounded(_pieces(archive, member, there), member.compress_size, there)
    got = read_inside(pieces, PurePosixPath(member.filename).name, inner, there, origin, layout)
    if asked or len(members) == 1:
        return got
    left = ", ".join(repr(other.filename) for other in members if other is not member)
    note = f"read {member.filename!r}; the archive also holds {left}"
    return Read(got.frame, got.layout, got.origins, (note, *got.notes))


def _refuse_escape(members: list[zipfile.ZipInfo], where: str) -> None:
    outside = [info.filename for info in members if _escapes(info.filename)]
    if outside:
        raise DataError(
            f"{len(outside)} of its members lead outside the archive, e.g. {outside[0]!r}",
            where=where,
            next_move="do not trust this archive; ask its sender for another one",
        )


def _escapes(name: str) -> bool:
    """Whether a path is absolute or climbs, in the manner of either system."""
    both = (PurePosixPath(name), PureWindowsPath(name))
    return "\0" in name or any(path.is_absolute() or path.drive or ".." in path.parts for path in both)


def _member(members: list[zipfile.ZipInfo], asked: str, where: str) -> zipfile.ZipInfo:
    names = [info.filename for info in members]
    if asked:
        if asked not in names:
            raise DataError(f"there is no member {asked!r}", where=where, next_move=near(asked, names) if names else "")
        return members[names.index(asked)]
    tables = [i for i in members if source_of(i.filename) and "__MACOSX" not in i.filename]
    if not tables:
        held = f"it holds {', '.join(map(repr, names[:5]))}" if names else "it is empty"
        raise DataError(f"no member is a table: {held}", where=where, next_move="pack a table, e.g. a .csv file")
    if len(tables) > 1:
        listed = ", ".join(repr(info.filename) for info in tables[:5])
        more = " ..." if len(tables) > 5 else ""
        advice = f"name one: {where}#{tables[0].filename}"
        raise DataError(f"{len(tables)} members are tables: {listed}{more}", where=where, next_move=advice)
    return tables[0]


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> Iterator[bytes]:
    try:
        with archive.open(member) as stream:
            while piece := stream.read(_CHUNK):
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise DataError(f"the member cannot be unpacked: {error}", where=where, next_move=_AGAIN) from error
