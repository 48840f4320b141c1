"""Texts in an ONNX file as positions in one list of words: C has no use for texts, but for their names.

Every text of a constant or an attribute gets a position, in the order of appearance. An operator that only moves
values, compares them for equality or looks them up takes positions for texts; any other one is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto

from volvelle.compiler.ir import Node
from volvelle.errors import ModelError

_MOVES = frozenset(
    "array_feature_extractor concat expand flatten gather gather_elements identity reshape slice split squeeze tile "
    "transpose unsqueeze where".split()
)
_LISTS = {f"{stem}_strings": f"{stem}_int64s" for stem in ("classlabels", "cats", "keys", "values")}
_LISTS["value_strings"] = "value_ints"
_SINGLE = {"default_string": "default_int64", "value_string": "value_int"}
_UNKNOWN = "_Unused"
"""What a LabelEncoder answers to an unknown key where its file tells no default text: that of the standard."""


@dataclass
class Words:
    """The words of a file, and which values are texts.

    >>> words = Words()
    >>> words.position("no"), words.position("yes"), words.position("no")
    (0, 1, 0)
    """

    known: dict[str, int] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)

    def position(self, text: str | bytes) -> int:
        """Where a text stands in the list; a new one is appended.

        Raises:
            ModelError: it is not UTF-8.
        """
        try:
            plain = text.decode() if isinstance(text, bytes) else text
        except UnicodeDecodeError as error:
            raise ModelError("a text in the model is not UTF-8", next_move="export the model again") from error
        return self.known.setdefault(plain, len(self.known))

    def positions(self, tensor: TensorProto) -> NDArray[np.int64]:
        """A constant of texts.

        Raises:
            ModelError: it holds another number of texts than its shape says.
        """
        made = np.array([self.position(t) for t in tensor.string_data], dtype=np.int64)
        if tensor.dims and made.size != np.prod([int(d) for d in tensor.dims]):
            raise ModelError(f"constant {tensor.name!r} holds {made.size} texts for a shape {list(tensor.dims)}")
        return made.reshape(list(tensor.dims))

    def attributes(self, op: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes with positions for texts, and whether it ``takes`` texts or ``makes`` them."""
        made: dict[str, Any] = {}
        for name, value in given.items():
            tensor = isinstance(value, TensorProto) and value.data_type == TensorProto.STRING
            plain = value
            if tensor:
                plain = self.positions(value)
            elif name in _LISTS:
                plain = [self.position(t) for t in value]
            elif name in _SINGLE:
                plain = self.position(value)
            made[{**_LISTS, **_SINGLE}.get(name, name)] = plain
            if plain is not value and name != "default_string" and len(np.atleast_1d(plain)):
                made["makes" if name.startswith(("value", "class")) else "takes"] = True
        if op == "label_encoder" and made.get("makes") and not {"default_int64", "default_tensor"} & set(made):
            made["default_int64"] = self.position(_UNKNOWN)
        return made

    def follow(self, node: Node, where: str) -> None:
        """Note which of a node's outputs are texts.

        Raises:
            ModelError: it computes with texts.
        """
        given = node.attributes
        read = [i for i in node.inputs if i in self.values]
        if read and not (node.op in _MOVES or node.op in ("equal", "shape", "size") or given.get("takes")):
            raise ModelError(
                f"{read[0]!r} is a text, with which this operator cannot compute",
                where=where,
                next_move="encode texts as numbers before the model",
            )
        if given.get("takes") and not read:
            raise ModelError("the operator looks up texts, and is given numbers", where=where)
        if given.get("makes") or (read and node.op in _MOVES):
            self.values.update(node.outputs[:1] if node.op.endswith("_classifier") else node.outputs)


def declared(name: str, words: tuple[str, ...]) -> list[str]:
    """The list of words for the header; nothing where no text comes out."""
    told = f"/* Texts come out as positions in this list. */\nextern const char *const {name}_words[{len(words)}];\n"
    return [told] if words else []


def defined(name: str, words: tuple[str, ...]) -> list[str]:
    """The same list for the source; a linker leaves it out where nobody reads it.

    >>> defined("m", ("a", 'ü"'))
    ['const char *const m_words[2] = {"a", "\\\\303\\\\274\\\\042"};\\n']
    """
    quoted = (f'"{"".join(map(_character, word.encode("utf-8")))}"' for word in words)
    return [f"const char *const {name}_words[{len(words)}] = {{{', '.join(quoted)}}};\n"] if words else []


def _character(byte: int) -> str:
    """Letters and digits as they are, all else by its number: no text ends a string or begins an escape."""
    return chr(byte) if byte < 128 and chr(byte).isalnum() else f"\\{byte:03o}"


def without_maps(content: bytes) -> bytes:
    """The file with ZipMap as Identity, so that scores come out as the matrix that C writes."""
    model = ModelProto()
    model.ParseFromString(content)
    maps = [n for n in model.graph.node if n.op_type == "ZipMap"]
    for node in maps:
        node.op_type, node.domain = "Identity", ""
        del node.attribute[:]
    for out in model.graph.output:
        if any(out.name in n.output for n in maps):
            out.type.Clear()
            out.type.tensor_type.elem_type = TensorProto.FLOAT
    return bytes(model.SerializeToString()) if maps else content


def as_positions(answer: Any, words: tuple[str, ...]) -> NDArray[Any]:
    """An answer of a runtime, with positions for texts.

    >>> as_positions(np.array(["b", "a"], dtype=object), ("a", "b")).tolist()
    [1, 0]
    """
    array = np.asarray(answer)
    if array.dtype.kind not in "OUS":
        return array
    places = {word: k for k, word in enumerate(words)}
    return np.array([places.get(str(t), -1) for t in array.reshape(-1)], dtype=np.int64).reshape(array.shape)
