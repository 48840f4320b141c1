"""The ONNX standard's own node tests, compiled many at a time."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.case.test_case import TestCase

from volvelle.compiler.front import front
from volvelle.compiler.host import KINDS
from volvelle.compiler.image import write
from volvelle.compiler.ir import Graph
from volvelle.compiler.lower import lower
from volvelle.compiler.sources import Sources, sources
from volvelle.errors import ModelError

Arrays = list[NDArray[Any]]


@dataclass(frozen=True)
class Claimed:
    """A case that compiles: its graph and C, what goes in and what must come out."""

    name: str
    graph: Graph
    sources: Sources
    inputs: Arrays
    wanted: Arrays
    case: TestCase


@cache
def cases() -> dict[str, list[TestCase]]:
    """All node tests, by the operator under test; cases of more operators are expanded functions and left out."""
    found: dict[str, list[TestCase]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        collected = collect_testcases(None)
    for case in collected:
        if case.model is not None and len(case.model.graph.node) == 1:
            found.setdefault(case.model.graph.node[0].op_type, []).append(case)
    return found


def forms(model: ModelProto, inputs: list[Any]) -> Iterator[tuple[ModelProto, list[Any]]]:
    """The model as it is, with the first of several as a single row, and with all inputs but one or two as constants."""
    yield model, inputs
    for free in (1, 2):
        if len(inputs) <= free or not all(isinstance(a, np.ndarray | np.generic) for a in inputs):
            continue
        fixed = ModelProto()
        fixed.CopyFrom(model)
        names = [i.name for i in model.graph.input]
        del fixed.graph.input[free:]
        for name, array in zip(names[free:], inputs[free:], strict=True):
            fixed.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
        yield fixed, inputs[:free]


def _plain(value: Any) -> Any:
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else value


def claimed(case: TestCase, prefix: str) -> list[Claimed]:
    """The forms of a case that the compiler takes; all else must be refused with a ModelError."""
    found = []
    arrays, wanted = ([_plain(a) for a in side] for side in case.data_sets[0])
    for form, (model, given) in enumerate(forms(case.model, arrays)):
        try:
            graph = lower(front(model.SerializeToString()))
            name = f"{prefix}_{form}"
            made = sources(graph, name, "")
        except ModelError:
            continue
        found.append(Claimed(name, graph, made, given, wanted, case))
    return found


def answers(many: list[Claimed]) -> Iterator[Arrays]:
    """Compile all in one library and run each."""
    with tempfile.TemporaryDirectory(prefix="volvelle-standard-") as place:
        folder = Path(place)
        for one in many:
            write(one.sources, folder)
        names = [f"{one.name}.c" for one in many]
        flags = ["-std=c11", "-ffp-contract=off", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-O0"]
        subprocess.run(["gcc", *flags, "-shared", "-fPIC", "-o", "all.so", *names], cwd=folder, check=True)
        library = ctypes.CDLL(str(folder / "all.so"))
        for one in many:
            given = [
                np.ascontiguousarray(a, dtype=KINDS[kind])
                for a, (_, kind, _) in zip(one.inputs, one.sources.inputs, strict=True)
            ]
            made = [np.zeros(size, dtype=KINDS[kind]) for _, kind, size in one.sources.outputs]
            getattr(library, f"{one.name}_run")(*(ctypes.c_void_p(a.ctypes.data) for a in (*given, *made)))
            yield made


def agrees(own: NDArray[Any], wanted: NDArray[Any]) -> bool:
    """Whole numbers exactly, real ones within one part in 10^5."""
    if wanted.dtype.kind in "iub":
        return np.array_equal(own.astype(np.int64), wanted.reshape(-1).astype(np.int64))
    return bool(np.allclose(own, wanted.reshape(-1), rtol=1e-5, atol=2e-6, equal_nan=True))
