"""What a signature adds to the header: a struct of named features, enums of categories and classes, one call.

The call takes a row as `volvelle.model.encode` takes it: a number that is infinite or outside its declared range counts
as missing, a category that is none of the list as unknown, and a row lacks an answer where a feature refuses what it is
given. All of it is ``static inline`` or a constant, so that a program that uses none of it holds none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Graph
from volvelle.compiler.naming import Names, comment, quoted
from volvelle.model.signature import MISSING_CODE, TENSORS, UNSEEN_CODE, Feature, Signature, Tensor

_KINDS: dict[Tensor, str] = {"numbers": "float", "codes": "int64_t", "times": "int64_t", "words": "int64_t"}
End = tuple[str, str, int]
_MOST = np.finfo(np.float32).max


@dataclass(frozen=True, slots=True)
class Member:
    """One feature in C.

    Attributes:
        feature: as the signature has it.
        name: of the member of the struct.
        kind: its C type.
        values: the constants of its categories, in their order.
        missing, unknown: the constants beside them; empty where there are no categories.
        seat: its first column in the matrix of its tensor.
    """

    feature: Feature
    name: str
    kind: str
    values: tuple[str, ...]
    missing: str
    unknown: str
    seat: int

    @property
    def tensor(self) -> Tensor:
        """The matrix that it travels in."""
        return TENSORS[self.feature.kind]

    def literal(self, cells: NDArray[Any]) -> str:
        """A value as C writes it; `cells` are those of one row, one or the hashes of words."""
        if self.tensor == "words":
            return "{" + ", ".join(literal(c) for c in cells) + "}"
        if self.tensor == "codes":
            code = int(cells[0])
            return {MISSING_CODE: self.missing, UNSEEN_CODE: self.unknown}.get(code) or self.values[code]
        return literal(cells[0])


@dataclass(frozen=True, slots=True)
class Typed:
    """The names of a model in C.

    Attributes:
        signature: where they come from.
        members: one for each feature, in the order of the signature.
        classes: constants of the classes.
        declared, defined: lines of the header, before and behind the function that takes arrays.
    """

    signature: Signature
    members: tuple[Member, ...]
    classes: tuple[str, ...]
    declared: tuple[str, ...]
    defined: tuple[str, ...]


def typed(name: str, signature: Signature, ends: tuple[End, ...]) -> Typed:
    """Name everything.

    Args:
        name: of the model.
        signature: that fits its graph.
        ends: (C name, C type, elements) of what goes in and comes out as arrays.
    """
    names = Names()
    for known in ("h", "run", "row", "answer", "predict_row", "class", "class_names", "number", "code"):
        names.new(known, f"{name}_")
    for known in ("missing_number", "missing_time", *(f"{n}_size" for n, _, _ in ends)):
        names.new(known, f"{name}_")
    places = _places(name, signature, names)
    members, enums = _members(name, signature, names)
    classes: tuple[str, ...] = ()
    if signature.classes:
        classes = tuple(names.new(c, f"{name}_class_").upper() for c in signature.classes)
        enums += _enum(f"{name}_class", dict(zip(classes, signature.classes, strict=True)), 0)
        table = [f"    {quoted(c)}," for c in signature.classes]
        enums += [f"static const char *const {name}_class_names[{len(classes)}] = {{", *table, "};"]
    kinds = {m.tensor for m in members}
    missing = [f"#define {name.upper()}_MISSING_NUMBER ((float)(1e30f * 1e30f) * 0.0f)"] if "numbers" in kinds else []
    missing += [f"#define {name.upper()}_MISSING_TIME INT64_MIN"] if "times" in kinds else []
    declared = (*places, *missing, "", *enums, "", *_structs(name, signature, members), "")
    return Typed(
        signature, members, classes, declared, ("", *_call(name, signature, members, tuple(k for _, k, _ in ends)))
    )


def fits(graph: Graph, signature: Signature) -> bool:
    """Whether a signature is one of this graph: a file from outside may claim anything."""
    names = [f.name for f in signature.features]
    numbers = [v for f in signature.features for v in (f.low, f.high) if v is not None]
    lengths = all(f.length > 0 and (f.length == 1 or f.kind == "text") for f in signature.features)
    if not lengths or len(set(names)) < len(names) or not np.isfinite(numbers).all():
        return False
    inputs = [(t, signature.width(t), "float32" if t == "numbers" else "int64") for t in _KINDS if signature.of(t)]
    outputs = [("label", 1, "int64"), ("scores", len(signature.classes), "float32")]
    if signature.task == "regression":
        outputs = [("prediction", 1, "float32")]
    found = [(n, graph.tensors[n].size, graph.tensors[n].dtype.name) for n in (*graph.inputs, *graph.outputs)]
    return found == inputs + outputs


def cleaned(signature: Signature, rows: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Rows ``[n, ...]`` of every input with what counts as missing, or as unknown, written so."""
    made = {name: array.copy() for name, array in rows.items()}
    for position, feature in enumerate(signature.of("numbers")):
        low, high = _limits(feature)
        column = made["numbers"][:, position]
        column[~((column >= low) & (column <= high))] = np.nan
    for position, feature in enumerate(signature.of("codes")):
        column = made["codes"][:, position]
        column[(column < UNSEEN_CODE) | (column >= len(feature.categories))] = UNSEEN_CODE
    return made


def accepted(signature: Signature, rows: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Which of the cleaned rows ``[n, ...]`` no feature refuses."""
    made = np.ones(len(next(iter(rows.values()))), dtype=np.bool_)
    for tensor, array in rows.items():
        for feature, column in zip(signature.of(_tensor(tensor)), array.T, strict=False):
            if tensor == "words":
                continue
            absent = np.isnan(column) if tensor == "numbers" else column == _absent(tensor)
            made &= ~(absent & (feature.missing == "refuse"))
            made &= ~((column == UNSEEN_CODE) & (tensor == "codes") & (feature.unseen == "refuse"))
    return made


def _tensor(name: str) -> Tensor:
    return next(t for t in _KINDS if t == name)


def _absent(tensor: str) -> int:
    return MISSING_CODE if tensor == "codes" else -(2**63)


def _limits(feature: Feature) -> tuple[np.float32, np.float32]:
    """Between which a number counts, in float32."""
    low, high = (feature.low, feature.high) if feature.bounded else (None, None)
    inside = [np.clip(v, -_MOST, _MOST) for v in (-_MOST if low is None else low, _MOST if high is None else high)]
    return np.float32(inside[0]), np.float32(inside[1])


def _places(name: str, signature: Signature, names: Names) -> list[str]:
    """Positions of features in the arrays."""
    lines = []
    for tensor in _KINDS:
        for feature, seats in zip(signature.of(tensor), signature.seats(tensor).values(), strict=True):
            plain = names.new(feature.name, f"{name}_{tensor}_").upper()
            unit = f" /* {comment(feature.unit)} */" if feature.unit else ""
            lines.append(f"#define {plain} {seats.start}{unit}")
    return lines


def _members(name: str, signature: Signature, names: Names) -> tuple[tuple[Member, ...], list[str]]:
    """The members of the struct, and the enums of those that are categories."""
    inside, made, enums = Names(), [], []
    seats = {t: signature.seats(t) for t in _KINDS}
    for feature in signature.features:
        tensor = TENSORS[feature.kind]
        plain = inside.new(feature.name)
        kind, missing, unknown = _KINDS[tensor], "", ""
        values: tuple[str, ...] = ()
        if tensor == "codes":
            stem = names.new(plain, f"{name}_")
            missing, unknown = (names.new(n, f"{stem}_").upper() for n in ("missing", "unknown"))
            values = tuple(names.new(c, f"{stem}_").upper() for c in feature.categories)
            kind = f"{stem}_t"
            told = {unknown: "a category that training never saw", missing: "no value"}
            enums += _enum(stem, {**told, **dict(zip(values, feature.categories, strict=True))}, UNSEEN_CODE)
        made.append(Member(feature, plain, kind, values, missing, unknown, seats[tensor][feature.name].start))
    return tuple(made), enums


def _enum(name: str, values: dict[str, str], first: int) -> list[str]:
    rows = [f"    {c} = {first + k}, /* {comment(text)} */" for k, (c, text) in enumerate(values.items())]
    return ["typedef enum {", *rows, f"}} {name}_t;"]


def _structs(name: str, signature: Signature, members: tuple[Member, ...]) -> list[str]:
    rows = []
    for member in members:
        size = f"[{member.feature.length}]" if member.tensor == "words" else ""
        rows.append(f"    {member.kind} {member.name}{size}; /* {_told(member.feature)} */")
    answer = ["    float prediction;"]
    if signature.classes:
        answer = [f"    {name}_class_t label;", f"    float scores[{len(signature.classes)}]; /* by class */"]
    about = f"/* One row by name. Predicted: {comment(signature.target)}. */"
    return [about, "typedef struct {", *rows, f"}} {name}_row_t;", "typedef struct {", *answer, f"}} {name}_answer_t;"]


def _told(feature: Feature) -> str:
    """Name, range and unit of a feature, as a comment."""
    told = comment(feature.name)
    if feature.kind == "time":
        return f"{told}; seconds since 1970 UTC"
    if feature.kind == "text":
        return f"{told}; hashes of its words, -1 behind them"
    unit = f" {comment(feature.unit)}" if feature.unit else ""
    known = feature.low is not None and feature.high is not None and feature.kind in ("number", "integer")
    spread = f"; {feature.low:g} to {feature.high:g}{unit}" if known else f";{unit}" if unit else ""
    return told + spread + (", missing outside" if known and feature.bounded else "")


def _call(name: str, signature: Signature, members: tuple[Member, ...], kinds: tuple[str, ...]) -> list[str]:
    """The function that takes a struct; `kinds` are the C types of the arrays, in and out."""
    tensors = [t for t in _KINDS if signature.of(t)]
    lines = [line for t in ("numbers", "codes") if t in tensors for line in _helper(name, t)]
    lines += [
        "/* Ask by name; false, and no answer, where the model needs a value that is missing or unknown. */",
        f"static inline bool {name}_predict_row(const {name}_row_t *row, {name}_answer_t *answer) {{",
    ]
    refusing = []
    for tensor, kind in zip(tensors, kinds, strict=False):
        inside = [m for m in members if m.tensor == tensor]
        if tensor == "words":
            lines.append(f"    {kind} words[{signature.width('words')}];")
            copy = "    for (int i = 0; i < {}; i++) words[{} + i] = ({})row->{}[i];"
            lines += [copy.format(m.feature.length, m.seat, kind, m.name) for m in inside]
            continue
        cells = [f"        ({kind}){_cell(name, m)}," for m in inside]
        lines += [f"    const {kind} {tensor}[{len(inside)}] = {{", *cells, "    };"]
        refusing += [c for m in inside for c in _refusals(m, f"{tensor}[{m.seat}]")]
    lines += [f"    if ({c}) return false;" for c in refusing]
    given = ", ".join(tensors)
    if signature.classes:
        lines += [f"    {kinds[-2]} label;", f"    {name}_run({given}, &label, answer->scores);"]
        lines.append(f"    answer->label = ({name}_class_t)label;")
    else:
        lines.append(f"    {name}_run({given}, &answer->prediction);")
    return [*lines, "    return true;", "}"]


def _helper(name: str, tensor: str) -> list[str]:
    if tensor == "numbers":
        return [
            f"static inline float {name}_number(float value, float low, float high) {{",
            f"    return value >= low && value <= high ? value : {name.upper()}_MISSING_NUMBER;",
            "}",
        ]
    return [
        f"static inline int64_t {name}_code(int64_t code, int64_t count) {{",
        f"    return code >= {UNSEEN_CODE} && code < count ? code : {UNSEEN_CODE};",
        "}",
    ]


def _cell(name: str, member: Member) -> str:
    if member.tensor == "numbers":
        low, high = (literal(v) for v in _limits(member.feature))
        return f"{name}_number(row->{member.name}, {low}, {high})"
    if member.tensor == "codes":
        return f"{name}_code((int64_t)row->{member.name}, {len(member.feature.categories)})"
    return f"row->{member.name}"


def _refusals(member: Member, cell: str) -> list[str]:
    """Conditions under which a row lacks an answer."""
    found = []
    if member.feature.missing == "refuse":
        absent = {"numbers": f"{cell} != {cell}", "codes": f"{cell} == {MISSING_CODE}"}
        found.append(absent.get(member.tensor, f"{cell} == INT64_MIN"))
    if member.feature.unseen == "refuse" and member.tensor == "codes":
        found.append(f"{cell} == {UNSEEN_CODE}")
    return found
