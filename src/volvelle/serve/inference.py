"""The Open Inference Protocol, version 2: tensors by name, as JSON or with their bytes behind the JSON.

Every field is an input tensor under its own name, ``[n]`` or ``[n, 1]``: ``FP64`` for numbers and integers (any numeric
type is taken), ``BOOL``, ``BYTES`` for categories, texts and times. NaN and the empty text mean missing. The answers
are ``prediction`` and, where there are classes, ``probabilities`` ``[n, classes]``.

Source: Open Inference Protocol (KServe), with the binary tensor data extension of Triton.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from volvelle import __version__
from volvelle.serve.answering import Answerer, Answers, Row
from volvelle.serve.forms import Refusal
from volvelle.serve.service import JSON, Call, Numbers, Reply, Said, Service

BINARY = "application/octet-stream"
LENGTH = "Inference-Header-Content-Length"
NUMERIC = {
    "BOOL": "?",
    "UINT8": "<u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "<i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP32": "<f4",
    "FP64": "<f8",
}
_KINDS = {"number": "FP64", "integer": "FP64", "boolean": "BOOL"}
Column = NDArray[Any] | list[Any]


class _Tensor(msgspec.Struct):
    name: str
    shape: list[int]
    datatype: str
    data: Any = None
    parameters: dict[str, Any] = {}


class _Wanted(msgspec.Struct):
    name: str
    parameters: dict[str, Any] = {}


class _Request(msgspec.Struct):
    inputs: list[_Tensor]
    id: str = ""
    outputs: list[_Wanted] = []
    parameters: dict[str, Any] = {}


class _Asked(NamedTuple):
    """What the JSON of a request says."""

    request: _Request
    names: tuple[str, ...]
    rows: int
    """How many, where every input is that many numbers of FP32 behind the JSON; else 0."""


_DECODER = msgspec.json.Decoder(_Request)
_SEEN: dict[bytes, _Asked] = {}
"""JSON that stood before bytes: a client sends the same again and again."""
_MOST, _LONG = 64, 8192


def metadata(answerer: Answerer, name: str) -> dict[str, Any]:
    """``GET /v2/models/<name>``."""
    outputs = [{"name": "prediction", "datatype": _said_as(answerer), "shape": [-1]}]
    if answerer.signature.classes:
        width = len(answerer.signature.classes)
        outputs.append({"name": "probabilities", "datatype": "FP32", "shape": [-1, width]})
    inputs = [{"name": f.name, "datatype": _KINDS.get(f.kind, "BYTES"), "shape": [-1]} for f in answerer.features]
    return {"name": name, "versions": [answerer.release], "platform": "onnx", "inputs": inputs, "outputs": outputs}


def server() -> dict[str, Any]:
    """``GET /v2``."""
    return {"name": "volvelle", "version": __version__, "extensions": ["binary_tensor_data"]}


def infer(service: Service, name: str, body: bytes, header: str | None, call: Call) -> Reply:
    """``POST /v2/models/<name>/infer``; `header` is the length of the JSON where bytes stand behind it."""
    start = time.perf_counter()
    request = call.id or service.new_id()
    try:
        service.admit("predict", call)
        answerer, role = service.serving.of(request)
        asked, rest = _parted(body, header)
        numbers, rows = _block(asked, rest, answerer), []
        if numbers is None:
            given = dict(_columns(asked.request, rest, answerer))
            service.few(_counted(given, answerer))
            answerer.known(asked.names, 1)
            numbers = _numbers(given, answerer)
            rows = _rows(given, answerer) if numbers is None else []
        else:
            service.few(len(numbers))
        answers = answerer.answer(rows) if numbers is None else answerer.answer_numbers(numbers)
        service.log(Said(request, answerer, role, answers, start), rows, b"", numbers)
        reply = _reply(asked.request, answerer, answers, name, request)
    except Refusal as refusal:
        told = refusal.problem + (f" (field {refusal.field!r}, row {refusal.row})" if refusal.field else "")
        reply = replace(service.refused(refusal, request, "infer"), content=msgspec.json.encode({"error": told}))
    return service.done("infer", call, reply, time.perf_counter() - start)


def _parted(body: bytes, header: str | None) -> tuple[_Asked, bytes]:
    length = len(body)
    if header is not None:
        if not (header.isascii() and header.isdigit() and int(header) <= len(body)):
            raise Refusal(400, f"{LENGTH} is no length of the JSON at the beginning of the body")
        length = int(header)
    content = body[:length]
    known = _SEEN.get(content) if header is not None else None
    if known is None:
        known = _read(content)
        # What has rows of its own in it, or a name, does not come again.
        if known.rows and not known.request.id and length <= _LONG:
            if len(_SEEN) >= _MOST:
                _SEEN.clear()
            _SEEN[content] = known
    return known, body[length:]


def _read(content: bytes) -> _Asked:
    try:
        request = _DECODER.decode(content)
    except msgspec.ValidationError as error:
        raise Refusal(422, f"this is no inference request: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "the body is no JSON") from None
    inputs = request.inputs
    count = inputs[0].shape[0] if inputs and inputs[0].shape else 0
    alike = all(
        tensor.datatype == "FP32"
        and tensor.data is None
        and tensor.shape in ([count], [count, 1])
        and tensor.parameters.get("binary_data_size") == 4 * count
        for tensor in inputs
    )
    return _Asked(request, tuple(tensor.name for tensor in inputs), count if alike and count > 0 else 0)


def _block(asked: _Asked, rest: bytes, answerer: Answerer) -> Numbers | None:
    """The rows as a matrix, where every field came as FP32 in the order of the fields: the bytes are one block then."""
    whole = asked.rows and asked.names == answerer.names and not answerer.mixed
    if not whole or len(rest) != 4 * asked.rows * len(asked.names):
        return None
    return np.frombuffer(rest, dtype="<f4").reshape(-1, asked.rows).T


def _columns(asked: _Request, rest: bytes, answerer: Answerer) -> Iterator[tuple[str, Column]]:
    """The cells of every input that the model knows, and nothing left over of the bytes."""
    place = 0
    for tensor in asked.inputs:
        known = tensor.name in answerer.names
        if known and (len(tensor.shape) not in (1, 2) or tensor.shape[1:] not in ([], [1]) or tensor.shape[0] < 0):
            raise Refusal(422, "the shape of an input is [n] or [n, 1]", field=tensor.name)
        size = tensor.parameters.get("binary_data_size")
        if size is None:
            if known:
                yield tensor.name, _listed(tensor)
            continue
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(rest) - place:
            raise Refusal(400, "binary_data_size is beyond the bytes that came", field=tensor.name)
        if known:
            yield tensor.name, _of_bytes(tensor, rest[place : place + size])
        place += size
    if place != len(rest):
        raise Refusal(400, f"{len(rest) - place} bytes belong to no input")


def _listed(tensor: _Tensor) -> list[Any]:
    data = tensor.data
    if isinstance(data, list) and data and all(isinstance(cell, list) and len(cell) == 1 for cell in data):
        data = [cell[0] for cell in data]
    if not isinstance(data, list) or len(data) != tensor.shape[0]:
        raise Refusal(422, f"the data are not {tensor.shape[0]} values, as the shape says", field=tensor.name)
    return data


def _of_bytes(tensor: _Tensor, content: bytes) -> Column:
    count = tensor.shape[0]
    if tensor.datatype == "BYTES":
        return _texts(tensor.name, content, count)
    dtype = NUMERIC.get(tensor.datatype)
    if dtype is None:
        raise Refusal(422, f"the datatype is none of {', '.join([*NUMERIC, 'BYTES'])}", field=tensor.name)
    cells = np.dtype(dtype)
    if len(content) != count * cells.itemsize:
        raise Refusal(400, f"{count} values of {tensor.datatype} are {count * cells.itemsize} bytes", field=tensor.name)
    return np.frombuffer(content, dtype=cells)


def _texts(name: str, content: bytes, count: int) -> list[Any]:
    found, place = [], 0
    while place + 4 <= len(content):
        (size,) = struct.unpack_from("<I", content, place)
        piece = content[place + 4 : place + 4 + size]
        place += 4 + size
        try:
            found.append(piece.decode("utf-8"))
        except UnicodeDecodeError:
            raise Refusal(422, "a text is not UTF-8", field=name, row=len(found) + 1) from None
    if place != len(content) or len(found) != count:
        raise Refusal(400, f"the bytes are not {count} texts with their lengths in front", field=name)
    return found


def _counted(given: dict[str, Column], answerer: Answerer) -> int:
    """The number of rows."""
    absent = [name for name in answerer.names if name not in given]
    if absent:
        told = f"{len(absent)} inputs are absent: {', '.join(absent[:20])}"
        raise Refusal(422, told, field=absent[0], row=1, reason="absent")
    counts = set(map(len, given.values()))
    if len(counts) > 1:
        raise Refusal(422, "the inputs have different numbers of rows")
    return counts.pop() if counts else 0


def _numbers(given: dict[str, Column], answerer: Answerer) -> Numbers | None:
    """The rows as a matrix, where all are numbers in arrays."""
    columns = [given[name] for name in answerer.names]
    if answerer.mixed or not columns or not all(isinstance(column, np.ndarray) for column in columns):
        return None
    matrix = np.empty((len(columns[0]), len(columns)))
    for k, column in enumerate(columns):
        matrix[:, k] = column
    return matrix if len(matrix) else None


def _rows(given: dict[str, Column], answerer: Answerer) -> list[Row]:
    columns = [given[name] for name in answerer.names]
    cells = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns]
    return answerer.cells(answerer.names, list(zip(*cells, strict=True)))


def _said_as(answerer: Answerer) -> str:
    return "FP32" if answerer.signature.task == "regression" else "BYTES"


def _reply(asked: _Request, answerer: Answerer, answers: Answers, name: str, request: str) -> Reply:
    """The answers that were wanted, each as it was wanted."""
    every = asked.parameters.get("binary_data_output") is True
    wanted = {output.name: output.parameters.get("binary_data", every) is True for output in asked.outputs}
    known = {"prediction": every} | ({"probabilities": every} if answerer.signature.classes else {})
    if wanted.keys() - known.keys():
        raise Refusal(422, f"no other outputs are known than {', '.join(known)}", next_move="ask for these")
    outputs, tails = [], []
    for output, binary in (wanted or known).items():
        scores = output == "probabilities"
        datatype = "FP32" if scores else _said_as(answerer)
        shape = [len(answers.predictions), *([len(answerer.signature.classes)] if scores else [])]
        described: dict[str, Any] = {"name": output, "datatype": datatype, "shape": shape}
        if binary:
            tails.append(answers.content if scores else _as_bytes(answers.predictions, datatype))
            described["parameters"] = {"binary_data_size": len(tails[-1])}
        else:
            described["data"] = [share for row in answers.shares for share in row] if scores else answers.predictions
        outputs.append(described)
    document = {"model_name": name, "model_version": answerer.release, "id": asked.id or request, "outputs": outputs}
    head = msgspec.json.encode(document)
    if not tails:
        return Reply(200, head, request, JSON)
    return Reply(200, b"".join([head, *tails]), request, BINARY, ((LENGTH, str(len(head))),))


def _as_bytes(values: list[Any], datatype: str) -> bytes:
    if datatype == "FP32":
        return np.asarray(values, dtype="<f4").tobytes()
    known = {value: struct.pack("<I", len(value.encode())) + value.encode() for value in set(values)}
    return b"".join([known[value] for value in values])
