"""Writes data/electricity.csv from data/elec2.csv.gz: each half hour with its time and what was known before it.

The file is in the order of time, and its own 'date' is not (four times it steps back). Every day has 48 rows and
the first is Tuesday, 7 May 1996, so the time is counted from there.
"""

from datetime import datetime
from pathlib import Path

import polars as pl

DATA = Path(__file__).parent / "data"


def main() -> None:
    """The time; price and class of half an hour before, and how far that price was above the mean of its day."""
    rows = pl.read_csv(DATA / "elec2.csv.gz")
    time = pl.lit(datetime(1996, 5, 7)) + pl.duration(minutes=30 * pl.int_range(pl.len()))
    before = {f"{name}_before": pl.col(name).shift(1) for name in ("nswprice", "class")}
    last = pl.col("nswprice").shift(1)
    before["above_before"] = last - last.rolling_mean(48)
    rows.with_columns(time=time.dt.to_string("%Y-%m-%d %H:%M"), **before).write_csv(DATA / "electricity.csv")


if __name__ == "__main__":
    main()
