"""What counting on the device costs: program, memory and instructions a row, beside a model of 16 features.

With `on_device = "int8"` the counter of a feature is found by a shift; with numbers as they are, among 15 edges in
flash. Numbers may be missing, int8 may not; both may be out of range, and all but the first form count what the model
answered too. Rows are random, of a fixed seed; instructions
are those of an emulated core and repeat to the digit.

    python -m bench.counters [--json]
"""

from __future__ import annotations

import argparse
import statistics
import sys
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray
from tests.monitor.device_counting import MODEL, program

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.place import Plan
from volvelle.compiler.sources import Sources
from volvelle.model.signature import Feature, Signature
from volvelle.monitor.edges import edges
from volvelle.monitor.on_device import most
from volvelle.monitor.records import Edges
from volvelle.spec.requirements import Record

CORES = ("cortex-m4f", "cortex-m0", "rv32imac")
FEATURES, ROWS, SEED = 16, 200, 1
FORMS = ("int8", "int8 and the answer", "numbers and the answer")
ENDS = (("prediction", "float", 1),)


class Row(Record, frozen=True):
    """One form on one core."""

    form: str
    core: str
    flash: int
    ram: int
    instructions: tuple[int, float, int]
    """Least, median and most of a row."""


def _sources(kind: str) -> Sources:
    return Sources("m", "#include <stdint.h>\n", "", Plan({}, (), {}), (("x", kind, FEATURES),), ENDS)


def _known(*, whole: bool) -> Edges:
    rng, far = np.random.default_rng(SEED), 100.0 if whole else 4.0
    features = tuple(
        Feature(name=f"x{k}", kind="integer" if whole else "number", low=-far, high=far) for k in range(FEATURES)
    )
    frame = pl.DataFrame({f.name: rng.normal(size=5000) for f in features})
    signature = Signature(features=features, target="y", task="regression")
    return edges(frame, pl.DataFrame({"prediction": rng.normal(size=5000)}), signature, model=MODEL, whole=whole)


def measured(form: str, core: str) -> Row:
    """Both programs, built and run."""
    rng, board = np.random.default_rng(SEED), device(core)
    rows: NDArray[Any]
    whole = form.startswith("int8")
    known, sources = _known(whole=whole), _sources("int8_t" if whole else "float")
    known = msgspec.structs.replace(known, scores=known.scores if "answer" in form else ())
    if whole:
        rows = rng.integers(-128, 128, (ROWS, FEATURES)).astype(np.int8)
    else:
        rows = rng.normal(size=(ROWS, FEATURES)).astype(np.float32)
    toolchain, emulator = board.way
    image = TOOLCHAINS.load(toolchain).build(program(sources, known, whole=whole), board)
    running = EMULATORS.load(emulator).Core(image, board)
    ends = [(np.dtype(np.uint8), most(known) + 4)]
    rest = [np.zeros(1, np.float32), np.zeros(1, np.int64)]
    counts = [running.run([row, *rest], ends).instructions for row in rows]
    return Row(form, core, image.flash, image.ram, (min(counts), statistics.median(counts), max(counts)))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    rows = [measured(form, core) for form in FORMS for core in CORES]
    if options.json:
        print(msgspec.json.encode(rows).decode())
        return 0
    print("| 16 features | core | flash, bytes | RAM, bytes | instructions a row |\n| --- | --- | --- | --- | --- |")
    for row in rows:
        least, middle, largest = row.instructions
        print(f"| {row.form} | {row.core} | {row.flash:,} | {row.ram:,} | {least:,}, {middle:,.0f}, {largest:,} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
