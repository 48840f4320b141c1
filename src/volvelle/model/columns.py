"""The same graph with a table's columns as its inputs: what a server without Volvelle can feed by name.

`encode` in front of the model becomes operators: every feature is an input ``[N]`` under its own name, the answers
are ``prediction`` (class names as text, or numbers) and ``probability_<class>``, each ``[N]``. A number or a boolean
travels as float32 with NaN for missing, a category as text, a time as int64 seconds since 1970 UTC. What `encode`
refuses makes the runtime fail at a node whose name says why.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, ValueInfoProto, checker, compose, helper, numpy_helper

from volvelle.data.markers import MISSING
from volvelle.errors import ModelError
from volvelle.model.graph import ML
from volvelle.model.limits import inspect
from volvelle.model.signature import MISSING_CODE, MISSING_TIME, TENSORS, UNSEEN_CODE, Feature, Signature

ColumnType = Literal["float32", "string", "int64"]
_ABSENT = (*MISSING, "None", "none", "<NA>")
"""Also what a cell without a value is called once it was made text."""
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: what is beyond are no seconds but finer units."""
_TYPES: dict[str, ColumnType] = {
    "number": "float32",
    "integer": "float32",
    "boolean": "float32",
    "category": "string",
    "time": "int64",
}
_ELEMENTS = {"float32": TensorProto.FLOAT, "string": TensorProto.STRING, "int64": TensorProto.INT64}


def inputs(signature: Signature) -> dict[str, ColumnType]:
    """Name and element type of every column that goes in.

    >>> site = Feature(name="site", kind="category", categories=("n", "s"))
    >>> inputs(Signature(features=(site,), target="y", task="regression"))
    {'site': 'string'}

    Raises:
        ModelError: a feature is of a kind that no operator can encode.
    """
    strange = next((feature for feature in signature.features if feature.kind not in _TYPES), None)
    if strange is not None:
        raise ModelError(
            f"the feature {strange.name!r} is a {strange.kind}, which operators alone cannot encode",
            next_move="use the model through Volvelle, or leave the column out",
        )
    return {feature.name: _TYPES[feature.kind] for feature in signature.features}


def outputs(signature: Signature) -> dict[str, ColumnType]:
    """Name and element type of every column that comes out."""
    if signature.task == "regression":
        return {"prediction": "float32"}
    return {"prediction": "string", **{f"probability_{name}": "float32" for name in signature.classes}}


def by_column(content: bytes, signature: Signature) -> bytes:
    """The ONNX bytes of a model that takes and gives columns by name.

    Args:
        content: a model as `assemble` makes it.
        signature: its signature.

    Raises:
        ModelError: the file is damaged, or a feature bears the name of an answer.
    """
    clash = sorted(inputs(signature).keys() & outputs(signature).keys())
    if clash:
        raise ModelError(
            f"the feature {clash[0]!r} is called like an answer of the model", next_move="rename the column"
        )
    model = compose.add_prefix(inspect(content), "model/")
    writer = _Writer()
    for tensor in ("numbers", "codes", "times"):
        features = signature.of(tensor)
        if any(given.name == f"model/{tensor}" for given in model.graph.input):
            columns = [writer.column(feature) for feature in features]
            writer.node("Concat", columns, out=f"model/{tensor}", axis=1)
    _surround(model, writer, _answers(signature), signature)
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


class _Writer:
    """Collects nodes and constants under names that no column of a table has."""

    def __init__(self, prefix: str = "columns/") -> None:
        self.prefix = prefix
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, operator: str, given: list[str], *, out: str = "", why: str = "", **attributes: Any) -> str:
        """Append a node; the name of its output."""
        name = f"{self.prefix}{len(self.nodes)}"
        domain = ML if operator == "LabelEncoder" else ""
        made = out or name
        self.nodes.append(helper.make_node(operator, given, [made], name=why or name, domain=domain, **attributes))
        return made

    def constant(self, value: NDArray[Any] | np.generic) -> str:
        """A constant; its name."""
        name = f"{self.prefix}constant/{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def column(self, feature: Feature) -> str:
        """One feature as the model takes it, ``[N, 1]``."""
        tensor = TENSORS[feature.kind]
        made = {"numbers": self._number, "codes": self._code, "times": self._time}[tensor](feature)
        return self.node("Unsqueeze", [made, self.constant(np.array([1], dtype=np.int64))])

    def _number(self, feature: Feature) -> str:
        wrong = self.node("IsInf", [feature.name])
        if feature.bounded:
            for operator, bound in (("Less", feature.low), ("Greater", feature.high)):
                if bound is not None:
                    outside = self.node(operator, [feature.name, self.constant(np.float32(bound))])
                    wrong = self.node("Or", [wrong, outside])
        made = self.node("Where", [wrong, self.constant(np.float32("nan")), feature.name])
        if feature.missing == "refuse":
            made = self._refusing(made, self.node("IsNaN", [made]), f"{feature.name}: missing values are refused")
        return made

    def _code(self, feature: Feature) -> str:
        if feature.kind == "boolean":
            truth = self.node("Not", [self.node("Equal", [feature.name, self.constant(np.float32(0))])])
            whole = self.node("Cast", [truth], to=TensorProto.INT64)
            made = self.node(
                "Where", [self.node("IsNaN", [feature.name]), self.constant(np.int64(MISSING_CODE)), whole]
            )
        else:
            keys = _spellings(feature)
            values = list(keys.values())
            made = self.node(
                "LabelEncoder",
                [feature.name],
                keys_strings=list(keys),
                values_int64s=values,
                default_int64=UNSEEN_CODE,
            )
        for policy, code, what in (
            (feature.missing, MISSING_CODE, "missing values"),
            (feature.unseen, UNSEEN_CODE, "categories that training never saw"),
        ):
            if policy == "refuse":
                wrong = self.node("Equal", [made, self.constant(np.int64(code))])
                made = self._refusing(made, wrong, f"{feature.name}: {what} are refused")
        return made

    def _time(self, feature: Feature) -> str:
        missing = self.node("Equal", [feature.name, self.constant(np.int64(MISSING_TIME))])
        known = self.node("Where", [missing, self.constant(np.int64(0)), feature.name])
        far = self.node("Greater", [self.node("Abs", [known]), self.constant(np.int64(_LAST_SECOND))])
        made = self._refusing(feature.name, far, f"{feature.name}: times must be whole seconds since 1970 UTC")
        if feature.missing == "refuse":
            made = self._refusing(made, missing, f"{feature.name}: missing values are refused")
        return made

    def _refusing(self, value: str, wrong: str, why: str) -> str:
        """`value`, or a failure of the runtime where `wrong` is true of a row: ONNX has no operator that raises."""
        index = self.node("Cast", [wrong], to=TensorProto.INT64)
        nothing = self.node("Gather", [self.constant(np.zeros(1, dtype=np.bool_)), index], why=why)
        return self.node("Where", [nothing, value, value])


def _spellings(feature: Feature) -> dict[str, int]:
    """What a cell may read, and its code. Operators cannot strip text: one blank on either side is allowed for.

    >>> found = _spellings(Feature(name="deck", kind="category", categories=("1", "NA")))
    >>> found["1"], found["1.0"], found[" 1"], found["NA"], found["nan"]
    (0, 0, 0, 1, -1)
    """
    made = dict.fromkeys((*_ABSENT, " "), MISSING_CODE)
    for code, name in enumerate(feature.categories):
        # A column of whole numbers with a gap in it is one of fractions to most libraries.
        whole = [f"{name}.0"] if name.lstrip("-").isdecimal() else []
        made.update(dict.fromkeys([*whole, f" {name}", f"{name} "], code))
    return {**made, **{name: code for code, name in enumerate(feature.categories)}}


def _answers(signature: Signature) -> _Writer:
    """What stands behind the model."""
    writer = _Writer("answers/")
    if signature.task == "regression":
        first = writer.constant(np.array([1], dtype=np.int64))
        writer.node("Squeeze", ["model/prediction", first], out="prediction")
        return writer
    writer.node(
        "LabelEncoder",
        ["model/label"],
        out="prediction",
        keys_int64s=list(range(len(signature.classes))),
        values_strings=list(signature.classes),
    )
    for position, name in enumerate(signature.classes):
        index = writer.constant(np.int64(position))
        writer.node("Gather", ["model/scores", index], out=f"probability_{name}", axis=1)
    return writer


def _surround(model: ModelProto, before: _Writer, after: _Writer, signature: Signature) -> None:
    """Put the nodes around those of the model and declare columns where its matrices were."""
    graph, nodes = model.graph, list(model.graph.node)
    used = {name for node in before.nodes for name in node.input}
    del graph.node[:], graph.input[:], graph.output[:], graph.value_info[:]
    graph.node.extend([*before.nodes, *nodes, *after.nodes])
    graph.initializer.extend([*before.constants, *after.constants])
    graph.input.extend(_declared(name, kind) for name, kind in inputs(signature).items() if name in used)
    graph.output.extend(_declared(name, kind) for name, kind in outputs(signature).items())


def _declared(name: str, kind: ColumnType) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, _ELEMENTS[kind], ["N"])
