"""Every operator answers the ONNX standard's own node tests, or refuses them."""

from __future__ import annotations

import ctypes
import json
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.case.test_case import TestCase

from volvelle.catalog import OPERATORS
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
    """The model as it is, and with all inputs but the first one or two as constants; where all are, it has another."""
    yield model, inputs
    for free in (1, 2, 0):
        if len(inputs) < free + bool(free) or not all(isinstance(a, np.ndarray | np.generic) for a in inputs):
            continue
        fixed = ModelProto()
        fixed.CopyFrom(model)
        names = [i.name for i in model.graph.input]
        del fixed.graph.input[free:]
        for name, array in zip(names[free:], inputs[free:], strict=True):
            fixed.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
        if not free:
            fixed.graph.input.append(helper.make_tensor_value_info("beside", TensorProto.FLOAT, [1]))
        yield fixed, inputs[:free] or [np.zeros(1, np.float32)]


def rows(model: ModelProto, inputs: list[Any], wanted: list[Any]) -> Iterator[tuple[ModelProto, list[Any], list[Any]]]:
    """A case of several rows, one by one."""
    if len(inputs) != 1 or getattr(inputs[0], "ndim", 0) != 2 or any(len(w) != len(inputs[0]) for w in wanted):
        return
    single = ModelProto()
    single.CopyFrom(model)
    single.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    for k in range(len(inputs[0])):
        yield single, [inputs[0][k : k + 1]], [w[k : k + 1] for w in wanted]


def _plain(value: Any) -> Any:
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else value


def claimed(case: TestCase, prefix: str) -> list[Claimed]:
    """The forms of a case that the compiler takes; all else must be refused with a ModelError."""
    found = []
    assert case.model is not None
    assert case.data_sets is not None
    arrays, wanted = ([_plain(a) for a in side] for side in case.data_sets[0])
    asked = [(model, given, wanted) for model, given in forms(case.model, arrays)]
    if case.model.graph.node[0].domain == "ai.onnx.ml":
        asked += rows(case.model, arrays, wanted)
    for form, (model, given, want) in enumerate(asked):
        try:
            graph = lower(front(model.SerializeToString()))
            name = f"{prefix}_{form}"
            made = sources(graph, name, "")
        except ModelError:
            continue
        found.append(Claimed(name, graph, made, given, want, case))
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


def right(one: Claimed, made: Arrays) -> bool:
    """Shapes and types are those of the standard, whole numbers are equal, real ones within one part in 10^5."""
    for name, own, wanted in zip(one.graph.outputs, made, one.wanted, strict=True):
        if one.graph.tensors[name].shape != wanted.shape or (own.dtype.kind == "f") is not (wanted.dtype.kind == "f"):
            return False
        if wanted.dtype.kind in "iub" and not np.array_equal(own, wanted.reshape(-1)):
            return False
        # One expected answer of the standard is written down with four digits.
        near = 1e-4 if one.case.name == "test_averagepool_2d_ceil_last_window_starts_on_pad" else 2e-6
        if not np.allclose(own, wanted.reshape(-1), rtol=1e-5, atol=near, equal_nan=True):
            return False
    return True


STANDARD = sorted(
    OPERATORS.fact(name, "OP") for name in OPERATORS.names() if OPERATORS.fact(name, "DOMAIN") != "volvelle"
)
COUNTED: dict[str, list[int]] = json.loads((Path(__file__).parent / "standard_cases.json").read_text())
"""Of every operator, how many of the standard's cases compile, and how many there are: texts that go in, float16, open
shapes and several rows do not, nor do both of TreeEnsemble, whose trees are of float64 and of a set with no number."""


@pytest.mark.parametrize("operator", STANDARD)
def test_an_operator_answers_the_standards_node_tests(operator: str) -> None:
    """As many of the standard's cases compile as did, and give the standard's answer; the rest is a ModelError."""
    each = [claimed(case, f"case{k}") for k, case in enumerate(cases().get(operator, []))]
    many = [found for forms in each for found in forms]
    assert sum(map(bool, each)) >= COUNTED[operator][0], "fewer cases compile than did"
    assert [
        o.case.name for o, made in zip(many, answers(many) if many else [], strict=True) if not right(o, made)
    ] == []


def test_what_is_not_an_operator_of_ours_is_refused_by_name() -> None:
    """Every other node test of the standard ends in a ModelError, and no other error comes out."""
    others = [case for name in sorted(set(cases()) - set(STANDARD)) for case in cases()[name]]
    assert len(others) > 500
    assert [case.name for case in others if claimed(case, "other")] == []


def test_every_operator_with_cases_claims_one() -> None:
    """The counts name every operator and no other; without a claimed case stand those that have none, and two trees."""
    assert list(COUNTED) == STANDARD
    assert {op for op, (ours, there) in COUNTED.items() if there and not ours} == {"TreeEnsemble"}
    assert sum(ours for ours, _ in COUNTED.values()) >= 500
