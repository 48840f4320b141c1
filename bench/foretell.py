"""The constants with which the footprint of a candidate is foretold: measured on models of every estimator.

Models of all estimators on some examples are written, for little flash and for few instructions, compiled with the C
compiler for each core, and run there on a few rows. Two linear models are fitted by least squares with weights that are
not negative: one of the bytes of flash beside the tables, relative to the larger of the flash and 3,000 bytes, one of
the instructions of the slowest row. It prints the errors of both, and `COSTS` for the file of each core. Models that a
core refuses are left out of its own.

    python -m bench.foretell [--data FOLDER] [--cores cortex-m4f cortex-m0]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from bench.results import EXAMPLES, provide
from numpy.typing import NDArray
from scipy.optimize import nnls

from volvelle.catalog import DEVICES, EMULATORS, ESTIMATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.foretellers.counted import FLASH, WORK, costs_of, flash_of, work_of
from volvelle.compiler.host import KINDS
from volvelle.compiler.parity import Rows
from volvelle.compiler.prove import Compiled, compiled
from volvelle.compiler.records import Goal
from volvelle.compiler.suited import suited
from volvelle.data.collect import collect
from volvelle.errors import InputError
from volvelle.flow.lesson import overrides
from volvelle.model.derive import derive, target_codes
from volvelle.model.encode import encode
from volvelle.prepare import recipe as preparing
from volvelle.spec.read import parse
from volvelle.train import learning
from volvelle.train.assemble import Part, assemble
from volvelle.train.contract import Lesson, Settings, defaults

SETS = ("adult", "ai4i2020", "bike_sharing", "breast_cancer", "california_housing", "digits", "titanic", "wine_quality")
GOALS: tuple[Goal, ...] = ("size", "speed")
ROWS, SHOWN, RUN, LEAST = 500, 60, 10, 3000
WHOLE = ({"units": 16, "bits": 8}, {"units": 64, "layers": 2, "bits": 8}, {"units": 32, "bits": 8, "keep": 0.25})
SETTINGS: dict[str, tuple[Settings, ...]] = {
    "lightgbm": ({"trees": 10, "leaves": 4}, {"trees": 40, "leaves": 8}, {"trees": 60, "leaves": 20}),
    "random_forest": ({"trees": 10, "depth": 4}, {"trees": 30, "depth": 8}),
    "extra_trees": ({"trees": 12, "depth": 6},),
    "decision_tree": ({}, {"depth": 4}),
    "mlp": ({"units": 8}, {"units": 32, "activation": "tanh"}, {"units": 16, "layers": 2}, *WHOLE),
}


def models(name: str, data: Path) -> Iterator[tuple[bytes, Rows]]:
    """Models of every estimator that fits an example, with some of its rows."""
    spec = parse((EXAMPLES / name / "volvelle.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="volvelle-foretell-") as folder:
        provide(EXAMPLES / name, Path(folder), data)
        frame, dataset = collect(spec.data, spec.features, Path(folder))
    frame = frame.drop_nulls(spec.problem.target)
    frame = frame.sample(min(ROWS, len(frame)), seed=1)
    signature, _ = derive(spec, dataset, frame)
    inputs, y = encode(frame, signature), target_codes(frame, signature)
    for estimator in ESTIMATORS.names():
        module = ESTIMATORS.load(estimator)
        if signature.task not in module.TASKS:
            continue
        recipe, made = preparing.learn(inputs, signature, module.VIEW, y, overrides(spec))
        lesson = Lesson(made, y, signature.task, len(signature.classes), preparing.categorical(recipe), seed=7)
        for more in SETTINGS.get(estimator, ({},)):
            learnt = learning.learn(estimator, lesson, defaults(module.SPACE) | more)
            yield assemble(signature, [Part(learnt, recipe)], {}), {k: a[:SHOWN] for k, a in inputs.items()}


def measured(made: Compiled, rows: Rows, name: str) -> tuple[int, int, int]:
    """Flash, and instructions and cycles of the slowest row."""
    wish = device(name)
    suited(made.sources, wish)
    toolchain, emulator = wish.way
    image = TOOLCHAINS.load(toolchain).build(made.sources, wish)
    core = EMULATORS.load(emulator).Core(image, wish)
    ends = [(KINDS[kind], size) for _, kind, size in made.sources.outputs]
    typed = [
        np.ascontiguousarray(rows[n].reshape(SHOWN, -1), dtype=KINDS[kind])
        for n, (_, kind, _) in zip(made.graph.inputs, made.sources.inputs, strict=True)
    ]
    runs = [core.run([a[row] for a in typed], ends) for row in range(0, SHOWN, SHOWN // RUN)]
    return image.flash, max(r.instructions for r in runs), max(r.cycles for r in runs)


def written(content: bytes, rows: Rows, *, narrow: bool) -> list[Compiled]:
    """A model for little flash, and for few instructions where that is other C."""
    small, fast = (compiled(content, goal=goal, rows=rows, narrow=narrow) for goal in GOALS)
    return [small, fast] if fast.sources.source != small.sources.source else [small]


def told(made: Compiled, rows: Rows, cores: list[str]) -> dict[str, Any]:
    """What is counted of a model, and measured, for every core that it can run on; nothing of a constant answer."""
    work, found = work_of(made), dict[str, Any]()
    for core in cores if any(work.values()) else ():
        try:
            flash, instructions, cycles = measured(made, rows, core)
        except InputError:
            continue
        found[core] = {"flash": flash, "instructions": instructions, "cycles": cycles, "work": work}
        tables, text = flash_of(made, "-DVV_DSP" in device(core).target)
        found[core] |= {"tables": tables, "text": text}
    return found


def fitted(rows: list[dict[str, Any]], core: str) -> dict[str, float]:
    """The constants of a core; prints how far they err."""

    def column(name: str) -> NDArray[np.float64]:
        return np.array([row[core][name] for row in rows], dtype=np.float64)

    flash, work, cycles = column("flash"), column("instructions"), column("cycles")
    rest = flash - column("tables")
    words = np.array([[row[core]["text"][k] for k in FLASH] for row in rows])
    asked = np.array([[row[core]["work"][k] for k in WORK] for row in rows])
    weight = 1 / np.maximum(flash, LEAST)
    bytes_, _ = nnls(words * weight[:, None], rest * weight)
    counts, _ = nnls(asked / work[:, None], np.ones(len(work)))
    off = np.percentile(abs(words @ bytes_ - rest), (50, 90, 100)).round()
    share = np.percentile(asked @ counts / work, (5, 50, 95)).round(2)
    print(f"{core}: {len(rows)} models, flash off by {off} bytes (50, 90, 100 %), instructions {share} (5, 50, 95 %)")
    found = dict(zip((*FLASH, *WORK), [*bytes_, *counts], strict=True)) | {"cycles": float(np.median(cycles / work))}
    # What no model asks for keeps its constant.
    found |= {
        name: costs_of(core)[name]
        for name, asked_for in zip(WORK, np.asarray(asked.any(axis=0)), strict=True)
        if not asked_for
    }
    return {name: float(f"{value:.3g}") for name, value in found.items()}


def main() -> int:
    """Write, measure, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cores = [n.replace("_", "-") for n in DEVICES.names() if DEVICES.fact(n, "TARGET")]
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VOLVELLE_DATA", "../shared/data")))
    parser.add_argument("--cores", nargs="+", choices=cores, default=cores)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for name in SETS:
        for content, given in models(name, options.data.resolve()):
            for narrow in (False, True):
                cores = [core for core in options.cores if device(core).narrow is narrow]
                rows += [told(made, given, cores) for made in written(content, given, narrow=narrow) if cores]
        print(f"{name}: {len(rows)} models so far", file=sys.stderr, flush=True)
    for core in options.cores:
        print("COSTS =", fitted([row for row in rows if core in row], core))
    return 0


if __name__ == "__main__":
    sys.exit(main())
