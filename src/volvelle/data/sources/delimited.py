"""Delimited text: .csv, .tsv and .txt, plain or gzip.

Encoding, delimiter, quoting, header and decimal mark are found, noted, and overruled by the ``[data]`` keys of the
same names. All cells come as text, stripped of nothing: the kinds are settled later. Nothing is repaired
in silence: a row with too many or too few cells, a stray quote, a NUL byte or a repeated column name is
an error that names its line. What is left out (blank lines, comment lines, empty rows at the end) is noted.

Quoting is that of RFC 4180 unless another is found or asked for.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     _ = Path(folder, "t.csv").write_text("a;b\\n1,5;x\\n2,5;y\\n")
...     got = read("t.csv", Path(folder), Layout())
>>> got.frame.rows(), got.layout.delimiter, got.layout.decimal
([('1,5', 'x'), ('2,5', 'y')], ';', ',')
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from msgspec.structs import replace

from volvelle.data.contract import Read
from volvelle.data.decode import to_utf8
from volvelle.data.grid import Grid, measure, plain_line_ends, settle_quotes, with_quotes_back
from volvelle.data.names import name_columns, without_hollow_end
from volvelle.data.raw import GZIP, bounded, find_file, read_file, unpack
from volvelle.data.records import Layout, Quoting
from volvelle.data.sniff import decimal_of, delimiter_of, has_header
from volvelle.errors import DataError

SUFFIXES: tuple[str, ...] = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
SCHEMES: tuple[str, ...] = ()
_FIRST = 1_000
"""Lines of the first block at least: what the text is like is found there."""
_QUOTES: dict[Quoting, bytes | None] = {"double": b'"', "backslash": b'"', "single": b"'", "none": None}
_UNITS = re.compile(r"^\s*(\[.*\]|\([^0-9)][^)]*\))\s*$")


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows as text columns; an empty cell is the empty string.

    Raises:
        DataError: no such file, not text, damaged, ragged rows, stray quotes, repeated names, no rows.
    """
    content, origin = read_file(where, folder)
    content, notes = unpack(content, where)
    frame, found, more = _table(content, where, layout)
    return Read(frame, found, (origin,), notes + more)


def blocks(where: str, folder: Path, layout: Layout, size: int) -> Iterator[Read]:
    """The same rows, `size` lines at a time; what is found in the first block counts for all.

    A file in which every character takes two bytes or more is read at once.

    Raises:
        DataError: as `read`; its line is counted from the block's beginning.
    """
    first: Read | None = None
    quote = _QUOTES[layout.quoting or "double"]
    for start, content in _cut(find_file(where, folder), size, quote, where):
        here = f"{where}, behind line {start}" if start else where
        if first is None:
            frame, found, notes = _table(content, here, layout)
            first = Read(frame, found, (), notes)
            yield first
            continue
        frame, _, _ = _table(content, here, replace(first.layout, header=False))
        if frame.width != first.frame.width:
            problem = f"rows have {frame.width} cells here and {first.frame.width} above"
            raise DataError(problem, where=here, next_move="give every row the same number of cells")
        yield Read(frame.rename(dict(zip(frame.columns, first.frame.columns, strict=True))), first.layout, ())


def _cut(path: Path, size: int, quote: bytes | None, where: str) -> Iterator[tuple[int, bytes]]:
    """Whole rows, `size` lines and what belongs to the last of them at a time, with the number of lines before."""
    packed = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4096)
        file.seek(0)
        if b"\0" in head and not head.startswith(GZIP):
            yield 0, file.read()
            return
        stream = gzip.GzipFile(fileobj=file) if head.startswith(GZIP) else file
        lines: list[bytes] = []
        done, quotes = 0, 0
        try:
            for line in bounded(stream, packed, where) if stream is not file else stream:
                lines.append(line)
                quotes += line.count(quote) if quote else 0
                if len(lines) >= (size if done else max(size, _FIRST)) and quotes % 2 == 0:
                    yield done, b"".join(lines)
                    done, lines = done + len(lines), []
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            problem = f"the gzip data are cut off or damaged: {error}"
            raise DataError(problem, where=where, next_move="copy or download the file again") from error
        if any(map(bytes.strip, lines)):
            yield done, b"".join(lines)


def _table(content: bytes, where: str, layout: Layout) -> tuple[pl.DataFrame, Layout, tuple[str, ...]]:
    """All rows of a text, the layout as used, and notes."""
    notes: tuple[str, ...] = ()
    content, encoding, more = to_utf8(content, layout.encoding, where)
    notes += more
    if not content.strip():
        raise DataError("the file holds blank lines only", where=where, next_move="export the data again")
    delimiter = _checked(layout.delimiter) or delimiter_of(content) or ("\t" if ".tsv" in where.lower() else ",")
    content, quoting, more = settle_quotes(content, delimiter, where, layout.quoting)
    quoted = quoting != "none"
    notes += more
    content, lone = plain_line_ends(content, quoted=quoted)
    notes += (f"{lone} lone carriage returns were read as line ends",) if lone else ()
    grid, more = _rows(measure(content, delimiter, quoted=quoted))
    notes += more
    _refuse_ragged(grid, delimiter, where)
    frame = _parse(grid, delimiter, quoted, where)
    frame = with_quotes_back(frame) if quoting == "single" else frame
    header = has_header(frame) if layout.header is None else layout.header
    if header:
        _refuse_units(frame, grid, where)
    frame, more = name_columns(frame, header, where)
    notes += more
    frame, more = without_hollow_end(frame)
    notes += more
    if not frame.height:
        raise DataError(
            "there is a header but no row below it",
            where=where,
            next_move="add rows, or set [data] header = false if the first line is a row",
        )
    decimal = layout.decimal or decimal_of(frame)
    found = Layout(
        delimiter=delimiter,
        quoting=quoting,
        encoding=encoding,
        decimal=decimal,
        header=header,
        missing=layout.missing,
    )
    notes += tuple(_sniffed(layout, found))
    return frame, found, notes


def _checked(delimiter: str | None) -> str | None:
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'):
        raise DataError(
            f"{delimiter!r} cannot separate cells: one ASCII character is needed, no quote and no line end",
            where="[data] delimiter",
            next_move="e.g. ';'",
        )
    return delimiter


def _rows(grid: Grid) -> tuple[Grid, tuple[str, ...]]:
    """Rows without comment lines and blank lines. In a single column a blank line inside is a missing cell."""
    notes: tuple[str, ...] = ()
    data = np.frombuffer(grid.content, dtype=np.uint8)
    blank = grid.starts >= grid.ends
    first = data[np.minimum(grid.starts, len(data) - 1)]
    values, counts = np.unique(grid.cells[~blank], return_counts=True)
    usual = int(values[counts.argmax()])
    comment = (first == ord("#")) & ~blank & (grid.cells != usual)
    if comment.any():
        lines = ", ".join(str(grid.line(int(r))) for r in np.flatnonzero(comment)[:3])
        notes += (f"{int(comment.sum())} comment lines were left out (line {lines}{_dots(int(comment.sum()), 3)})",)
    if usual == 1:
        blank &= np.arange(len(blank)) > np.flatnonzero(~blank)[-1]
    if blank.any():
        line = grid.line(int(np.flatnonzero(blank)[0]))
        notes += (f"{int(blank.sum())} blank lines were left out, the first is line {line}",)
    return grid.keep(~(comment | blank)), notes


def _dots(count: int, shown: int) -> str:
    return " ..." if count > shown else ""


def _refuse_ragged(grid: Grid, delimiter: str, where: str) -> None:
    expected = int(grid.cells[0])
    odd = np.flatnonzero(grid.cells != expected)
    if not len(odd):
        return
    shown = "; ".join(f"line {grid.line(int(r))} has {int(grid.cells[r])}" for r in odd[:3])
    advice = "give every row the same number of cells, or set [data] delimiter"
    if delimiter == "," and expected > 1 and len(np.unique(grid.cells)) > 2 and len(odd) > len(grid.cells) // 2:
        advice = "are decimals written with a comma? Then export with ';' between the cells"
    elif len(odd) == len(grid.cells) - 1:
        advice = f"remove the lines above the header, or set [data] delimiter ({delimiter!r} was used)"
    elif odd[0] == len(grid.cells) - 1:
        advice = "the last row is cut off: copy the file again, or remove that row"
    raise DataError(
        f"{len(odd)} of {len(grid.cells)} rows have another number of cells than the first, which has "
        f"{expected}: {shown}{_dots(len(odd), 3)}",
        where=f"{where}, line {grid.line(int(odd[0]))}",
        next_move=advice,
    )


def _parse(grid: Grid, delimiter: str, quoted: bool, where: str) -> pl.DataFrame:
    width = int(grid.cells[0])
    try:
        frame = pl.read_csv(
            grid.packed(),
            has_header=False,
            schema={f"column_{i + 1}": pl.String for i in range(width)},
            separator=delimiter,
            quote_char='"' if quoted else None,
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            f"the text cannot be parsed: {error}", where=where, next_move="export the data again"
        ) from error
    if frame.height != len(grid.cells):
        raise DataError(
            f"{len(grid.cells)} rows were counted and {frame.height} parsed: the quoting is broken",
            where=where,
            next_move='write cells that hold quotes as "..." with every quote inside doubled',
        )
    return frame.with_columns(pl.all().fill_null("")).rechunk()


def _refuse_units(frame: pl.DataFrame, grid: Grid, where: str) -> None:
    if frame.height < 3:
        return
    cells = [str(cell) for cell in frame.row(1) if str(cell).strip()]
    if cells and all(_UNITS.match(cell) for cell in cells):
        raise DataError(
            f"the row below the header holds units, not data: {', '.join(cells[:4])}",
            where=f"{where}, line {grid.line(1)}",
            next_move="remove that line and state the units as [features.NAME] unit = ...",
        )


def _sniffed(asked: Layout, found: Layout) -> list[str]:
    names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", ".": "point"}
    notes = []
    if asked.delimiter is None and found.delimiter != ",":
        notes.append(f"cells are separated by {names.get(found.delimiter or '', repr(found.delimiter))} (found)")
    if asked.decimal is None and found.decimal == ",":
        notes.append("decimals are written with a comma (found)")
    return notes
