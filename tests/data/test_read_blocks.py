"""Rows to answer, block by block: the same rows as all at once, and never all of them in memory."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from volvelle.data.collect import read_blocks, read_rows
from volvelle.errors import DataError
from volvelle.spec.requirements import Data

ROWS = [f'{k};"a ""b""\nc";{k / 4}' for k in range(3000)]
TEXT = "n;text;x\n" + "\n".join(row.replace(".", ",") for row in ROWS) + "\n"
KINDS: dict[str, Any] = {"n": "integer", "text": "category", "x": "number"}


def whole(name: str, folder: Path, size: int) -> list[pl.DataFrame]:
    return [block.settled for block in read_blocks(Data(source=name), {}, folder, KINDS, size)]


@pytest.mark.parametrize("size", [7, 999, 10_000])
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet", "t.json"])
def test_blocks_make_the_whole(tmp_path: Path, name: str, size: int) -> None:
    """Line breaks in quotes, decimal commas and gzip included, blocks joined are the rows read at once."""
    path = tmp_path / name
    (tmp_path / "s.csv").write_text(TEXT)
    frame = read_rows("s.csv", Data(source=""), {}, tmp_path, KINDS).settled
    if name == "t.csv":
        path.write_text(TEXT)
    elif name == "t.csv.gz":
        path.write_bytes(gzip.compress(TEXT.encode()))
    elif name == "t.parquet":
        frame.write_parquet(path)
    else:
        frame.write_json(path)
    blocks = whole(name, tmp_path, size)
    assert pl.concat(blocks).equals(frame)
    assert max(map(len, blocks)) <= size


def test_a_ragged_row_far_down_is_an_error(tmp_path: Path) -> None:
    """A row with too many cells in a later block is refused with its place."""
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 1500 + "1,2,3\n1,2,3\n")
    with pytest.raises(DataError, match="behind line 1500"):
        whole("t.csv", tmp_path, 100)


def test_a_cut_archive_is_an_error(tmp_path: Path) -> None:
    """Gzip data without an end are refused, after the blocks that were whole."""
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(TEXT.encode())[:-12])
    with pytest.raises(DataError, match="cut off or damaged"):
        whole("t.csv.gz", tmp_path, 5)


def test_memory_stays_bounded(tmp_path: Path) -> None:
    """Going through 60 MB of text in blocks takes far less memory than its size."""
    line = ",".join(["123.456"] * 12) + "\n"
    with (tmp_path / "t.csv").open("w") as file:
        file.write(",".join(f"c{k}" for k in range(12)) + "\n")
        for _ in range(60):
            file.write(line * 10_400)
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from volvelle.data.collect import read_blocks; from volvelle.spec.requirements import Data\n"
        "kinds = {f'c{k}': 'number' for k in range(12)}\n"
        "def turn(rows):\n"
        "    for n, block in enumerate(read_blocks(Data(source='t.csv'), {}, Path(sys.argv[1]), kinds, 20_000)):\n"
        "        if n == rows: return\n"
        "turn(3); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "turn(-1); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 30_000
