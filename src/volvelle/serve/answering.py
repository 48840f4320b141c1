"""A release as something that answers JSON: light, for every worker holds one, and strict, field by field.

Rows come in three forms: ``{"rows": [{...}, ...]}``, one record ``{...}``, and ``{"columns": [...], "data": [[...]]}``.
A body whose cells have the usual types of their fields is decoded straight into records; anything else is read cell
by cell as `volvelle.model.cells` reads, and what is wrong is said of one row and one field.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray

from volvelle.errors import InputError, near
from volvelle.model.cells import REFUSED, Unfit, reader
from volvelle.model.runtime import Runtime
from volvelle.model.signature import MISSING_CODE, Feature, Signature
from volvelle.serve.forms import Refusal, decoded, named, no_json, records
from volvelle.serve.library import Compiled, Library
from volvelle.serve.single import Single, Tensor
from volvelle.spec.requirements import Extra

_USUAL = b'{"rows":'
_ROWS = re.compile(rb'\s*\{\s*"rows"\s*:\s*\[')
_NAMED = 20
Row = tuple[Any, ...]
Readers = list[tuple[int, dict[Any, int], Callable[[Any], Any]]]
"""Position of a cell, its plain codes, and who reads every other one."""


class Answers(msgspec.Struct, frozen=True, gc=False):
    """What a release says about some rows."""

    predictions: list[Any]
    """Names of classes, or numbers."""
    content: bytes = b""
    """Probabilities as float32 ``[n, classes]``, little endian; empty for regression."""
    row: tuple[float, ...] = ()
    """The same as numbers, where there is one row."""

    @property
    def scores(self) -> NDArray[np.float32]:
        """Probabilities ``[n, classes]``; ``[n, 0]`` for regression."""
        rows = len(self.predictions)
        return np.frombuffer(self.content, dtype="<f4").reshape(rows, -1 if rows else 0)

    @property
    def shares(self) -> Sequence[Sequence[float]]:
        """The same as numbers, row by row."""
        return (self.row,) if self.row else self.scores.tolist()


class Answerer:
    """One release.

    Args:
        folder: of the release, whose files were compared with their hashes before.
        digest: SHA-256 that model.onnx must have: it may have been replaced since.
        library: the model as compiled C, which answers in the place of onnxruntime.
        extra: what is done with a field that the model does not know.

    Raises:
        InputError: a file cannot be read or was changed, or the runtime refuses the model.
    """

    def __init__(self, folder: Path, digest: str, library: Library | None = None, extra: Extra = "ignore") -> None:
        try:
            content = (folder / "model.onnx").read_bytes()
            self.signature = msgspec.json.decode((folder / "signature.json").read_bytes(), type=Signature)
        except (OSError, msgspec.MsgspecError) as error:
            raise InputError(f"the release cannot be read: {error}", where=str(folder)) from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise InputError("model.onnx was changed after the release", where=str(folder))
        self.release, self._classes = folder.name, self.signature.classes
        self._runtime = Runtime(content) if library is None else Compiled(library)
        self._numbers = self.signature.of("numbers")
        groups = [self.signature.of(tensor) for tensor in ("codes", "times", "words")]
        # In a row the numbers stand first, so that one slice of it is one row of their matrix.
        self.features: tuple[Feature, ...] = (*self._numbers, *(f for group in groups for f in group))
        self.names = tuple(feature.name for feature in self.features)
        self._strict = frozenset(self.names) if extra == "refuse" else None
        self._width = len(self._numbers)
        self._spans = _spans(groups, self._width)
        self._readers = [reader(feature) for feature in self.features]
        self._known = [_known(feature) for feature in self.features]
        self._bounds = _bounds(self._numbers)
        self._refusing = [k for k, feature in enumerate(self._numbers) if feature.missing == "refuse"]
        record = msgspec.defstruct(
            "Row",
            [(f"f{k}", _type(feature)) for k, feature in enumerate(self.features)],
            rename={f"f{k}": name for k, name in enumerate(self.names)},
            # What is not of the usual form is read again, field by field, and then refused by name.
            forbid_unknown_fields=extra == "refuse",
            gc=False,
        )
        shares: Any = msgspec.defstruct(
            "Shares",
            [(f"p{k}", float) for k in range(len(self.signature.classes))],
            rename={f"p{k}": name for k, name in enumerate(self.signature.classes)},
            gc=False,
        )
        self._shares = shares
        self._one = msgspec.json.Decoder(record)
        several: Any = msgspec.defstruct("Rows", [("rows", list[record])], gc=False)  # type: ignore[valid-type]
        self._many = msgspec.json.Decoder(several)
        self._single = self._of_one()

    def rows(self, body: bytes) -> list[Row]:
        """The rows of a body, their cells in the order of `names`; numbers are numbers, other cells as they came.

        Raises:
            Refusal: it is no JSON, no such form, lacks a field, or a number is none.
        """
        try:
            if body.startswith(_USUAL) or _ROWS.match(body):
                return [astuple(row) for row in self._many.decode(body).rows]
            return [astuple(self._one.decode(body))]
        except msgspec.ValidationError:
            return self._one_by_one(records(decoded(body)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise no_json(error) from None

    def answer(self, rows: Sequence[Row]) -> Answers:
        """What the model says.

        Raises:
            Refusal: a cell does not fit its field, or the model has no finite answer.
        """
        if len(rows) == 1 and (found := self._single.answer(rows[0])) is not None:
            first, last, content = found
            return Answers([self._classes[first]], content, last) if self._classes else Answers([first])
        return self.run(self._matrices(rows)) if rows else Answers([])

    def run(self, matrices: dict[str, NDArray[np.generic]]) -> Answers:
        """What the model says of rows that are encoded."""
        given = self._runtime.run(matrices)
        if self.signature.task == "regression":
            values = given["prediction"]
            self._sound(values)
            return Answers(values[:, 0].tolist())
        scores = np.asarray(given["scores"], dtype=np.float32)
        self._sound(scores)
        predictions = [self._classes[label] for label in given["label"].tolist()]
        return Answers(predictions, scores.tobytes())

    def probabilities(self, answers: Answers) -> list[Any] | msgspec.UnsetType:
        """A record of class and probability a row, for JSON; nothing where there are no classes."""
        if not self._classes:
            return msgspec.UNSET
        return [self._shares(*row) for row in answers.shares]

    @property
    def mixed(self) -> bool:
        """Whether some features are no numbers."""
        return self._width < len(self.features)

    def answer_numbers(self, numbers: NDArray[np.float32] | NDArray[np.float64]) -> Answers:
        """What the model says of a matrix, where all features are numbers.

        Raises:
            Refusal: a value is missing that must not be, or the model has no finite answer.
        """
        return self.run({"numbers": self._checked(numbers.astype(np.float32, order="C"), numbers)})

    def cells(self, columns: Sequence[str], data: Sequence[Sequence[Any]]) -> list[Row]:
        """Rows of cells under the names of their columns, as `rows` gives them.

        Raises:
            Refusal: as `rows`.
        """
        return self._one_by_one([named(columns, cells, k + 1) for k, cells in enumerate(data)])

    def known(self, names: Iterable[str], row: int) -> None:
        """Let fields of these names be sent.

        Raises:
            Refusal: the model does not know one of them, and that is refused.
        """
        strange = [name for name in names if name not in self._strict] if self._strict is not None else []
        if strange:
            problem = f"{len(strange)} of the fields are none that the model knows"
            advice = near(strange[0], self.names)
            raise Refusal(422, problem, field=strange[0][:80], row=row, next_move=advice, reason="extra")

    def _of_one(self) -> Single:
        """What answers one row; made from a row that every field takes, which also shows that the model works."""
        row = self._matrices([tuple(_middle(feature) for feature in self.features)])
        self.run(row)
        bounds = [
            (k, -math.inf if f.low is None else f.low, math.inf if f.high is None else f.high)
            for k, f in enumerate(self._numbers)
            if f.bounded
        ]
        tensors = [
            Tensor(name, partial(self._coded, readers=self._readers_of(span))) for name, span in self._spans.items()
        ]
        answers = ("prediction",) if self.signature.task == "regression" else ("label", "scores")
        return Single(self._runtime.fixed(row), self._width, bounds, tensors, answers)

    def _one_by_one(self, given: Sequence[Any]) -> list[Row]:
        found = []
        for at, record in enumerate(given, 1):
            if not isinstance(record, dict):
                raise Refusal(422, "a row is not a record of fields", row=at)
            absent = [name for name in self.names if name not in record]
            if absent:
                raise Refusal(
                    422,
                    f"{len(absent)} of {len(self.names)} fields are absent: {', '.join(absent[:_NAMED])}",
                    field=absent[0],
                    row=at,
                    found=near(absent[0], map(str, record)) if record else "",
                    next_move="send every field, and null where there is no value",
                    reason="absent",
                )
            self.known(record, at)
            cells = [record[name] for name in self.names]
            for k in range(self._width):
                if not isinstance(cells[k], float):
                    cells[k] = self._read(k, at, cells[k])
            found.append(tuple(cells))
        return found

    def _read(self, k: int, row: int, cell: Any) -> Any:
        try:
            return self._readers[k](cell)
        except Unfit as error:
            raise self.unfit(k, row, error, cell) from None

    def unfit(self, k: int, row: int, error: Unfit, cell: Any) -> Refusal:
        """The refusal of one cell; `row` counts from 1."""
        feature, found = self.features[k], repr(cell)[:80]
        advice = _takes(feature)
        return Refusal(422, str(error), field=feature.name, row=row, found=found, next_move=advice, reason=error.reason)

    def _matrices(self, rows: Sequence[Row]) -> dict[str, NDArray[np.generic]]:
        width = self._width
        made: dict[str, NDArray[np.generic]] = {}
        if width:
            numbers = np.array([row[:width] for row in rows] if self.mixed else rows, dtype=np.float32)
            made["numbers"] = self._checked(numbers, rows)
        for tensor, span in self._spans.items():
            readers = self._readers_of(span)
            made[tensor] = np.array(
                [self._coded(row, at, readers) for at, row in enumerate(rows, 1)], dtype=np.int64
            ).reshape(len(rows), -1)
        return made

    def _readers_of(self, span: range) -> Readers:
        return [(k, self._known[k], self._readers[k]) for k in span]

    def _coded(self, row: Row, at: int, readers: Readers) -> list[Any]:
        coded: list[Any] = []
        for k, known, read in readers:
            cell = row[k]
            if isinstance(cell, (str, bool, type(None))) and cell in known:
                coded.append(known[cell])
                continue
            try:
                found = read(cell)
            except Unfit as error:
                raise self.unfit(k, at, error, cell) from None
            coded.extend(found) if isinstance(found, list) else coded.append(found)
        return coded

    def _checked(self, matrix: NDArray[np.float32], rows: Any) -> NDArray[np.generic]:
        """Numbers that are infinite or outside of declared bounds are missing; where none may be, they are refused."""
        if self._bounds is not None:
            low, high = self._bounds
            matrix[(matrix < low) | (matrix > high)] = np.nan
        if not _finite(matrix):
            matrix[np.isinf(matrix)] = np.nan
            for k in self._refusing:
                missing = np.flatnonzero(np.isnan(matrix[:, k]))
                if len(missing):
                    row = int(missing[0])
                    raise self.unfit(k, row + 1, Unfit(REFUSED, "missing"), rows[row][k])
        return matrix

    def _sound(self, answers: NDArray[Any]) -> None:
        if not _finite(answers):
            row = int(np.flatnonzero(~np.isfinite(answers).all(axis=1))[0])
            raise Refusal(422, "the model has no finite answer for these values", row=row + 1, reason="answer")


def _finite(matrix: NDArray[Any]) -> bool:
    """Whether no number is NaN or infinite, or so large that it has to be looked at: one product, for every request."""
    flat = matrix.ravel()
    return math.isfinite(np.dot(flat, flat))


def _type(feature: Feature) -> Any:
    if feature.kind in ("number", "integer"):
        return float | None
    return str | None if feature.kind in ("category", "text") else Any


def _known(feature: Feature) -> dict[Any, int]:
    """Cells whose code is plain; every other cell is read."""
    if feature.kind not in ("category", "boolean"):
        return {}
    known: dict[Any, int] = {name: code for code, name in enumerate(feature.categories) if name == name.strip()}
    known = {
        name: code for name, code in known.items() if name and (feature.kind == "category" or name in ("true", "false"))
    }
    if feature.kind == "boolean":
        known |= {flag: known[name] for flag, name in ((True, "true"), (False, "false")) if name in known}
    return known | ({None: MISSING_CODE} if feature.missing == "allow" else {})


def _spans(groups: list[tuple[Feature, ...]], start: int) -> dict[str, range]:
    spans = {}
    for tensor, group in zip(("codes", "times", "words"), groups, strict=True):
        if group:
            spans[tensor] = range(start, start + len(group))
        start += len(group)
    return spans


def _bounds(features: tuple[Feature, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    if not any(feature.bounded for feature in features):
        return None
    low = [f.low if f.bounded and f.low is not None else -np.inf for f in features]
    high = [f.high if f.bounded and f.high is not None else np.inf for f in features]
    return np.array(low, dtype=np.float32), np.array(high, dtype=np.float32)


def _middle(feature: Feature) -> Any:
    """A cell that the feature takes, for a first run that finds out whether the model works."""
    if feature.kind in ("number", "integer"):
        low, high = feature.low or 0.0, feature.high if feature.high is not None else feature.low or 0.0
        return low + (high - low) / 2
    if feature.kind == "category":
        return feature.categories[0] if feature.categories else "x"
    return {"boolean": True, "time": int(feature.low or 0)}.get(feature.kind, "some words")


def _takes(feature: Feature) -> str:
    if feature.kind == "category":
        shown = ", ".join(repr(name) for name in feature.categories[:5])
        return f"this field takes the categories {shown}" + (" ..." if len(feature.categories) > 5 else "")
    if feature.kind in ("number", "integer"):
        unit = f" in {feature.unit}" if feature.unit else ""
        span = (
            f" from {feature.low:g} to {feature.high:g}" if feature.low is not None and feature.high is not None else ""
        )
        return f"this field takes numbers{unit}" + (span if feature.bounded else "")
    return f"this field takes { {'boolean': 'true and false', 'time': 'times as ISO 8601'}.get(feature.kind, 'text') }"
