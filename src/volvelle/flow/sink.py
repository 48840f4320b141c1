"""A table that is written block by block, and appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

import polars as pl

from volvelle.errors import InputError

SUFFIXES = (".csv", ".parquet", ".jsonl")


class Sink:
    """Takes blocks of rows; leaving the context without an error makes the file appear.

    >>> with tempfile.TemporaryDirectory() as folder, Sink(Path(folder, "t.csv")) as sink:
    ...     sink.write(pl.DataFrame({"a": [1]}))
    ...     sink.write(pl.DataFrame({"a": [2]}))
    ...     Path(folder, "t.csv").exists()
    False

    Args:
        path: ends in .csv, .parquet or .jsonl.

    Raises:
        InputError: another ending, or no folder that can be written.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix not in SUFFIXES:
            raise InputError(
                f"answers are not written as {path.suffix or 'a file without suffix'}",
                where=str(path),
                next_move=f"end the name in {', '.join(SUFFIXES)}",
            )
        self._path, self._parts = path, 0
        try:
            self._folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
        except OSError as error:
            raise InputError(f"the answers cannot be written: {error.strerror}", where=str(path.parent)) from error

    def write(self, block: pl.DataFrame) -> None:
        """Add rows; all blocks have the same columns."""
        part = self._folder / f"{self._parts:08}{self._path.suffix}"
        if self._path.suffix == ".parquet":
            block.write_parquet(part)
        else:
            part = self._folder / f"whole{self._path.suffix}"
            with part.open("ab") as file:
                if self._path.suffix == ".csv":
                    # An empty cell stays empty rather than becoming a pair of quotes.
                    plain = block.with_columns(pl.col(pl.String).replace("", None))
                    plain.write_csv(file, include_header=not self._parts)
                else:
                    block.write_ndjson(file)
        self._parts += 1

    def __enter__(self) -> Sink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                whole = self._folder / f"whole{self._path.suffix}"
                if self._path.suffix == ".parquet":
                    pl.scan_parquet(sorted(self._folder.glob("*.parquet"))).sink_parquet(whole)
                os.replace(whole, self._path)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
