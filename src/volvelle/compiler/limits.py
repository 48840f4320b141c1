"""What is read of an ONNX file before anything is allocated for it."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto

from volvelle.errors import ModelError

MAX_BYTES, MAX_NODES, MAX_ELEMENTS, MAX_OPSET = 512 * 2**20, 100_000, 2**24, 28
"""Of a file, of a graph, and of one tensor; the newest version of the default domain that is understood."""
MAX_CONSTANTS = 2**27
"""Bytes of all constants that a graph may compute from its own, before it is refused."""


def read(content: bytes) -> ModelProto:
    """Parse an ONNX file that holds everything it needs.

    Raises:
        ModelError: not an ONNX file, too large or too new, or it refers to other files.
    """
    if len(content) > MAX_BYTES:
        raise ModelError(f"the model has {len(content)} bytes; at most {MAX_BYTES} are read")
    model = ModelProto()
    try:
        model.ParseFromString(content)
    except DecodeError as error:
        raise ModelError(
            "this is not an ONNX file: it cannot be decoded", next_move="export the model again, and copy it as binary"
        ) from error
    if not model.graph.node:
        raise ModelError("the model holds no operator", next_move="export the model again: the file may be empty")
    if not all(isinstance(text, str) for text in _texts(model)):
        raise ModelError("a name in the model is not UTF-8", next_move="export the model again, and copy it as binary")
    if len(model.graph.node) > MAX_NODES:
        raise ModelError(f"the model has {len(model.graph.node)} operators; at most {MAX_NODES} are read")
    if model.graph.sparse_initializer or model.functions:
        raise ModelError(
            "sparse initialisers and local functions are not read",
            next_move="export with dense weights, and with functions written out (inlined)",
        )
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx") and opset.version > MAX_OPSET:
            raise ModelError(
                f"the model uses opset {opset.version}; up to {MAX_OPSET} is understood",
                next_move=f"export it with opset {MAX_OPSET}",
            )
    for tensor in model.graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise ModelError(f"initialiser {tensor.name!r} lies outside the file", next_move="store the weights inside")
    return model


def _texts(model: ModelProto) -> Iterator[object]:
    """Every name; the parser hands over as bytes what is not UTF-8."""
    yield from (t for o in model.opset_import for t in (o.domain,))
    yield from (t for p in model.metadata_props for t in (p.key, p.value))
    graph = model.graph
    yield from (graph.name, *(t.name for t in (*graph.initializer, *graph.input, *graph.output)))
    yield from (d.dim_param for i in graph.input for d in i.type.tensor_type.shape.dim)
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (t for a in node.attribute for t in (a.name, a.t.name))


def room(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape, if an array of it may be allocated.

    Raises:
        ModelError: it has more elements than any model needs.
    """
    if prod(shape) > MAX_ELEMENTS or any(d < 0 for d in shape):
        raise ModelError(f"makes an array of shape {list(shape)}; at most {MAX_ELEMENTS} elements are allowed")
    return shape


def together(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The broadcast shape of several, if it may be allocated.

    >>> together((1, 3), (2, 1), ())
    (2, 3)

    Raises:
        ModelError: as in `room`.
    """
    return room(np.broadcast_shapes(*shapes))
