"""Runs ONNX files, each of which passes a gate before any runtime sees it."""

from __future__ import annotations

from collections.abc import Callable

from onnx import ModelProto

from volvelle.model.limits import inspect
from volvelle.model.runtime import Runtime


class Session(Runtime):
    """Runs one ONNX model on the CPU.

    Args:
        content: the bytes of the ONNX file; they pass `check` before any runtime sees them.
        threads: threads of one run.
        check: the gate in front of the runtime; another one for files that were not made here.

    Raises:
        ModelError: the file is damaged, unsupported or larger than allowed.
    """

    def __init__(self, content: bytes, *, threads: int = 1, check: Callable[[bytes], ModelProto] = inspect) -> None:
        check(content)
        super().__init__(content, threads=threads)
