"""One way to run a step: fit it on rows, write its graph, answer rows by onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from volvelle.catalog import STEPS
from volvelle.model.graph import Graph
from volvelle.model.session import Session
from volvelle.prepare.contract import Params

Block = NDArray[Any]
RunStep = Callable[..., Block]


@pytest.fixture(scope="session")
def run_step() -> RunStep:
    """``run_step(name, rows, params=None, learnt=None, **option)``; fits on `learnt` (or the rows) without params."""

    def run(
        name: str, rows: Block, params: Params | None = None, learnt: Block | None = None, **option: float
    ) -> Block:
        step = STEPS.load(name)
        graph = Graph(name)
        x = graph.input("x", "float" if rows.dtype == np.float32 else "int64", rows.shape[1])
        fitted = step.fit(rows if learnt is None else learnt, **option) if params is None else params
        graph.output("y", step.emit(graph, x, fitted))
        return np.asarray(Session(graph.finish()).run({"x": rows})["y"])

    return run
