"""An ONNX file as the typed graph: one row, all shapes and types known, constants folded.

Shapes are found by evaluating each operator in NumPy on a row of zeros, so there is one description of
an operator and not two. An ONNX file is untrusted: its size, counts and shapes are checked before anything
is allocated for them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph, Node, Tensor
from volvelle.compiler.limits import MAX_CONSTANTS, MAX_ELEMENTS, read, room
from volvelle.compiler.texts import Words
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
_MISFITS = (ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError, MemoryError, StopIteration)
_CARRIED = {np.dtype(t) for t in _TYPES.values()}


def front(content: bytes, bounds: Mapping[str, tuple[int, int]] | None = None) -> Graph:
    """Read an ONNX file.

    Args:
        content: its bytes.
        bounds: of whole numbers that go in, by the name of the input.

    Raises:
        ModelError: damaged, too large, or with an operator, a type or a shape that is not supported; says which.
    """
    try:
        return _front(content, bounds)
    except ModelError as error:
        error.next_move = error.next_move or "export the model again, and look at it in a viewer of ONNX files"
        raise


def _front(content: bytes, bounds: Mapping[str, tuple[int, int]] | None) -> Graph:
    model = read(content)
    graph = model.graph
    versions = {_DOMAINS.get(o.domain, o.domain): o.version for o in model.opset_import}
    tensors = {}
    words = Words()
    for t in graph.initializer:
        tensors[t.name] = _constant(_array(t, words))
    inputs = [i for i in graph.input if i.name not in tensors]
    for given in inputs:
        low, high = (bounds or {}).get(given.name, (None, None))
        tensors[given.name] = replace(_input(given), low=low, high=high)
    nodes: list[Node] = []
    files = _files()
    folded = 0
    for proto in graph.node:
        node = _node(proto, versions, files, words)
        _check_names(node, tensors, _place(proto))
        words.follow(node, _place(proto))
        arrays = _evaluated(node, tensors, _place(proto))
        if _known(node, tensors):
            # What lies behind a kept operator is known all the same.
            nodes += [node] if getattr(OPERATORS.load(node.op), "UNFOLDED", False) else []
            made = [_constant(a) for a in arrays]
            folded += sum(a.nbytes for a in arrays)
            if folded > MAX_CONSTANTS:
                raise ModelError(f"its constants take more than {MAX_CONSTANTS} bytes", where=_place(proto))
        else:
            nodes.append(node)
            made = [Tensor(a.dtype, a.shape) for a in arrays]
        tensors.update((name, t) for name, t in zip(node.outputs, made, strict=False) if name)
    outputs = tuple(o.name for o in graph.output)
    _check_outputs(graph, outputs, tensors)
    told = tuple(words.known) if words.values.intersection(outputs) else ()
    whole = Graph(graph.name, tuple(nodes), tensors, tuple(i.name for i in inputs), outputs, told)
    return whole.with_nodes(whole.nodes)


def _files() -> dict[tuple[str | None, str], str]:
    """File of each operator, by its domain and its name in the standard."""
    return {(OPERATORS.fact(n, "DOMAIN"), OPERATORS.fact(n, "OP")): n for n in OPERATORS.names()}


def supported() -> tuple[str, ...]:
    """The operators of the standard that are supported, by their names there."""
    return tuple(op for domain, op in _files() if domain in _DOMAINS.values())


def _known(node: Node, tensors: dict[str, Tensor]) -> bool:
    """Whether the answer is known: all that goes in is, or the shapes alone say it."""
    module = OPERATORS.load(node.op)
    if getattr(module, "SHAPES_ONLY", False):
        return True
    return all(not i or tensors[i].value is not None for i in node.inputs)


def _check_names(node: Node, tensors: dict[str, Tensor], place: str) -> None:
    """What is read was made before, what is made is new, and what decides over shapes is constant."""
    absent = [i for i in node.inputs if i and i not in tensors]
    if absent:
        raise ModelError(f"{absent[0]!r} is read before it is made", where=place)
    twice = [o for k, o in enumerate(node.outputs) if o and (o in tensors or o in node.outputs[:k])]
    if twice or not any(node.outputs):
        raise ModelError(f"{twice[0]!r} is made twice" if twice else "the operator makes nothing", where=place)
    for position in getattr(OPERATORS.load(node.op), "CONSTANT", ()):
        if position < len(node.inputs) and node.inputs[position] and tensors[node.inputs[position]].value is None:
            raise ModelError(
                f"{node.inputs[position]!r} is computed from a row; it must be a constant",
                where=place,
                next_move="export the model with fixed shapes and parameters",
            )


def _place(proto: NodeProto) -> str:
    named = proto.name or next(iter(proto.output), "")
    return f"node {named!r} ({proto.op_type})"


def _node(
    proto: NodeProto, versions: Mapping[str, int], files: Mapping[tuple[str | None, str], str], words: Words
) -> Node:
    domain = _DOMAINS.get(proto.domain)
    name = files.get((domain, proto.op_type))
    if domain is None or name is None:
        raise ModelError(
            f"operator {proto.domain + '.' if proto.domain else ''}{proto.op_type} is not supported",
            where=_place(proto),
            next_move=f"{near(proto.op_type, supported())}; docs/device.md lists all operators",
        )
    told = {a.name: helper.get_attribute_value(a) for a in proto.attribute}
    given = {
        key: _array(value, words) if isinstance(value, TensorProto) else value
        for key, value in words.attributes(name, told).items()
    }
    return Node(name, tuple(proto.input), tuple(proto.output), given, versions.get(domain, 1))


def _array(tensor: TensorProto, words: Words) -> NDArray[Any]:
    if tensor.data_type == TensorProto.STRING:
        words.values.add(tensor.name)
        return words.positions(tensor)
    if tensor.data_type not in _TYPES:
        kinds = {number: name for name, number in TensorProto.DataType.items()}
        named = kinds.get(tensor.data_type, tensor.data_type)
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
        raise ModelError(
            f"input {given.name!r} is no tensor of a supported type: {_kind_name(given)}",
            next_move="export the model with inputs of float, double, whole or truth values; encode texts before",
        )
    shape = []
    for place, dimension in enumerate(kind.shape.dim):
        size = dimension.dim_value if dimension.HasField("dim_value") else 0
        if size < 1 and (place or dimension.HasField("dim_value")):
            raise ModelError(
                f"dimension {place} of input {given.name!r} is {dimension.dim_param or 'unknown'!r}",
                next_move="only the first dimension, the rows, may be open: export the model with fixed shapes",
            )
        shape.append(size or 1)
    if not shape or prod(shape) > MAX_ELEMENTS:
        raise ModelError(f"input {given.name!r} has {len(shape)} dimensions and {prod(shape)} elements")
    return Tensor(np.dtype(_TYPES[kind.elem_type]), tuple(shape))


def _kind_name(given: ValueInfoProto) -> str:
    if not given.type.HasField("tensor_type"):
        return str(given.type.WhichOneof("value"))
    number = given.type.tensor_type.elem_type
    return next((name for name, known in TensorProto.DataType.items() if known == number), str(number))


def _evaluated(node: Node, tensors: dict[str, Tensor], place: str) -> list[NDArray[Any]]:
    """The operator on constants, and on zeros where a value is not known."""
    given = [_sample(tensors[i]) if i else None for i in node.inputs]
    module = OPERATORS.load(node.op)
    known = all(not i or tensors[i].value is not None for i in node.inputs)
    evaluate = module.evaluate if known else getattr(module, "outline", module.evaluate)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = evaluate(node, *given)
    except InputError as error:
        raise ModelError(error.problem, where=place, next_move=error.next_move) from error
    except _MISFITS as error:
        raise ModelError(f"the operator does not fit what it is given: {error}", where=place) from error
    answers = [np.asarray(a) for a in (made if isinstance(made, tuple) else (made,))]
    for answer in answers:
        if answer.dtype not in _CARRIED:
            raise ModelError(f"gives {answer.dtype}, which is not supported", where=place)
        if not answer.size:
            raise ModelError("gives an empty value", where=place)
        room(answer.shape)
    return answers


def _sample(tensor: Tensor) -> NDArray[Any]:
    return np.broadcast_to(np.zeros((), tensor.dtype), tensor.shape) if tensor.value is None else tensor.value


def _check_outputs(graph: GraphProto, outputs: tuple[str, ...], tensors: dict[str, Tensor]) -> None:
    if not outputs:
        raise ModelError("the model has no output")
    for name in outputs:
        if name not in tensors:
            raise ModelError(f"output {name!r} is made by no operator", where=graph.name)
