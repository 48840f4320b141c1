"""A program around the counters of a device: counts a row, or gives the record, at the word of one flag."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.compiler.host import KINDS, Host
from volvelle.compiler.prove import Compiled, compiled
from volvelle.compiler.sources import Sources
from volvelle.compiler.typed import cleaned
from volvelle.model.signature import MISSING_CODE, MISSING_TIME, Feature, ModelTask, Signature
from volvelle.monitor.edges import edges, steps
from volvelle.monitor.on_device import most, written
from volvelle.monitor.records import Binned, Edges
from volvelle.testing.named_models import model_of, signature_of

DEVICE = bytes(range(8))
MODEL = "5f" * 32
Arrays = dict[str, NDArray[Any]]


def program(sources: Sources, made: Edges, *, whole: bool = False) -> Sources:
    """One C file whose function counts a row, or writes the record where its flag is not 0."""
    files = written(sources, made, whole=whole)
    name = f"{sources.name}_sketch"
    header, source = files[f"{name}.h"].replace(f'#include "{sources.name}.h"', ""), files[f"{name}.c"]
    ends = [*sources.inputs, *sources.outputs]
    arguments = ", ".join(f"const {kind} *{c}" for c, kind, _ in ends)
    passed = ", ".join(c for c, _, _ in ends)
    lines = [
        f"void around_run({arguments}, const int64_t *flag, uint8_t *to) {{",
        f"    static const uint8_t device[8] = {{{', '.join(map(str, DEVICE))}}};",
        f"    if (!*flag) {{ {name}_count({passed}); return; }}",
        f"    {name}_begin(device, 3);",
        f"    const uint32_t size = {name}_read(to + 4);",
        "    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(size >> 8 * i);",
        "}",
        "",
    ]
    text = source.replace(f'#include "{name}.h"', '#include "around.h"') + "\n".join(lines)
    inputs = (*ends, ("flag", "int64_t", 1))
    return Sources(
        "around", f"{sources.header}\n{header}", text, sources.plan, inputs, (("to", "uint8_t", most(made) + 4),)
    )


def record(answer: NDArray[np.uint8]) -> bytes:
    """The record that the program wrote."""
    size = int.from_bytes(answer[:4].tobytes(), "little")
    return answer[4 : 4 + size].tobytes()


def given(task: ModelTask, rows: int, seed: int) -> tuple[Compiled, Edges, Arrays, pl.DataFrame, pl.DataFrame]:
    """A compiled model of all kinds of features, its edges, rows as arrays and as a frame, and their answers."""
    rng = np.random.default_rng(seed)
    signature = signature_of(task)
    made = compiled(model_of(signature), "m", precision="as written")
    arrays = _arrays(signature, rows, rng)
    frame, answers = _frame(signature, arrays), _answers(made, signature, arrays)
    healthy = _arrays(signature, 400, rng)
    counted_by = edges(_frame(signature, healthy), _answers(made, signature, healthy), signature, model=MODEL)
    return made, counted_by, arrays, frame, answers


def int8_edges(features: int) -> Edges:
    """Edges of a model whose device reads whole numbers from -100 to 100, and that gives one number."""
    binned = tuple(
        Binned(feature=Feature(name=f"x{k}", kind="integer", low=-100.0, high=100.0), cuts=steps(-100, 100))
        for k in range(features)
    )
    return Edges(model=MODEL, task="regression", classes=(), positive=None, features=binned, scores=())


def _arrays(signature: Signature, rows: int, rng: np.random.Generator) -> Arrays:
    numbers = rng.normal(0, 3000, (rows, signature.width("numbers"))).astype(np.float32)
    odd = rng.random(numbers.shape)
    numbers[odd < 0.05], numbers[(odd > 0.05) & (odd < 0.07)] = np.nan, np.inf
    codes = np.stack([rng.integers(-2, len(f.categories), rows) for f in signature.of("codes")], axis=1)
    times = rng.integers(1_500_000_000, 1_800_000_000, (rows, signature.width("times")))
    times[rng.random(times.shape) < 0.1] = MISSING_TIME
    return {"numbers": numbers, "codes": codes, "times": times}


def _frame(signature: Signature, arrays: Arrays) -> pl.DataFrame:
    columns: dict[str, Any] = {}
    for tensor, kind in (("numbers", pl.Float32), ("times", pl.Int64)):
        for feature, column in zip(signature.of(tensor), arrays[tensor].T, strict=True):  # type: ignore[arg-type]
            columns[feature.name] = pl.Series([None if v == MISSING_TIME else v for v in column.tolist()], dtype=kind)
    for feature, column in zip(signature.of("codes"), arrays["codes"].T, strict=True):
        words = {MISSING_CODE: None, -2: "never seen", **dict(enumerate(feature.categories))}
        if feature.kind == "boolean":
            words[-2] = None
            column[column == -2] = MISSING_CODE
        columns[feature.name] = pl.Series([words[int(v)] for v in column], dtype=pl.String)
    return pl.DataFrame(columns)


def _answers(made: Compiled, signature: Signature, arrays: Arrays) -> pl.DataFrame:
    ready = cleaned(signature, arrays)
    kinds = [KINDS[kind] for _, kind, _ in made.sources.inputs]
    told = [np.ascontiguousarray(ready[n], dtype=k) for n, k in zip(made.graph.inputs, kinds, strict=True)]
    found = dict(zip(made.graph.outputs, Host(made.sources).run(told), strict=True))
    if not signature.classes:
        return pl.DataFrame({"prediction": found["prediction"][:, 0]})
    names = pl.Series([signature.classes[int(k)] for k in found["label"][:, 0]], dtype=pl.String)
    scores = {f"score_{k}": found["scores"][:, k] for k in range(len(signature.classes))}
    return pl.DataFrame({"prediction": names, **scores})
