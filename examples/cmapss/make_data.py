"""Writes data/cmapss_rul.csv from data/cmapss_fd001_train.csv.gz: the same rows, and how many cycles are left.

The target is capped at 125 cycles: an engine that is far from failing does not show how far.
Source: F. O. Heimes, Recurrent neural networks for remaining useful life estimation, PHM 2008.
"""

from pathlib import Path

import polars as pl

DATA = Path(__file__).parent / "data"
CAP = 125


def main() -> None:
    """Every engine runs until it fails, so what is left is its last cycle minus this one."""
    rows = pl.read_csv(DATA / "cmapss_fd001_train.csv.gz")
    left = pl.col("cycle").max().over("unit") - pl.col("cycle")
    rows.with_columns(rul=left.clip(upper_bound=CAP)).write_csv(DATA / "cmapss_rul.csv")


if __name__ == "__main__":
    main()
