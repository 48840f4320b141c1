"""Tensors of numbers give the same answer in whatever type, order and form they come."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from onnx import TensorProto, helper

from volvelle.model.signature import Feature, Signature
from volvelle.serve import log
from volvelle.serve.answering import Answerer
from volvelle.serve.inference import infer
from volvelle.serve.journal import Journal
from volvelle.serve.keys import Door
from volvelle.serve.metrics import SLOT_BYTES, Meters
from volvelle.serve.service import Call, Limits, Service, Serving

CELLS = {"a": [1.0, 2.5, -3.0], "b": [0.25, 8.0, 16.0]}


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A service whose model adds two numbers, the second of which must not be missing."""
    folder = tmp_path / "adder-1"
    folder.mkdir()
    node = helper.make_node("ReduceSum", ["numbers", "axes"], ["prediction"], keepdims=1)
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    given = helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["n", 2])
    said = helper.make_tensor_value_info("prediction", TensorProto.FLOAT, ["n", 1])
    graph = helper.make_graph([node], "adder", [given], [said], [axes])
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    features = (Feature(name="a", kind="number"), Feature(name="b", kind="number", missing="refuse"))
    signature = Signature(features=features, target="y", task="regression")
    (folder / "signature.json").write_bytes(msgspec.json.encode(signature))
    answerer = Answerer(folder, hashlib.sha256(content).hexdigest())
    live = tmp_path / "live"
    meters = Meters(bytearray(SLOT_BYTES), 0)
    return Service(Serving(answerer), Limits(rows=3), Door(live), Journal(live, "w0"), meters, lambda *_: None)


def asked(service: Service, inputs: list[dict[str, Any]], tail: bytes = b"") -> tuple[int, Any]:
    """Status and body of one request."""
    head = json.dumps({"inputs": inputs}).encode()
    reply = infer(service, "adder", head + tail, str(len(head)) if tail else None, Call())
    return reply.status, json.loads(reply.content)


def tensors(order: str, kind: str, cells: dict[str, list[float]]) -> tuple[list[dict[str, Any]], bytes]:
    """Inputs with their bytes behind them."""
    dtype = {"FP32": "<f4", "FP64": "<f8", "INT64": "<i8"}[kind]
    parts = [np.array(cells[name]).astype(dtype).tobytes() for name in order]
    made = [
        {"name": name, "shape": [len(cells[name])], "datatype": kind, "parameters": {"binary_data_size": len(part)}}
        for name, part in zip(order, parts, strict=True)
    ]
    return made, b"".join(parts)


@pytest.mark.parametrize(("order", "kind"), [("ab", "FP32"), ("ba", "FP32"), ("ab", "FP64"), ("ba", "INT64")])
def test_bytes_of_every_type_and_order(service: Service, tmp_path: Path, order: str, kind: str) -> None:
    """The answer is the sum, and the log has what came under its names."""
    cells = {name: [float(int(x)) for x in column] if kind == "INT64" else column for name, column in CELLS.items()}
    status, said = asked(service, *tensors(order, kind, cells))
    assert (status, said["outputs"][0]["data"]) == (200, [a + b for a, b in zip(*cells.values(), strict=True)])
    service.close()
    log.settle(tmp_path / "live")
    logged = log.predictions(tmp_path / "live")
    assert {name: logged[name].to_list() for name in "ab"} == cells


@pytest.mark.parametrize("order", ["axb", "xab", "bax"])
def test_an_input_that_the_model_does_not_know_is_ignored(service: Service, order: str) -> None:
    """Its bytes are passed over wherever it stands, whatever it is, and the answers are those without it."""
    inputs, tail = tensors(order, "FP32", CELLS | {"x": [1.0, 2.0, 3.0, 4.0]})
    inputs[order.index("x")] |= {"shape": [2, 2, 1], "datatype": "other"}
    status, said = asked(service, inputs, tail)
    assert (status, said["outputs"][0]["data"]) == (200, [1.25, 10.5, 13.0])
    listed = [{"name": name, "shape": [1], "datatype": "FP32", "data": [1.0]} for name in order]
    assert asked(service, listed)[1]["outputs"][0]["data"] == [2.0]


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_policies_hold_for_bytes(service: Service, order: str) -> None:
    """NaN where it is refused, and more rows than allowed, are refused whichever way the bytes are read."""
    nan = {"a": [float("nan"), 1.0], "b": [1.0, float("nan")]}
    status, said = asked(service, *tensors(order, "FP32", nan))
    assert (status, said["error"]) == (422, "a missing value, which this field refuses (field 'b', row 2)")
    assert asked(service, *tensors(order, "FP32", {name: [1.0] * 4 for name in "ab"}))[0] == 413


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"shape": [2]}, 400),
        ({"shape": [-3]}, 422),
        ({"shape": [3, 2]}, 422),
        ({"datatype": "FP16"}, 422),
        ({"datatype": "BYTES"}, 422),
        ({"name": "c"}, 422),
        ({"parameters": {"binary_data_size": 8}}, 400),
        ({"parameters": {"binary_data_size": -1}}, 400),
        ({"parameters": {"binary_data_size": True}}, 400),
        ({"parameters": {}}, 422),
    ],
)
def test_tensors_that_do_not_fit_are_refused(service: Service, change: dict[str, Any], status: int) -> None:
    """Shapes, types, names and sizes that contradict each other get a 4xx, and so do bytes that belong to nothing."""
    inputs, tail = tensors("ab", "FP32", CELLS)
    assert asked(service, [inputs[0] | change, inputs[1]], tail)[0] == status
    assert asked(service, inputs, tail + b"\0")[0] == 400
    assert asked(service, inputs[:1], tail[:12])[0] == 422
    assert asked(service, [], b"")[0] == 422
