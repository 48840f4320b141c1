"""A small builder of ONNX graphs over a closed set of operators.

Every step and estimator writes itself into a graph through this builder; the compiler can
therefore know every operator it will ever meet. Values are matrices ``[N, width]`` where N is
the number of rows. Names are counted, constants are shared, serialisation is sorted: the same
calls always give the same bytes.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from volvelle.errors import ContractBroken

Kind = Literal["float", "double", "int64", "int32", "int8", "bool"]
DEFAULT_OPSET, ML_OPSET, ML_OPSET_ENSEMBLE, IR_VERSION = 21, 3, 5, 10
ML = "ai.onnx.ml"

OPERATORS: dict[str, frozenset[str]] = {
    "": frozenset(
        "Abs Add And ArgMax ArgMin Cast Clip Concat Cos DequantizeLinear Div Equal Exp Expand Flatten Floor Gather "
        "GatherElements Gemm Greater GreaterOrEqual Identity IsInf IsNaN Less LessOrEqual Log MatMul Max Min Mod Mul "
        "Neg Not Or Pow QuantizeLinear ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Sigmoid Sign Sin Slice "
        "Softmax Split Sqrt Squeeze Sub Sum Tanh TfIdfVectorizer TopK Transpose Unsqueeze Where OneHot".split()
    ),
    ML: frozenset(
        "ArrayFeatureExtractor LinearClassifier LinearRegressor Normalizer SVMClassifier SVMRegressor "
        "TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor".split()
    ),
}
_CLASSIC = frozenset({"TreeEnsembleClassifier", "TreeEnsembleRegressor"})
_TYPES: dict[Kind, int] = {
    "float": TensorProto.FLOAT,
    "double": TensorProto.DOUBLE,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
    "int8": TensorProto.INT8,
    "bool": TensorProto.BOOL,
}
_KINDS: dict[np.dtype[Any], Kind] = {
    np.dtype(np.float32): "float",
    np.dtype(np.float64): "double",
    np.dtype(np.int64): "int64",
    np.dtype(np.int32): "int32",
    np.dtype(np.int8): "int8",
    np.dtype(np.bool_): "bool",
}


class Value:
    """A named matrix ``[N, width]`` (or a constant of any shape) in one graph."""

    __slots__ = ("kind", "name", "width")

    def __init__(self, name: str, kind: Kind, width: int) -> None:
        self.name, self.kind, self.width = name, kind, width

    def __repr__(self) -> str:
        return f"Value({self.name}: {self.kind}[N, {self.width}])"


class Graph:
    """Collects nodes and turns them into one ONNX model.

    >>> g = Graph("doubled")
    >>> x = g.input("numbers", "float", 2)
    >>> y = g.node("Mul", x, g.constant(np.float32([2.0])))
    >>> g.output("twice", y)
    >>> len(g.finish()) > 0
    True
    """

    def __init__(self, name: str, *, sets: bool = False) -> None:
        self.name = name
        self.sets = sets
        """Whether all trees are written as TreeEnsemble, the operator that knows category sets."""
        self._classic = False
        self._nodes: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._ensemble = False
        self._count = 0

    @classmethod
    def resume(cls, model: ModelProto) -> tuple[Graph, dict[str, Value]]:
        """A graph that was finished here, to be written on, and the values that its outputs named.

        The outputs are taken off. What is then written gives the same bytes as if it had been written at once.
        """
        made = cls(model.graph.name)
        kinds = {number: kind for kind, number in _TYPES.items()}
        named = {o.name: o.type.tensor_type for o in model.graph.output}
        outputs: dict[str, Value] = {}
        for node in model.graph.node:
            if node.output[0] in named:
                shape = named[node.output[0]]
                width = shape.shape.dim[1].dim_value if len(shape.shape.dim) > 1 else 1
                outputs[node.output[0]] = Value(node.input[0], kinds[shape.elem_type], width)
            else:
                made._nodes.append(node)
        made._inputs = list(model.graph.input)
        made._constants = {tensor.name: tensor for tensor in model.graph.initializer}
        used = {node.op_type for node in made._nodes}
        made._ensemble, made._classic = "TreeEnsemble" in used, bool(used & _CLASSIC)
        made._count = len(made._nodes)
        return made, outputs

    def input(self, name: str, kind: Kind, width: int) -> Value:
        """Declare an input matrix ``[N, width]``."""
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[kind], ["N", width]))
        return Value(name, kind, width)

    def constant(self, array: NDArray[Any] | np.generic) -> Value:
        """An initialiser; equal arrays are stored once. float64 stays double, int stays int64."""
        data = np.asarray(array, order="C")
        if data.dtype not in _KINDS:
            raise ContractBroken(f"a graph holds no constant of type {data.dtype}")
        digest = hashlib.sha256(repr((data.dtype.str, data.shape)).encode() + data.tobytes()).hexdigest()[:16]
        name = f"c_{digest}"
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(data, name)
        return Value(name, _KINDS[data.dtype], data.shape[-1] if data.ndim else 1)

    def node(
        self,
        operator: str,
        *inputs: Value,
        domain: str = "",
        kind: Kind | None = None,
        width: int | None = None,
        **attributes: Any,
    ) -> Value:
        """Append one node with one output; `kind` and `width` default to the first input's."""
        return self.nodes(operator, *inputs, domain=domain, outputs=((kind, width),), **attributes)[0]

    def nodes(
        self,
        operator: str,
        *inputs: Value,
        outputs: tuple[tuple[Kind | None, int | None], ...],
        domain: str = "",
        **attributes: Any,
    ) -> tuple[Value, ...]:
        """Append one node with several outputs, each given as (kind, width)."""
        if operator not in OPERATORS.get(domain, frozenset()):
            raise ContractBroken(f"operator {domain or 'ai.onnx'}.{operator} is not in the closed set")
        self._ensemble |= operator == "TreeEnsemble"
        self._classic |= operator in _CLASSIC
        self._count += 1
        made = []
        for position, (kind, width) in enumerate(outputs):
            name = f"v{self._count}" if len(outputs) == 1 else f"v{self._count}_{position}"
            made.append(Value(name, kind or inputs[0].kind, inputs[0].width if width is None else width))
        ordered = dict(sorted(attributes.items()))
        self._nodes.append(
            helper.make_node(
                operator,
                [v.name for v in inputs],
                [v.name for v in made],
                name=f"n{self._count}_{operator}",
                domain=domain,
                **ordered,
            )
        )
        return tuple(made)

    def columns(self, x: Value, positions: list[int]) -> Value:
        """Columns of `x` at `positions`, in that order."""
        if positions == list(range(x.width)):
            return x
        index = self.constant(np.asarray(positions, dtype=np.int64))
        return self.node("Gather", x, index, axis=1, width=len(positions))

    def concat(self, parts: list[Value]) -> Value:
        """Matrices of one kind side by side."""
        if len(parts) == 1:
            return parts[0]
        return self.node("Concat", *parts, axis=1, width=sum(p.width for p in parts))

    def cast(self, x: Value, kind: Kind) -> Value:
        """`x` as another element type."""
        return x if x.kind == kind else self.node("Cast", x, kind=kind, to=_TYPES[kind])

    def output(self, name: str, value: Value, *, vector: bool = False) -> None:
        """Name a value as an output: a matrix ``[N, width]``, or ``[N]`` when `vector`."""
        self._nodes.append(helper.make_node("Identity", [value.name], [name], name=f"out_{name}"))
        shape: list[str | int] = ["N"] if vector else ["N", value.width]
        self._outputs.append(helper.make_tensor_value_info(name, _TYPES[value.kind], shape))

    @property
    def mixed(self) -> bool:
        """Whether TreeEnsemble stands beside the operators that it replaced: no version of the standard has both."""
        return self._ensemble and self._classic

    def finish(self, metadata: dict[str, str] | None = None) -> bytes:
        """Check the graph and serialise it. The same graph always gives the same bytes."""
        graph = helper.make_graph(
            self._nodes,
            self.name,
            self._inputs,
            self._outputs,
            [self._constants[k] for k in sorted(self._constants)],
        )
        ml = ML_OPSET_ENSEMBLE if self._ensemble else ML_OPSET
        model: ModelProto = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", DEFAULT_OPSET), helper.make_opsetid(ML, ml)],
            ir_version=IR_VERSION,
            producer_name="volvelle",
        )
        helper.set_model_props(model, dict(sorted((metadata or {}).items())))
        checker.check_model(model, full_check=False)
        return bytes(model.SerializeToString(deterministic=True))
