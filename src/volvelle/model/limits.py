"""Our own gate in front of every runtime: an ONNX file is untrusted until it passes."""

from __future__ import annotations

from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto

from volvelle.errors import ModelError, near
from volvelle.model.graph import OPERATORS

MAX_BYTES = 512 * 2**20
MAX_NODES = 100_000


def inspect(content: bytes) -> ModelProto:
    """Parse an ONNX file that keeps to the closed set of operators.

    Raises:
        ModelError: not an ONNX file, too large, refers to other files, or uses what we do not know.
    """
    if len(content) > MAX_BYTES:
        raise ModelError(f"the model has {len(content)} bytes; at most {MAX_BYTES} are read")
    model = ModelProto()
    try:
        model.ParseFromString(content)
    except DecodeError as error:
        raise ModelError("this is not an ONNX file: it cannot be decoded") from error
    graph = model.graph
    if not graph.node:
        raise ModelError("the model holds no operator")
    if len(graph.node) > MAX_NODES:
        raise ModelError(f"the model has {len(graph.node)} operators; at most {MAX_NODES} are read")
    if graph.sparse_initializer or model.functions:
        raise ModelError("sparse initialisers and local functions are not read")
    for tensor in graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise ModelError(f"initialiser {tensor.name!r} lies outside the file", next_move="store the weights inside")
    for node in graph.node:
        known = OPERATORS.get("" if node.domain == "ai.onnx" else node.domain)
        if known is None:
            raise ModelError(f"operator domain {node.domain!r} is not known", where=node.name)
        if node.op_type not in known:
            raise ModelError(
                f"operator {node.op_type} is not supported",
                where=node.name,
                next_move=near(node.op_type, known),
            )
    return model
