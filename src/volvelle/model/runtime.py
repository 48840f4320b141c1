"""The one door to onnxruntime: light, for a server holds it many times over, and without a gate of its own."""

from __future__ import annotations

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
