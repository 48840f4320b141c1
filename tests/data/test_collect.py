"""Collect: source, kinds, record and version."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from volvelle.data.collect import collect, read_rows
from volvelle.data.versions import digest, from_bytes, to_bytes
from volvelle.errors import DataError, SpecError
from volvelle.spec.requirements import Data, FeatureSpec


def test_the_record_states_what_was_read(real_data: Path) -> None:
    """Telco: blanks are missing, the version is the hash of the canonical bytes, the origin that of the file."""
    frame, dataset = collect(Data(source="tabular/telco_churn.csv.gz"), {}, real_data)
    columns = {c.name: c for c in dataset.columns}
    assert (dataset.rows, columns["TotalCharges"].kind, columns["TotalCharges"].missing) == (7043, "number", 11)
    assert columns["Churn"].categories == ("No", "Yes")
    assert dataset.version == digest(to_bytes(frame))
    assert dataset.origins[0].name == "tabular/telco_churn.csv.gz"


@pytest.mark.parametrize(
    ("name", "rows", "missing"),
    [
        ("tabular/adult_train.csv.gz", 32561, 4262),
        ("timeseries/air_quality_uci.csv.gz", 9357, 0),
        ("regression/california_housing.csv.gz", 20640, 207),
        ("text/sms_spam.tsv.gz", 5574, 0),
    ],
)
def test_real_tables_have_their_rows_and_missing_cells(name: str, rows: int, missing: int, real_data: Path) -> None:
    """Rows and missing cells are those that the data's own description states."""
    _, dataset = collect(Data(source=name), {}, real_data)
    assert (dataset.rows, sum(c.missing for c in dataset.columns)) == (rows, missing)


def test_the_same_data_make_one_version_and_other_data_another(tmp_path: Path) -> None:
    """The version depends on rows and kinds, not on how the file was written."""
    (tmp_path / "a.csv").write_text("x,y\n1,a\n2,b\n")
    (tmp_path / "b.csv").write_text("x;y\n1;a\n2;b\n")
    (tmp_path / "c.csv").write_text("x,y\n1,a\n3,b\n")
    pl.DataFrame({"x": [1, 2], "y": ["a", "b"]}).write_parquet(tmp_path / "d.parquet")
    a, b, c, d = (collect(Data(source=n), {}, tmp_path)[1].version for n in ("a.csv", "b.csv", "c.csv", "d.parquet"))
    assert a == b == d != c


def test_bytes_do_not_depend_on_process_threads_chunks_or_order_flags(tmp_path: Path) -> None:
    """Canonical bytes are equal across thread counts and hash seeds, and across chunked and sorted copies."""
    code = (
        "import polars as pl, numpy as np\n"
        "from volvelle.data.versions import *\n"
        "r = np.random.default_rng(0)\n"
        "f = pl.DataFrame({'a': np.arange(300000), 'b': r.normal(size=300000),"
        " 'c': [None if i % 7 == 0 else f't{i % 99}' for i in range(300000)]})\n"
        "g = pl.concat([f[:1000], f[1000:]], rechunk=False).with_columns(pl.col('a').set_sorted())\n"
        "assert from_bytes(to_bytes(f)).equals(f)\n"
        "print(digest(to_bytes(f)), digest(to_bytes(g)))\n"
    )
    seen = set()
    for threads, seed in (("1", "0"), ("4", "5")):
        environment = {**os.environ, "POLARS_MAX_THREADS": threads, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        seen |= set(done.stdout.split())
    assert len(seen) == 1


def test_damaged_bytes_are_named() -> None:
    """A stored version that was cut is an error, not other rows."""
    with pytest.raises(DataError, match="damaged"):
        from_bytes(to_bytes(pl.DataFrame({"a": [1, 2]}))[:-20])


@pytest.mark.parametrize(
    ("data", "features", "key"),
    [
        (Data(source="t.csv", time="Xx"), {}, "[data] time"),
        (Data(source="t.csv", group="Xx"), {}, "[data] group"),
        (Data(source="t.csv", ignore=("Xx",)), {}, "[data] ignore"),
        (Data(source="t.csv", sensitive=("Xx",)), {}, "[data] sensitive"),
        (Data(source="t.csv"), {"Xx": FeatureSpec()}, "[features]"),
    ],
)
def test_absent_columns_are_named_with_near_names(
    data: Data, features: dict[str, FeatureSpec], key: str, tmp_path: Path
) -> None:
    """Every key of the spec that names a column is checked."""
    (tmp_path / "t.csv").write_text("xx,y\n1,2\n")
    with pytest.raises(SpecError) as caught:
        collect(data, features, tmp_path)
    assert caught.value.where == key
    assert "'xx'" in caught.value.next_move


@pytest.mark.parametrize(("source", "fragment"), [("t.cvs", "'.csv'"), ("kaggel:a/b", "kaggel"), ("plain", "suffix")])
def test_a_source_that_nothing_reads_is_named(source: str, fragment: str, tmp_path: Path) -> None:
    """An unknown suffix or scheme is answered with what there is."""
    with pytest.raises(DataError) as caught:
        collect(Data(source=source), {}, tmp_path)
    assert fragment in str(caught.value)


def test_rows_to_predict_take_the_kinds_of_training(tmp_path: Path) -> None:
    """A category that happens to look like a number in a small file keeps its text; absent named columns are fine."""
    (tmp_path / "new.csv").write_text("code,n\n2.50,1\n")
    data = Data(source="train.csv", group="gone")
    got = read_rows(
        "new.csv", data, {"absent": FeatureSpec(role="number")}, tmp_path, {"code": "category", "n": "integer"}
    )
    assert got.settled.rows() == [("2.50", 1.0)]
    assert got.given.rows() == [("2.50", "1")]
    assert read_rows("new.csv", data, {}, tmp_path).settled.rows() == [(2.5, 1)]
