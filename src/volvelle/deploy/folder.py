"""Writes a folder whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from volvelle.errors import InputError


def put(target: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder with these files, or put it in the place of an older one of the same files.

    It is written beside its place under another name and renamed at the end, so that whoever looks sees all of it or
    nothing, also after an interrupt.

    Args:
        target: the folder.
        files: names, with ``/`` between folders, to contents.

    Raises:
        InputError: the place is a file, or holds what is not among these files.
    """
    check(target, files)
    place = target.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}-"))
    try:
        new, old = staged / "new", staged / "old"
        for name, content in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(content)
        try:
            if place.exists():
                place.rename(old)
            os.rename(new, place)
        except BaseException:
            if old.exists() and not place.exists():
                old.rename(place)
            raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def check(target: Path, files: Mapping[str, bytes]) -> None:
    """Whether `put` may write there: asked before work that takes time.

    Raises:
        InputError: the place is a file, or holds what is not among these files.
    """
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file", where="--output", next_move="name a folder")
    found = (
        {p.relative_to(target).as_posix() for p in target.rglob("*") if not p.is_dir()} if target.exists() else set()
    )
    strange = sorted(found - set(files))
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        raise InputError(
            f"{target} holds {strange[0]}{more}, which would be lost",
            where="--output",
            next_move="name a new folder, or move it away",
        )
