"""Every nasty file through the typed commands: one clear error, or what is odd about it is told, and never a trace."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from volvelle.cli.entry import main

TARGETS = {"csv/decimal_comma_semicolon.csv": "ziel", "csv/no_header.csv": "column_4", "sensor/accel_faults.csv": "az"}
REFUSED = {
    "container/corrupt_page.parquet": "its footer states a range without it",
    "container/csv_named.parquet": "it looks like text",
    "container/empty_table.parquet": "no rows",
    "container/inconsistent.jsonl": "line 61, column 20",
    "container/nan_infinity.json": "NaN is no JSON value",
    "container/object_array.npy": "no data source reads .npy",
    "container/truncated.csv.gz": "cut off",
    "container/truncated.parquet": "footer is missing",
    "container/zip_path_traversal.zip": "lead outside the archive",
    "container/zip_ratio_1000.zip": "500 times as much",
    "csv/comment_and_units_rows.csv": "line 4: the row below the header holds units",
    "csv/duplicate_columns.csv": "column names are repeated: 'x' in columns 1, 2; 'z' in columns 3, 5",
    "csv/empty.csv": "empty (0 bytes)",
    "csv/enc_mixed.csv": "line 11: two encodings",
    "csv/header_only.csv": "no row below it",
    "csv/newlines_only.csv": "blank lines only",
    "csv/no_trailing_newline_truncated_last_row.csv": "the last row is cut off",
    "csv/nul_bytes.csv": "NUL byte stands at byte 700",
    "csv/ragged_rows.csv": "line 7 has 2; line 13 has 6; line 32 has 3",
    "csv/real_decimal_comma_split.csv": "are decimals written with a comma?",
    "csv/unbalanced_quote.csv": "line 19: a quote is opened and never closed",
}
"""What no command reads, and what each of the three says of it."""
UNLEARNABLE = {
    "container/odd_names.sqlite": "the metric is not defined on its predictions",
    "csv/one_class_target.csv": "the target has one class only: 'yes'",
    "csv/one_column.csv": "no column is left as a feature",
    "csv/one_row.csv": "at least 5 rows",
    "csv/rare_classes.csv": "fewer than two training rows: 'c4'",
}
"""What can be looked at and not learnt from, and what run says of it."""
TOLD: dict[str, tuple[str, ...]] = {
    "container/bad_magic.parquet": ("does not begin with the Parquet mark",),
    "container/good_reference.parquet": (),
    "container/gz_named.csv": ("is gzip",),
    "container/odd_types.parquet": ("holds lists and was set aside", "rounded to the nearest double"),
    "container/plain_named.csv.gz": ("not gzip",),
    "container/two_sheets_offset_header.xlsx": ("found at cell A3", "8 are not, e.g. '0,5'"),
    "csv/all_missing_column.csv": ("missing: mostly_missing", "'only_na' is missing everywhere"),
    "csv/backslash_escapes.csv": ("backslash",),
    "csv/booleans_mixed.csv": ("spelling: flag", "spelling: target"),
    "csv/constant_columns.csv": ("constant: almost_const", "'const_num' is not a feature"),
    "csv/dates_dst_ambiguous.csv": ("has no UTC offset: read as UTC", "'local_time' goes back at 1 row"),
    "csv/dates_mixed_formats.csv": ("68 of 92 cells look like times",),
    "csv/decimal_comma_semicolon.csv": (
        "decimals are written with a comma",
        "'anzahl' looks like numbers with grouped",
    ),
    "csv/dup_test.csv": ("association: target",),
    "csv/dup_train.csv": ("20 of 235 rows (8.5%) equal an earlier row", "have different labels"),
    "csv/embedded_newlines.csv": (),
    "csv/emoji_long_text.csv": ("6 missing cells",),
    "csv/enc_cp1252.csv": ("was read as cp1252",),
    "csv/enc_latin1.csv": ("was read as iso8859-1",),
    "csv/enc_utf16be_nobom.csv": ("utf-16-be",),
    "csv/enc_utf16le_bom.csv": (),
    "csv/enc_utf8_bom.csv": (),
    "csv/formula_and_markup.csv": ("identifier: id",),
    "csv/hostile_column_names.csv": ("columns without a name are called column_1",),
    "csv/huge_ints.csv": ("beyond 64 bits", "39 numbers beyond 2^53"),
    "csv/id_leaks_target.csv": ("leak: 'id'", "leak: 'target_copy'", "leak: 'settled_amount'", "order: target"),
    "csv/inf_nan.csv": ("mistyped: a", "disguised: a", "94 of 141 cells are numbers"),
    "csv/label_spelling.csv": ("spelling: target", "h\\u0430m"),
    "csv/missing_target.csv": ("missing: target", "30 rows without target left out"),
    "csv/mixed_newlines.csv": ("carriage returns",),
    "csv/mixed_types.csv": ("'b' stays a category: 59 of 80",),
    "csv/no_header.csv": ("the file has no header",),
    "csv/pipe.txt": ("separated by",),
    "csv/skewed_outliers.csv": ("disguised: age", "invalid: age", "skew: income"),
    "csv/tab_named_csv.csv": ("separated by tab",),
    "csv/thousands_separators.csv": ("'us' looks like numbers with grouped thousands",),
    "csv/time_unsorted_gaps.csv": ("goes back at 2 rows, repeats a time at 4 rows, leaves 3 gaps",),
    "csv/unique_strings.csv": ("identifier: 'token' differs in every row",),
    "csv/unit_change_midway.csv": ("jumps near row 301", "as if °C became °F"),
    "csv/unseen_categories_test.csv": ("blanks around cells were removed",),
    "csv/unseen_categories_train.csv": (),
    "csv/wide_2000_columns.csv": (),
    "sensor/accel_faults.csv": ("as if g became m/s²", "missing: az", "10 of 2,010 rows (0.5%) equal an earlier row"),
}
"""What is read, and what is told of it by init, explore and run together; nothing where nothing is odd in the rows."""


class Said(NamedTuple):
    """What a command answered: exit code, and both streams with every blank as one."""

    code: int
    text: str


class Typed:
    """Types commands in a folder that holds one of the files."""

    def __init__(self, source: Path, target: str, capture: pytest.CaptureFixture[str]) -> None:
        (shutil.copytree if source.is_dir() else shutil.copy)(source, source.name)
        self.name, self.target, self._capture = source.name, target, capture

    def __call__(self, *words: str) -> Said:
        code = main(list(words))
        streams = self._capture.readouterr()
        text = " ".join((streams.out + streams.err).split())
        assert code in (0, 1, 2), text
        assert "Traceback" not in text
        assert code != 2 or "error: " in text
        return Said(code, text)

    def init(self) -> Said:
        return self("init", self.name, "--target", self.target)

    def spec(self) -> None:
        """One quick candidate; the spec that init wrote, or a plain one where it wrote none."""
        path = Path("volvelle.toml")
        lines = (
            path.read_text(encoding="utf-8") if path.exists() else f'[problem]\ntarget = "{self.target}"\n[search]\n'
        )
        lines = lines if path.exists() else f'{lines}[data]\nsource = "{self.name}"\n'
        search = '[search]\ntrials = 1\nfolds = 2\nestimators = ["decision_tree"]\n'
        path.write_text(lines.replace("[search]\n", search).replace("\nbudget =", "\n# budget ="), encoding="utf-8")


@pytest.fixture
def typed(
    request: pytest.FixtureRequest,
    real_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Typed:
    """In an empty folder with the file of the test's name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return Typed(real_data / "bad" / request.param, TARGETS.get(request.param, "target"), capfd)


@pytest.mark.parametrize(("typed", "why"), REFUSED.items(), indirect=["typed"], ids=[*REFUSED])
def test_what_cannot_be_right_is_refused(typed: Typed, why: str) -> None:
    """init, explore and run each say what is wrong and what to do, with exit code 2."""
    first = typed.init()
    typed.spec()
    for said in (first, typed("explore"), typed("run")):
        assert said.code == 2
        assert why in said.text
        assert "Next: " in said.text


@pytest.mark.parametrize(("typed", "why"), UNLEARNABLE.items(), indirect=["typed"], ids=[*UNLEARNABLE])
def test_what_teaches_nothing_is_refused(typed: Typed, why: str) -> None:
    """It can be explored, and run ends with one error; init, which deals other folds, may meet it as well."""
    assert typed.init().code in (0, 2)
    typed.spec()
    assert typed("explore").code == 0
    said = typed("run")
    assert said.code == 2
    assert why in said.text


@pytest.mark.parametrize(("typed", "told"), TOLD.items(), indirect=["typed"], ids=[*TOLD])
def test_what_is_odd_is_told(typed: Typed, told: tuple[str, ...]) -> None:
    """Every trap of the file is named by init, explore or run, and a model comes out of what is left."""
    first = typed.init()
    looked = typed("explore", typed.name, "--target", typed.target)
    typed.spec()
    said = typed("run")
    assert (first.code, looked.code) == (0, 0)
    assert said.code in (0, 1)
    together = f"{first.text} {looked.text} {said.text}"
    assert [fragment for fragment in told if fragment not in together] == []


def test_nothing_is_forgotten(real_data: Path) -> None:
    """Every table, container and sensor log stands above; sounds and pictures are no table for any source."""
    folder = real_data / "bad"
    files = {f"{kind}/{p.name}" for kind in ("csv", "container", "sensor") for p in (folder / kind).iterdir()}
    assert files == {*REFUSED, *UNLEARNABLE, *TOLD}


@pytest.mark.parametrize("typed", ["audio", "image"], indirect=True)
def test_other_files_are_no_tables(typed: Typed) -> None:
    """init, explore and run refuse every sound and every picture by its ending, with the endings that are read."""
    files = sorted(Path(typed.name).iterdir())
    for path in files:
        first = typed("init", str(path), "--target", "target")
        assert not Path("volvelle.toml").exists()
        Path("volvelle.toml").write_text(f'[problem]\ntarget = "target"\n[data]\nsource = "{path}"\n', encoding="utf-8")
        for said in (first, typed("explore", str(path)), typed("explore"), typed("run")):
            assert said.code == 2
            assert f"no data source reads {path.suffix}" in said.text
            assert "Next: " in said.text
            assert "known: " in said.text
        Path("volvelle.toml").unlink()
    assert len(files) >= 15
