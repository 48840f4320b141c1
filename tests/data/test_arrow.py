"""Arrow: files and streams, and what is refused."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from volvelle.data.records import Layout
from volvelle.data.sources.arrow import read
from volvelle.errors import DataError

FRAME = pl.DataFrame({"i": range(500), "f": [None if i % 3 else i / 7 for i in range(500)], "s": ["é", None] * 250})


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_files_and_streams_arrive_as_they_are(compression: pl._typing.IpcCompression, tmp_path: Path) -> None:
    """Both forms, compressed or not, under any of the names."""
    FRAME.write_ipc(tmp_path / "t.feather", compression=compression)
    FRAME.write_ipc_stream(tmp_path / "t.arrows", compression=compression)
    assert read("t.feather", tmp_path, Layout()).frame.equals(FRAME)
    assert read("t.arrows", tmp_path, Layout()).frame.equals(FRAME)


def test_any_cut_or_flipped_byte_is_refused_or_harmless_in_shape(tmp_path: Path) -> None:
    """Damage gives an error with a next move or rows, never another kind of failure."""
    FRAME.head(40).write_ipc(tmp_path / "t.arrow")
    content = (tmp_path / "t.arrow").read_bytes()
    refused = 0
    for position in range(0, len(content), 11):
        flipped = bytearray(content)
        flipped[position] ^= 0x5A
        for damaged in (bytes(flipped), content[:position]):
            (tmp_path / "d.arrow").write_bytes(damaged)
            try:
                read("d.arrow", tmp_path, Layout())
            except DataError as error:
                refused += bool(error.next_move)
    assert refused > len(content) // 11


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"FEA1" + bytes(40), "Feather version 1"), (b"PAR1" + bytes(40), "a Parquet file"), (b"x,y\n1,2\n", "unknown")],
)
def test_other_formats_are_named(content: bytes, message: str, tmp_path: Path) -> None:
    """What the file is instead is said."""
    (tmp_path / "t.arrow").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read("t.arrow", tmp_path, Layout())


def test_no_rows_are_refused(tmp_path: Path) -> None:
    """A table without rows is an error."""
    FRAME.clear().write_ipc(tmp_path / "t.arrow")
    with pytest.raises(DataError, match="no rows"):
        read("t.arrow", tmp_path, Layout())
