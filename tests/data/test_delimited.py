"""Delimited text: what is found, what is fixed by the layout, what is refused."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volvelle.data import raw
from volvelle.data.records import Layout, Quoting
from volvelle.data.sources.delimited import blocks, read
from volvelle.errors import DataError


def read_bytes(
    content: bytes, folder: Path, layout: Layout | None = None, name: str = "t.csv"
) -> list[tuple[str, ...]]:
    (folder / name).write_bytes(content)
    got = read(name, folder, layout or Layout())
    return [tuple(got.frame.columns), *got.frame.rows()]


CELL = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\u2028\u2029\x85"),
    max_size=12,
) | st.sampled_from(['"', '""', 'a"b', ",", ";", "\t", "a\nb", "a\r\nb", "|", "#", "1,5", "-0", "é€", "", " pad "])
PLAIN = st.sampled_from(["a", "b c", "1.5", "", "x,y", 'say "hi"', "two\nlines", "7"])


def tables(cells: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    return st.integers(2, 5).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8)
    )


def written(table: list[list[str]], delimiter: str, end: str, quoting: Literal[0, 1]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow([f"h{i}" for i in range(len(table[0]))])
    writer.writerows(table)
    return buffer.getvalue()


@settings(max_examples=150, deadline=None)
@given(
    table=tables(CELL),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]),
    packed=st.booleans(),
)
def test_what_the_standard_library_writes_is_read_back(
    table: list[list[str]], delimiter: str, end: str, quoting: Literal[0, 1], encoding: str, packed: bool
) -> None:
    """Any table in any dialect and encoding comes back cell for cell when the layout is stated."""
    table.append(["end"] * len(table[0]))
    content = written(table, delimiter, end, quoting).encode(encoding)
    layout = Layout(delimiter=delimiter, encoding=encoding, header=True)
    name = "t.csv.gz" if packed else "t.csv"
    with TemporaryDirectory() as folder:
        got = read_bytes(gzip.compress(content) if packed else content, Path(folder), layout, name)
    assert got[1:] == [tuple(row) for row in table]


@settings(max_examples=100, deadline=None)
@given(
    numbers=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=20),
    words=st.lists(PLAIN, min_size=3, max_size=20),
    delimiter=st.sampled_from(",;\t|"),
)
def test_the_delimiter_and_the_header_are_found(numbers: list[float], words: list[str], delimiter: str) -> None:
    """A table with a numeric column and a header is read back with nothing stated."""
    table = [[repr(n), w, "end"] for n, w in zip(numbers, words, strict=False)]
    with TemporaryDirectory() as folder:
        got = read_bytes(written(table, delimiter, "\n", csv.QUOTE_MINIMAL).encode(), Path(folder))
    assert got == [("h0", "h1", "h2"), *[tuple(row) for row in table]]


def test_a_stated_layout_overrules_what_would_be_found(tmp_path: Path) -> None:
    """Delimiter, header, decimal and encoding of the spec win."""
    (tmp_path / "t.csv").write_bytes("a;b\n1;ä\n".encode("cp1252"))
    layout = Layout(delimiter=";", quoting="none", header=False, decimal=",", encoding="cp1252")
    got = read("t.csv", tmp_path, layout)
    assert got.frame.rows() == [("a", "b"), ("1", "ä")]
    assert got.layout == layout


QUOTED: dict[Quoting, tuple[bytes, tuple[str, str]]] = {
    "double": (b'"x, ""y""",it\'s', ('x, "y"', "it's")),
    "backslash": (b'"x, \\"y\\"",it\'s', ('x, "y"', "it's")),
    "single": (b"'x, ''y''',5\" hose", ("x, 'y'", '5" hose')),
    "none": (b'"x,5" hose', ('"x', '5" hose')),
}


@pytest.mark.parametrize("quoting", QUOTED)
def test_quoting_may_be_stated(quoting: Quoting, tmp_path: Path) -> None:
    """Each way to quote reads its own text, whole or in blocks, and stands in the layout that was used."""
    line, cells = QUOTED[quoting]
    (tmp_path / "t.csv").write_bytes(b"a,b\n" + (line + b"\n") * 1500)
    got = read("t.csv", tmp_path, Layout(quoting=quoting))
    assert set(got.frame.rows()) == {cells}
    assert got.layout.quoting == quoting
    parts = list(blocks("t.csv", tmp_path, Layout(quoting=quoting), 500))
    assert len(parts) > 1
    assert pl.concat([part.frame for part in parts]).equals(got.frame)


def test_quotes_that_do_not_fit_name_the_other_ways(tmp_path: Path) -> None:
    """A text that breaks the stated quoting is refused with its line and what else may be stated."""
    with pytest.raises(DataError, match="line 3") as caught:
        read_bytes(b"a,b\n'x',1\nit's,2\n", tmp_path, Layout(quoting="single"))
    assert '[data] quoting = "double", "backslash" or "none"' in str(caught.value)


def test_near_file_names_are_offered(tmp_path: Path) -> None:
    """A misspelt file name is answered with the file that is there, and no absolute path."""
    (tmp_path / "pumps.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError) as caught:
        read("pump.csv", tmp_path, Layout())
    assert "'pumps.csv'" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_gzip_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacking ends at the limit, whatever the file promises."""
    monkeypatch.setattr(raw, "LIMIT", 10_000)
    with pytest.raises(DataError, match="more than 10000 bytes"):
        read_bytes(gzip.compress(b"a,b\n" * 5000), tmp_path, name="t.csv.gz")


def test_damaged_gzip_is_named(tmp_path: Path) -> None:
    """A flipped byte inside gzip data is an error, not other rows."""
    content = bytearray(gzip.compress(b"a,b\n" + b"1,2\n3,4\n" * 500))
    content[-5] ^= 0xFF
    with pytest.raises(DataError, match="damaged"):
        read_bytes(bytes(content), tmp_path, name="t.csv.gz")


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b"\x89PNG\r\n\x1a\n0000", "a PNG picture"),
        (b"PK\x03\x04xxxx", "a zip archive"),
        (bytes(range(1, 32)) * 20, "control characters"),
        (b'a,b\n1,5" pipe\n2,7" pipe\n', "line 2: a quote opens or closes in the middle"),
        (b"Report\na,b,c\n" + b"1,2,3\n" * 20, "remove the lines above the header"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, fragment: str, tmp_path: Path) -> None:
    """Pictures, archives, noise, stray quotes and titles above the header are named."""
    with pytest.raises(DataError) as caught:
        read_bytes(content, tmp_path)
    assert fragment in str(caught.value)


@pytest.mark.parametrize("delimiter", ['"', "\n", "é"])
def test_a_delimiter_that_cannot_be_is_refused(delimiter: str, tmp_path: Path) -> None:
    """A quote, a line end or a non-ASCII character cannot separate cells."""
    with pytest.raises(DataError, match="cannot separate"):
        read_bytes(b"a,b\n1,2\n", tmp_path, Layout(delimiter=delimiter))


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    """A misspelt encoding is an error of the spec, not a crash."""
    with pytest.raises(DataError, match="no text encoding"):
        read_bytes(b"a,b\n1,2\n", tmp_path, Layout(encoding="utf-9"))


def test_blank_lines_and_comments_are_left_out_with_notes(tmp_path: Path) -> None:
    """Lines that hold no row are dropped, counted and named, also with CRLF."""
    (tmp_path / "t.csv").write_bytes(b"# by logger\r\na,b\r\n1,2\r\n\r\n3,4\r\n\r\n\r\n")
    got = read("t.csv", tmp_path, Layout())
    assert got.frame.rows() == [("1", "2"), ("3", "4")]
    assert any("1 comment lines" in note for note in got.notes)
    assert any("3 blank lines" in note and "line 4" in note for note in got.notes)


def test_a_blank_line_in_a_single_column_is_a_missing_cell(tmp_path: Path) -> None:
    """One column: a blank line inside is a row, at the end it is not."""
    assert read_bytes(b"x\n1\n\n3\n\n\n", tmp_path) == [("x",), ("1",), ("",), ("3",)]


def test_unnamed_empty_columns_are_left_out(tmp_path: Path) -> None:
    """Separators at the end of every line add no column; rows without any value at the end no row."""
    (tmp_path / "t.csv").write_text("a;b;;\n1;2;;\n3;4;;\n;;;\n;;;\n")
    got = read("t.csv", tmp_path, Layout())
    assert got.frame.to_dict(as_series=False) == {"a": ["1", "3"], "b": ["2", "4"]}
    assert any("2 rows without any value" in note for note in got.notes)
