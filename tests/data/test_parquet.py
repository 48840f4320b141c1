"""Parquet: what is read, what is refused."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from volvelle.data.records import Layout
from volvelle.data.sources.parquet import read
from volvelle.errors import DataError


def test_typed_columns_arrive_as_they_are(tmp_path: Path) -> None:
    """Types, missing cells and rows over several row groups are kept, and pass the footer check."""
    frame = pl.DataFrame(
        {"i": range(1000), "f": [None if i % 3 else i / 7 for i in range(1000)], "s": [f"é{i}" for i in range(1000)]}
    )
    frame.write_parquet(tmp_path / "t.parquet", row_group_size=100)
    got = read("t.parquet", tmp_path, Layout())
    assert got.frame.equals(frame)
    assert got.notes == ()


def test_numbers_that_are_not_numbers_pass_the_footer_check(tmp_path: Path) -> None:
    """NaN, infinities and negative zero are no sign of damage."""
    frame = pl.DataFrame({"f": [float("nan"), -0.0, 0.0, float("inf"), None], "n": [None] * 5, "u": [2**64 - 1] * 5})
    frame = frame.with_columns(pl.col("u").cast(pl.UInt64), all_nan=pl.lit(float("nan")))
    frame.write_parquet(tmp_path / "t.parquet")
    assert read("t.parquet", tmp_path, Layout()).frame.equals(frame)


def test_any_single_flipped_byte_is_refused_or_harmless_in_shape(tmp_path: Path) -> None:
    """A damaged byte anywhere gives an error or rows, never another kind of failure."""
    pl.DataFrame({"x": [0.1 * i for i in range(50)], "y": ["a", "b"] * 25}).write_parquet(tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    refused = 0
    for position in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[position] ^= 0x5A
        (tmp_path / "d.parquet").write_bytes(bytes(damaged))
        try:
            read("d.parquet", tmp_path, Layout())
        except DataError as error:
            refused += bool(error.next_move)
    assert refused > 10


def test_an_encrypted_file_is_named(tmp_path: Path) -> None:
    """The mark of an encrypted footer is told from damage."""
    (tmp_path / "t.parquet").write_bytes(b"PARE" + bytes(100) + b"PARE")
    with pytest.raises(DataError, match="encrypted"):
        read("t.parquet", tmp_path, Layout())
