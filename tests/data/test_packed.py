"""Zip and Zstandard: what is inside is read as if it lay there; nothing escapes and nothing explodes."""

from __future__ import annotations

import gzip
import sqlite3
import zipfile
from pathlib import Path

import polars as pl
import pytest
import zstandard

from volvelle.data.collect import collect
from volvelle.data.records import Layout
from volvelle.data.sources import zip as zipped
from volvelle.data.sources import zst
from volvelle.errors import DataError
from volvelle.spec.requirements import Data
from workbook import Cell, write_workbook  # type: ignore[import-not-found]

TABLE = "a;b\n1,5;x\n2,5;y\n"
BAD_NAMES = ["../t.csv", "/t.csv", "in/../../t.csv", "..\\t.csv", "C:\\t.csv", "C:t.csv", "\\\\host\\t.csv"]


def packed(folder: Path, members: dict[str, str | bytes]) -> str:
    with zipfile.ZipFile(folder / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return "t.zip"


def test_a_member_is_chosen_by_name(tmp_path: Path) -> None:
    """One table among other files is found and noted; among several the name decides."""
    packed(tmp_path, {"readme.pdf": "x", "in/t.csv": TABLE})
    got = zipped.read("t.zip", tmp_path, Layout())
    assert got.frame.rows() == [("1,5", "x"), ("2,5", "y")]
    assert got.layout.delimiter == ";"
    assert got.notes[0] == "read 'in/t.csv'; the archive also holds 'readme.pdf'"
    packed(tmp_path, {"t.csv": TABLE, "u.csv": "c\n1\n"})
    with pytest.raises(DataError, match=r"2 members are tables: 't\.csv', 'u\.csv'"):
        zipped.read("t.zip", tmp_path, Layout())
    assert zipped.read("t.zip#u.csv", tmp_path, Layout()).frame.columns == ["c"]
    with pytest.raises(DataError, match=r"no member 'v\.csv'") as caught:
        zipped.read("t.zip#v.csv", tmp_path, Layout())
    assert "u.csv" in caught.value.next_move


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_member_that_leads_outside_refuses_the_archive(name: str, tmp_path: Path) -> None:
    """Paths that climb or are absolute, on any system, are refused, even when another member is asked for."""
    packed(tmp_path, {"good.csv": TABLE, name: TABLE})
    with pytest.raises(DataError, match="lead outside the archive"):
        zipped.read("t.zip#good.csv", tmp_path, Layout())
    assert [path.name for path in tmp_path.iterdir()] == ["t.zip"]


@pytest.mark.parametrize("name", ["postgresql:x.csv", "a*b.csv", "a#b.csv", "x" * 300 + ".csv", "ä ö.csv"])
def test_a_members_name_is_only_a_name(name: str, tmp_path: Path) -> None:
    """A member whose name looks like an address, a pattern or a part is read as the file that it is."""
    packed(tmp_path, {name: TABLE})
    assert zipped.read("t.zip", tmp_path, Layout()).frame.height == 2


def test_errors_inside_name_archive_member_and_line(tmp_path: Path) -> None:
    """The place of an error reads from the outside in."""
    packed(tmp_path, {"in/t.csv": "a,b\n1,2\n1,2,3\n"})
    with pytest.raises(DataError) as caught:
        zipped.read("t.zip", tmp_path, Layout())
    assert caught.value.where == "t.zip#in/t.csv, line 3"


def test_damage_is_refused(tmp_path: Path) -> None:
    """Any flipped byte gives an error, or the right rows."""
    packed(tmp_path, {"t.csv": TABLE + "3,5;z\n" * 40})
    right = zipped.read("t.zip", tmp_path, Layout()).frame
    content = (tmp_path / "t.zip").read_bytes()
    refused = 0
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x5A
        (tmp_path / "d.zip").write_bytes(bytes(damaged))
        try:
            assert zipped.read("d.zip", tmp_path, Layout()).frame.equals(right)
        except DataError as error:
            refused += bool(error.next_move)
    assert refused > len(content) // 3


def test_bombs_are_stopped_while_they_unpack(tmp_path: Path) -> None:
    """Zip, Zstandard and gzip that unpack to far more than their size are refused, whatever they say of themselves."""
    zeros = bytes(40 * 2**20)
    packed(tmp_path, {"t.csv": zeros})
    (tmp_path / "t.csv.zst").write_bytes(zstandard.compress(zeros))
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(zeros))
    (tmp_path / "t.parquet.gz").write_bytes(gzip.compress(zeros))
    for source in ("t.zip", "t.csv.zst", "t.csv.gz", "t.parquet.gz"):
        with pytest.raises(DataError, match="times as much"):
            collect(Data(source=source), {}, tmp_path)


def test_archives_within_archives_are_refused(tmp_path: Path) -> None:
    """An archive that holds an archive, or itself, ends the search."""
    packed(tmp_path, {"inner.zip": b"PK"})
    with pytest.raises(DataError, match="packed twice"):
        zipped.read("t.zip", tmp_path, Layout())


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv", "t.parquet.gz"])
def test_gzip_within_a_packed_file_is_refused(name: str, tmp_path: Path) -> None:
    """Two ratios would multiply to a bomb: gzip inside zip, Zstandard or gzip is refused, by name or by first bytes."""
    content = gzip.compress(TABLE.encode())
    packed(tmp_path, {name: content})
    (tmp_path / f"{name}.zst").write_bytes(zstandard.compress(content))
    (tmp_path / f"{name}.gz.gz").write_bytes(gzip.compress(content))
    for source in ("t.zip", f"{name}.zst", f"{name}.gz.gz"):
        with pytest.raises(DataError, match="packed twice") as caught:
            collect(Data(source=source), {}, tmp_path)
        assert "unpack it" in caught.value.next_move


def test_gzip_around_every_format(tmp_path: Path) -> None:
    """Parquet, Arrow, a workbook's sheet and a database are read through gzip; the origin is the packed file."""
    frame = pl.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ipc(tmp_path / "t.arrow")
    sheet: dict[str, Cell] = {"A1": "a", "B1": "b", "A2": 1.5, "B2": "x", "A3": 2.5, "B3": "y"}
    write_workbook(tmp_path / "t.xlsx", {"Empty": {}, "Rows": sheet})
    with sqlite3.connect(tmp_path / "t.db") as made:
        made.execute("CREATE TABLE rows (a REAL, b TEXT)")
        made.executemany("INSERT INTO rows VALUES (?, ?)", frame.rows())
    made.close()
    for name, part in (("t.parquet", ""), ("t.arrow", ""), ("t.xlsx", "#Rows"), ("t.db", "#rows")):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        got, dataset = collect(Data(source=f"{name}.gz{part}"), {}, tmp_path)
        assert got.rows() == frame.rows(), name
        assert [origin.name for origin in dataset.origins] == [f"{name}.gz"]


def test_gzip_that_is_cut_off_damaged_or_no_table(tmp_path: Path) -> None:
    """Each gives one error that names the file; one that only is called gzip is read with a note."""
    pl.DataFrame({"a": [1, 2]}).write_parquet(tmp_path / "t.parquet")
    plain = (tmp_path / "t.parquet").read_bytes()
    content = gzip.compress(plain)
    wrong = {
        "cut.parquet.gz": (content[:-9], "cut off"),
        "bent.parquet.gz": (content[:-6] + b"abcdef", "damaged"),
        "text.parquet.gz": (gzip.compress(TABLE.encode()), "it looks like text"),
        "photo.jpg.gz": (gzip.compress(b"\xff\xd8"), "no data source reads .jpg"),
        "rows.gz": (content, "no data source reads a name without a suffix"),
    }
    for name, (made, problem) in wrong.items():
        (tmp_path / name).write_bytes(made)
        with pytest.raises(DataError, match=problem) as caught:
            collect(Data(source=name), {}, tmp_path)
        assert caught.value.where.startswith(name)
    (tmp_path / "named.parquet.gz").write_bytes(plain)
    frame, dataset = collect(Data(source="named.parquet.gz"), {}, tmp_path)
    assert frame.height == 2
    assert any("is not gzip data" in note for note in dataset.notes)


def test_zstandard_by_the_inner_name(tmp_path: Path) -> None:
    """The name without its ending picks the source; several frames are one file; the origin is the packed file."""
    frames = zstandard.compress(TABLE[:9].encode()) + zstandard.compress(TABLE[9:].encode())
    (tmp_path / "t.csv.zst").write_bytes(frames)
    frame, dataset = collect(Data(source="t.csv.zst"), {}, tmp_path)
    assert frame.rows() == [(1.5, "x"), (2.5, "y")]
    assert [origin.name for origin in dataset.origins] == ["t.csv.zst"]
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.parquet.zst").write_bytes(zstandard.compress((tmp_path / "t.parquet").read_bytes()))
    assert zst.read("t.parquet.zst", tmp_path, Layout()).frame.rows() == [(1,)]


def test_cut_off_zstandard_is_refused(tmp_path: Path) -> None:
    """No cut gives rows."""
    content = zstandard.compress((TABLE * 100).encode())
    for length in range(1, len(content)):
        (tmp_path / "t.csv.zst").write_bytes(content[:length])
        with pytest.raises(DataError):
            zst.read("t.csv.zst", tmp_path, Layout())
