"""An ONNX file as the typed graph: one row, all shapes and types known, constants folded.

Shapes are found by evaluating each operator in NumPy on a row of zeros, so there is one description of
an operator and not two. An ONNX file is untrusted: its size, counts and shapes are checked before anything
is allocated for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph, Node, Tensor
from volvelle.compiler.limits import MAX_ELEMENTS, read
from volvelle.errors import InputError, ModelError, near

_DOMAINS = {"": "", "ai.onnx": "", "ai.onnx.ml": "ai.onnx.ml"}
_TYPES: dict[int, type[np.generic]] = {
    TensorProto.FLOAT: np.float32,
    TensorProto.DOUBLE: np.float64,
    TensorProto.INT64: np.int64,
    TensorProto.INT32: np.int32,
    TensorProto.INT8: np.int8,
    TensorProto.UINT8: np.uint8,
    TensorProto.BOOL: np.bool_,
}
_CARRIED = {np.dtype(t) for t in _TYPES.values()}


def front(content: bytes, bounds: Mapping[str, tuple[int, int]] | None = None) -> Graph:
    """Read an ONNX file.

    Args:
        content: its bytes.
        bounds: of whole numbers that go in, by the name of the input.

    Raises:
        ModelError: damaged, too large, or with an operator, a type or a shape that is not supported; says which.
    """
    graph = read(content).graph
    tensors = {}
    for t in graph.initializer:
        tensors[t.name] = _constant(_array(t))
    inputs = [i for i in graph.input if i.name not in tensors]
    for given in inputs:
        low, high = (bounds or {}).get(given.name, (None, None))
        tensors[given.name] = replace(_input(given), low=low, high=high)
    nodes: list[Node] = []
    for proto in graph.node:
        node = _node(proto)
        absent = [i for i in node.inputs if i and i not in tensors]
        if absent:
            raise ModelError(f"{absent[0]!r} is read before it is made", where=_place(proto))
        arrays = _evaluated(node, tensors, _place(proto))
        if all(not i or tensors[i].value is not None for i in node.inputs):
            made = [_constant(a) for a in arrays]
        else:
            nodes.append(node)
            made = [Tensor(a.dtype, a.shape) for a in arrays]
        tensors.update((name, t) for name, t in zip(node.outputs, made, strict=False) if name)
    outputs = tuple(o.name for o in graph.output)
    _check_outputs(graph, outputs, tensors)
    whole = Graph(graph.name, tuple(nodes), tensors, tuple(i.name for i in inputs), outputs)
    return whole.with_nodes(whole.nodes)


def file_name(op_type: str) -> str:
    """The file of an operator.

    >>> file_name("LeakyRelu"), file_name("SVMClassifier"), file_name("IsNaN"), file_name("TopK")
    ('leaky_relu', 'svm_classifier', 'is_nan', 'top_k')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", op_type).lower().replace("na_n", "nan")


def supported() -> tuple[str, ...]:
    """The operators of the standard that are supported, by their names there."""
    return tuple(OPERATORS.fact(name, "OP") for name in OPERATORS.names())


def _place(proto: NodeProto) -> str:
    return f"node {proto.name or proto.output[0]!r} ({proto.op_type})"


def _node(proto: NodeProto) -> Node:
    domain, name = _DOMAINS.get(proto.domain), file_name(proto.op_type)
    if domain is None or name not in OPERATORS or (OPERATORS.fact(name, "DOMAIN") or "") != domain:
        raise ModelError(
            f"operator {proto.domain + '.' if proto.domain else ''}{proto.op_type} is not supported",
            where=_place(proto),
            next_move=f"{near(proto.op_type, supported())}; docs/device.md lists all operators",
        )
    given: dict[str, Any] = {}
    for attribute in proto.attribute:
        value = helper.get_attribute_value(attribute)
        given[attribute.name] = _array(value) if isinstance(value, TensorProto) else value
    return Node(name, tuple(proto.input), tuple(proto.output), given)


def _array(tensor: TensorProto) -> NDArray[Any]:
    if tensor.data_type not in _TYPES:
        named = TensorProto.DataType.Name(tensor.data_type)
        raise ModelError(f"constant {tensor.name!r} is of type {named}, which is not supported")
    if prod(tensor.dims) > MAX_ELEMENTS:
        raise ModelError(f"constant {tensor.name!r} claims {prod(tensor.dims)} elements; at most {MAX_ELEMENTS}")
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except (ValueError, TypeError) as error:
        raise ModelError(f"constant {tensor.name!r} is damaged: {error}") from error


def _constant(value: NDArray[Any]) -> Tensor:
    whole = value.dtype.kind in "iu" and value.size
    low, high = (int(value.min()), int(value.max())) if whole else (None, None)
    return Tensor(value.dtype, value.shape, value, low, high)


def _input(given: ValueInfoProto) -> Tensor:
    kind = given.type.tensor_type
    if not given.type.HasField("tensor_type") or kind.elem_type not in _TYPES:
        raise ModelError(f"input {given.name!r} is no tensor of a supported type")
    shape = []
    for place, dimension in enumerate(kind.shape.dim):
        size = dimension.dim_value if dimension.HasField("dim_value") else 0
        if size < 1 and place:
            raise ModelError(
                f"dimension {place} of input {given.name!r} is {dimension.dim_param or 'unknown'!r}",
                next_move="only the first dimension, the rows, may be open: export the model with fixed shapes",
            )
        shape.append(size if place else 1)
    if not shape or prod(shape) > MAX_ELEMENTS:
        raise ModelError(f"input {given.name!r} has {len(shape)} dimensions and {prod(shape)} elements")
    return Tensor(np.dtype(_TYPES[kind.elem_type]), tuple(shape))


def _evaluated(node: Node, tensors: dict[str, Tensor], place: str) -> list[NDArray[Any]]:
    """The operator on constants, and on zeros where a value is not known."""
    given = [_sample(tensors[i]) if i else None for i in node.inputs]
    try:
        with np.errstate(all="ignore"):
            made = OPERATORS.load(node.op).evaluate(node, *given)
    except InputError as error:
        raise ModelError(error.problem, where=place, next_move=error.next_move) from error
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, ZeroDivisionError) as error:
        raise ModelError(f"the operator does not fit what it is given: {error}", where=place) from error
    answers = [np.asarray(a) for a in (made if isinstance(made, tuple) else (made,))]
    for answer in answers:
        if answer.dtype not in _CARRIED:
            raise ModelError(f"gives {answer.dtype}, which is not supported", where=place)
        if not answer.size:
            raise ModelError("gives an empty value", where=place)
    return answers


def _sample(tensor: Tensor) -> NDArray[Any]:
    return np.zeros(tensor.shape, tensor.dtype) if tensor.value is None else tensor.value


def _check_outputs(graph: GraphProto, outputs: tuple[str, ...], tensors: dict[str, Tensor]) -> None:
    if not outputs:
        raise ModelError("the model has no output")
    for name in outputs:
        if name not in tensors:
            raise ModelError(f"output {name!r} is made by no operator", where=graph.name)
