"""The one door to onnxruntime: light, for a server holds it many times over, and without a gate of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

from volvelle.errors import ModelError

_REFUSALS: tuple[type[Exception], ...] = (
    runtime.Fail,
    runtime.InvalidArgument,
    runtime.InvalidGraph,
    runtime.InvalidProtobuf,
    runtime.NotImplemented,
    runtime.RuntimeException,
    RuntimeError,
    ValueError,
)


BLOCK = 4096
"""Rows of one run: a kernel or a neighbour search holds a matrix of rows by stored rows."""


class Fixed(NamedTuple):
    """Arrays of one row that stay where they are: `run` reads those that go in and writes those that come out."""

    inputs: dict[str, NDArray[Any]]
    outputs: dict[str, NDArray[Any]]
    run: Callable[[], None]


class Runtime:
    """Runs one ONNX model on the CPU, whose file was inspected before: `Session` does both.

    Args:
        content: the bytes of the ONNX file.
        threads: threads of one run.

    Raises:
        ModelError: onnxruntime refuses the file.
    """

    def __init__(self, content: bytes, *, threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except _REFUSALS as error:
            raise ModelError(f"onnxruntime refuses the model: {error}") from error
        self.inputs: tuple[str, ...] = tuple(i.name for i in self._session.get_inputs())
        first = [i.shape[0] if i.shape else 1 for i in self._session.get_inputs()]
        self.open_rows = all(not isinstance(size, int) for size in first)
        """Whether it takes any number of rows at once."""
        self.outputs: tuple[str, ...] = tuple(o.name for o in self._session.get_outputs())

    def fixed(self, row: Mapping[str, NDArray[np.generic]]) -> Fixed:
        """What answers one row at a time over fixed arrays, made from a row that the model takes."""
        inputs = {name: np.array(row[name]) for name in self.inputs}
        outputs = {name: np.array(array) for name, array in self.run(inputs).items()}
        binding = self._session.io_binding()
        for name, array in inputs.items():
            binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        for name, array in outputs.items():
            binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        # Without options: looking them through would cost more than the run.
        return Fixed(inputs, outputs, partial(self._session.run_with_iobinding, binding))

    def run(self, inputs: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
        """Map each output name to its array. Inputs that the model does not take are left out."""
        taken = {name: inputs[name] for name in self.inputs}
        rows = max(map(len, taken.values()), default=0)
        if rows <= BLOCK:
            return dict(zip(self.outputs, self._session.run(self.outputs, taken), strict=True))
        blocks = [
            self._session.run(None, {name: matrix[at : at + BLOCK] for name, matrix in taken.items()})
            for at in range(0, rows, BLOCK)
        ]
        joined = [np.concatenate(parts) for parts in zip(*blocks, strict=True)]
        return dict(zip(self.outputs, joined, strict=True))
