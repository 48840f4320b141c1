"""Every nasty file gives one clear error, or a right result."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from volvelle.data.collect import collect
from volvelle.data.records import Dataset
from volvelle.errors import DataError
from volvelle.spec.requirements import Data

REFUSED = {
    "csv/comment_and_units_rows.csv": "line 4: the row below the header holds units",
    "csv/duplicate_columns.csv": "'x' in columns 1, 2",
    "csv/empty.csv": "empty (0 bytes)",
    "csv/enc_mixed.csv": "line 11: two encodings",
    "csv/header_only.csv": "no row below it",
    "csv/newlines_only.csv": "blank lines only",
    "csv/no_trailing_newline_truncated_last_row.csv": "the last row is cut off",
    "csv/nul_bytes.csv": "NUL byte stands at byte 700",
    "csv/ragged_rows.csv": "line 7 has 2; line 13 has 6; line 32 has 3",
    "csv/real_decimal_comma_split.csv": "are decimals written with a comma?",
    "csv/unbalanced_quote.csv": "line 19: a quote is opened and never closed",
    "container/truncated.csv.gz": "cut off",
    "container/truncated.parquet": "its footer is missing",
    "container/csv_named.parquet": "it looks like text",
    "container/empty_table.parquet": "no rows",
    "container/corrupt_page.parquet": "column 'x': the Parquet file is damaged",
    "container/inconsistent.jsonl": "line 61, column 20: the text ends in the middle of a value",
    "container/nan_infinity.json": "NaN is no JSON value",
    "container/object_array.npy": "no data source reads .npy",
    "container/zip_ratio_1000.zip": "times as much",
    "container/zip_path_traversal.zip": "2 of its members lead outside the archive",
}
CITIES = ["Göteborg", "Kraków", "Málaga", "Orléans", "Reykjavík", "São Paulo", "Zürich", "Łódź"]
LATIN = ["Göteborg", "Kraków", "Málaga", "Orléans", "Reykjavík", "São Paulo", "Zürich", "lódl"]


def rows(count: int) -> Callable[[pl.DataFrame, Dataset], bool]:
    return lambda frame, dataset: frame.height == count


def kinds(text: str) -> Callable[[pl.DataFrame, Dataset], bool]:
    return lambda frame, dataset: "".join(c.kind[0] for c in dataset.columns) == text


def cities(names: list[str]) -> Callable[[pl.DataFrame, Dataset], bool]:
    return lambda frame, dataset: frame["city"].unique().sort().to_list() == names and frame.height == 60


def noted(fragment: str) -> Callable[[pl.DataFrame, Dataset], bool]:
    return lambda frame, dataset: any(fragment in note for note in dataset.notes)


def cell(row: int, column: str, value: Any) -> Callable[[pl.DataFrame, Dataset], bool]:
    return lambda frame, dataset: bool(frame[column][row] == value)


def missing(column: str, count: int) -> Callable[[pl.DataFrame, Dataset], bool]:
    return lambda frame, dataset: frame[column].null_count() == count


READ: dict[str, list[Callable[[pl.DataFrame, Dataset], bool]]] = {
    "csv/all_missing_column.csv": [kinds("nccii"), missing("mostly_missing", 99), noted("'only_na' is missing")],
    "csv/backslash_escapes.csv": [cell(0, "comment", 'a "quoted" word, C:\\temp'), rows(30), noted("backslash")],
    "csv/booleans_mixed.csv": [kinds("cnc"), missing("flag", 8)],
    "csv/constant_columns.csv": [rows(100), lambda f, d: sum(c.distinct == 1 for c in d.columns) == 2],
    "csv/dates_dst_ambiguous.csv": [kinds("tni"), noted("no UTC offset")],
    "csv/dates_mixed_formats.csv": [kinds("ci"), missing("when", 8)],
    "csv/decimal_comma_semicolon.csv": [kinds("tncc"), cell(0, "wert", 110.46), noted("grouped thousands")],
    "csv/dup_test.csv": [rows(120)],
    "csv/dup_train.csv": [rows(235), kinds("nni")],
    "csv/embedded_newlines.csv": [
        rows(30),
        lambda f, d: f["comment"][0].count("\n") == 2 and '"two", with' in f["comment"][0],
    ],
    "csv/emoji_long_text.csv": [rows(54), lambda f, d: f["text"].str.len_chars().max() == 200_000],
    "csv/enc_cp1252.csv": [rows(40), noted("cp1252"), lambda f, d: "€" in "".join(f["note"])],
    "csv/enc_latin1.csv": [cities(LATIN), noted("iso8859-1")],
    "csv/enc_utf16be_nobom.csv": [lambda f, d: d.layout.encoding == "utf-16-be", kinds("nncc")],
    "csv/enc_utf16le_bom.csv": [lambda f, d: d.layout.encoding == "utf-16-le", kinds("nncc")],
    "csv/enc_utf8_bom.csv": [lambda f, d: f.columns[0] == "x", kinds("nncc")],
    "csv/formula_and_markup.csv": [rows(44), kinds("ici"), lambda f, d: "=HYPERLINK(" in "".join(f["name"])],
    "csv/hostile_column_names.csv": [
        cell(0, "target", "no"),
        lambda f, d: {'quo"te', "new\nline", "1", "a.b"} < {*f.columns},
    ],
    "csv/huge_ints.csv": [cell(0, "id", 2**53 + 1), kinds("icccni"), noted("beyond 64 bits"), noted("rounded")],
    "csv/id_leaks_target.csv": [rows(400)],
    "csv/inf_nan.csv": [kinds("cni"), noted('missing = ["", "-", "None", "#DIV/0!", ...]')],
    "csv/label_spelling.csv": [rows(200), lambda f, d: f["target"].n_unique() == 8],
    "csv/missing_target.csv": [missing("target", 30)],
    "csv/mixed_newlines.csv": [cities(CITIES), noted("carriage returns")],
    "csv/mixed_types.csv": [kinds("cccc"), noted("'b' stays a category: 59 of 80")],
    "csv/no_header.csv": [rows(60), lambda f, d: f.columns[0] == "column_1", noted("no header")],
    "csv/one_class_target.csv": [rows(100)],
    "csv/one_column.csv": [rows(50), kinds("i")],
    "csv/one_row.csv": [rows(1), cell(0, "city", "Oslo")],
    "csv/pipe.txt": [cities(CITIES)],
    "csv/rare_classes.csv": [rows(506)],
    "csv/skewed_outliers.csv": [rows(400), kinds("nii")],
    "csv/tab_named_csv.csv": [cities(CITIES)],
    "csv/thousands_separators.csv": [kinds("icccccccni"), noted("grouped thousands")],
    "csv/time_unsorted_gaps.csv": [kinds("tni"), rows(120)],
    "csv/unique_strings.csv": [rows(300)],
    "csv/unit_change_midway.csv": [rows(500)],
    "csv/unseen_categories_test.csv": [lambda f, d: not f["cat"].str.ends_with(" ").any()],
    "csv/unseen_categories_train.csv": [rows(150)],
    "csv/wide_2000_columns.csv": [lambda f, d: f.shape == (12, 2001)],
    "container/plain_named.csv.gz": [cities(CITIES), noted("not gzip")],
    "container/gz_named.csv": [cities(CITIES), noted("is gzip")],
    "container/good_reference.parquet": [rows(1000), kinds("nci")],
    "container/bad_magic.parquet": [rows(1000), kinds("nci"), noted("does not begin")],
    "container/odd_names.sqlite": [
        rows(50),
        kinds("ccc"),
        noted("'select' is stored as 40 integers, 10 texts; read as text"),
        missing("a b", 33),
    ],
    "container/two_sheets_offset_header.xlsx": [
        rows(30),
        kinds("tcc"),
        noted("found at cell A3"),
        noted("8 are not, e.g. '0,5'"),
        cell(0, "amount", "0,5"),
    ],
    "container/odd_types.parquet": [
        cell(0, "id", 2**62),
        lambda f, d: {"lst", "st", "bin"}.isdisjoint(f.columns),
        noted("'lst' holds lists and was set aside"),
        lambda f, d: f["ts"].dt.timestamp("us")[0] == 1_704_067_200_000_000,
        cell(1, "dur", 1.0),
        cell(1, "dict", "v"),
        cell(1, "target", True),
    ],
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_bad_file_gives_one_clear_error(name: str, real_data: Path) -> None:
    """A file that cannot be right is refused with what was found and a next move."""
    with pytest.raises(DataError) as caught:
        collect(Data(source=name), {}, real_data / "bad")
    assert REFUSED[name] in str(caught.value)
    assert caught.value.next_move


@pytest.mark.parametrize("name", sorted(READ))
def test_odd_file_is_read_right(name: str, real_data: Path) -> None:
    """A file that is odd but sound gives the right rows, kinds and notes."""
    frame, dataset = collect(Data(source=name), {}, real_data / "bad")
    failed = [position for position, fact in enumerate(READ[name]) if not fact(frame, dataset)]
    assert not failed, (failed, frame, dataset.notes)


def test_every_csv_file_is_in_a_table(real_data: Path) -> None:
    """No nasty table is forgotten."""
    folder = real_data / "bad"
    files = [*folder.glob("csv/*"), *folder.glob("container/*")]
    assert {str(path.relative_to(folder)) for path in files} <= {*REFUSED, *READ}


ENDINGS = (".csv", ".parquet", ".json", ".xlsx", ".arrow", ".db", ".zip", ".csv.gz", ".parquet.gz")
TEXTS = {"not_audio.wav", "text_named.png"}
"""Not what their names say, but text: a table with a short name may hold it."""


@pytest.mark.parametrize("kind", ["audio", "image"])
def test_sounds_and_pictures_called_tables(kind: str, real_data: Path, tmp_path: Path) -> None:
    """Under the name of any kind of table every sound and picture is refused for what it holds, never read as rows."""
    files = [path for path in sorted((real_data / "bad" / kind).iterdir()) if path.name not in TEXTS]
    for path in files:
        for ending in ENDINGS:
            shutil.copy(path, tmp_path / f"named{ending}")
            with pytest.raises(DataError) as caught:
                collect(Data(source=f"named{ending}"), {}, tmp_path)
            assert caught.value.next_move, (path.name, ending)
    assert len(files) >= 15
