"""Time and memory of exploring a large table, as ratios to reading the same CSV file with Polars.

Each is measured in a process of its own: seconds of the work alone, by the wall and of CPU on all cores, and the peak
of resident memory above what the imports took. Exploring means the stage: canonical bytes from the store in, findings
out. Beside it stands what comes before when a file is explored: reading it, settling kinds and pinning it as Parquet.

    python -m bench.explore [--rows 1000000] [--json]

Exit code 1 where exploring takes more than 8 times the CPU time, which other work on the machine hardly lengthens, or
3 times the memory of reading.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from volvelle.data.collect import collect
from volvelle.data.explore import explore
from volvelle.data.records import Dataset
from volvelle.data.table import Asked
from volvelle.data.versions import from_bytes, to_bytes
from volvelle.spec.requirements import Data

TIME, MEMORY = 8.0, 3.0
REPEATS = 3


def make(folder: Path, rows: int) -> None:
    """Twenty columns: twelve amounts, three counts, three categories, a flag and the target."""
    rng = np.random.default_rng(7)
    columns: dict[str, Any] = {f"amount_{k}": rng.normal(size=rows).round(4) for k in range(10)}
    columns |= {"tail": np.exp(rng.normal(size=rows) * 2).round(3), "gap": rng.normal(20, 5, rows).round(2)}
    columns["gap"][rng.random(rows) < 0.02] = -999
    columns |= {f"count_{k}": rng.poisson(9 * k + 2, rows) for k in range(3)}
    columns |= {f"kind_{k}": [f"k{v}" for v in rng.integers(0, 10 ** (k + 1), rows)] for k in range(3)}
    columns["flag"] = rng.random(rows) < 0.3
    columns["y"] = (columns["amount_0"] + rng.normal(size=rows) > 0).astype(int)
    pl.DataFrame(columns).write_csv(folder / "table.csv")
    frame, dataset = collect(Data(source="table.csv"), {}, folder)
    (folder / "table.parquet").write_bytes(to_bytes(frame))
    (folder / "dataset.json").write_bytes(msgspec.json.encode(dataset))


def child(what: str, folder: Path) -> None:
    """Do one thing and print seconds and bytes."""
    dataset = msgspec.json.decode((folder / "dataset.json").read_bytes(), type=Dataset)
    before = peak()
    began, worked = time.perf_counter(), time.process_time()
    if what == "read":
        pl.read_csv(folder / "table.csv")
        found = 0
    elif what == "collect":
        found = len(collect(Data(source="table.csv"), {}, folder)[1].notes)
    else:
        frame = from_bytes((folder / "table.parquet").read_bytes())
        found = len(explore(frame, dataset, Asked(target="y")).findings)
    spent = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - worked}
    print(json.dumps({**spent, "bytes": peak() - before, "findings": found}))


def peak() -> int:
    """Peak resident memory of this process in bytes; getrusage would count the parent's before exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def measured(what: str, folder: Path) -> dict[str, float]:
    """The best of three processes."""
    found = []
    for _ in range(REPEATS):
        command = [sys.executable, __file__, "--child", what, str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))
        found.append(json.loads(done.stdout))
    return {key: min(f[key] for f in found) for key in found[0]}


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], Path(options.child[1]))
        return 0
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), options.rows)
        size = (Path(name) / "table.csv").stat().st_size
        read, explored, collected = (measured(what, Path(name)) for what in ("read", "explore", "collect"))
    ratios = {key: explored[key] / read[key] for key in ("seconds", "cpu", "bytes")}
    passed = ratios["cpu"] <= TIME and ratios["bytes"] <= MEMORY
    document = {"rows": options.rows, "csv_bytes": size, "read": read, "explore": explored, "ratios": ratios}
    document["collect"] = collected
    if options.json:
        print(json.dumps(document))
    else:
        print(f"{options.rows:,} rows x 20 columns, {size / 2**20:.0f} MiB of CSV")
        for what, found in (("read with Polars", read), ("collect", collected), ("explore", explored)):
            memory = f"{found['bytes'] / 2**20:7.0f} MiB"
            print(f"  {what:<18}{found['seconds']:7.2f} s {found['cpu']:7.2f} s of CPU {memory}")
        told = f"{ratios['seconds']:7.2f}   {ratios['cpu']:7.2f}          {ratios['bytes']:7.2f}"
        print(f"  explore / read    {told}      limits {TIME:g} of CPU, {MEMORY:g}")
        print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
