"""A folder is written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from volvelle.deploy.folder import put
from volvelle.errors import InputError


class Interrupted(Mapping[str, bytes]):
    """Two files; a ctrl-C comes before the second."""

    def __getitem__(self, name: str) -> bytes:
        if name == "b":
            raise KeyboardInterrupt
        return b"new"

    def __iter__(self) -> Iterator[str]:
        return iter(("a", "b"))

    def __len__(self) -> int:
        return 2


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_folders_inside_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    """All files are there, in their folders, and no other name stands beside."""
    put(tmp_path / "out", {"a": b"1", "b/c/d": b"2"})
    assert content(tmp_path) == {"out/a": b"1", "out/b/c/d": b"2"}


def test_the_same_files_are_replaced(tmp_path: Path) -> None:
    """Writing again puts the new folder in the place of the old."""
    put(tmp_path / "out", {"a": b"1", "b": b"2"})
    put(tmp_path / "out", {"a": b"3", "b": b"4", "c": b"5"})
    assert content(tmp_path) == {"out/a": b"3", "out/b": b"4", "out/c": b"5"}


def test_what_would_be_lost_is_kept(tmp_path: Path) -> None:
    """A folder with files of somebody else is refused and stays as it is."""
    put(tmp_path / "out", {"a": b"1", "thesis/chapter": b"2"})
    with pytest.raises(InputError, match="holds thesis/chapter, which would be lost"):
        put(tmp_path / "out", {"a": b"3"})
    assert content(tmp_path) == {"out/a": b"1", "out/thesis/chapter": b"2"}
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file"):
        put(tmp_path / "file", {"a": b"3"})


@pytest.mark.parametrize("before", [{}, {"a": b"old", "b": b"old"}])
def test_an_interrupt_leaves_what_was_there(before: dict[str, bytes], tmp_path: Path) -> None:
    """A ctrl-C between two files leaves the old folder, or none, and nothing half-written beside it."""
    if before:
        put(tmp_path / "out", before)
    with pytest.raises(KeyboardInterrupt):
        put(tmp_path / "out", Interrupted())
    assert content(tmp_path) == {f"out/{name}": text for name, text in before.items()}
    assert [p.name for p in tmp_path.iterdir()] == (["out"] if before else [])


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Below a file no folder can be made: the system's error comes out and nothing is left."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        put(tmp_path / "file" / "out", {"a": b"1"})
    assert content(tmp_path) == {"file": b"x"}
