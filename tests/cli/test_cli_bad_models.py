"""ONNX files from anywhere, on the command line: each fault is one sentence, exit code 2, and nothing is written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, NodeProto, SparseTensorProto, TensorProto, helper, numpy_helper

from volvelle.cli.entry import main

node = helper.make_node


def made(
    nodes: list[NodeProto],
    shape: tuple[Any, ...] = ("N", 3),
    kind: int = TensorProto.FLOAT,
    change: Callable[[ModelProto], None] = lambda whole: None,
    **constants: Any,
) -> bytes:
    """An ONNX file from x to y, changed."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, list(shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()],
    )
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    change(whole)
    return bytes(whole.SerializeToString())


def outside(whole: ModelProto) -> None:
    """Weights in another file."""
    tensor = whole.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def sparse(whole: ModelProto) -> None:
    """A sparse initialiser."""
    values = numpy_helper.from_array(np.ones(1, np.float32), "w")
    places = numpy_helper.from_array(np.array([0]), "")
    whole.graph.sparse_initializer.append(SparseTensorProto(values=values, indices=places, dims=[3]))


def function(whole: ModelProto) -> None:
    """An operator that is a function of the file's own."""
    whole.functions.append(helper.make_function("own", "F", ["a"], ["b"], [node("Relu", ["a"], ["b"])], []))


RELU = node("Relu", ["x"], ["y"])
INNER = helper.make_graph([node("Identity", ["x"], ["z"])], "inner", [], [helper.make_tensor_value_info("z", 1, None)])
ADDED = node("Add", ["x", "w"], ["y"])
FILES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no operator"),
    "text": (b"x,y\n1,2\n" * 20, "not an ONNX file"),
    "noise": (bytes(np.random.default_rng(1).integers(0, 256, 500, dtype=np.uint8)), "not an ONNX file"),
    "broken off": (made([ADDED], w=np.ones((1, 3), np.float32))[:-60], "decoded"),
    "unknown operator": (made([node("Relux", ["x"], ["y"])]), "did you mean 'Relu'"),
    "unknown domain": (made([node("Relu", ["x"], ["y"], domain="com.elsewhere")]), "com.elsewhere.Relu"),
    "recurrent": (made([node("LSTM", ["x", "x", "x"], ["y"])]), "operator LSTM is not supported"),
    "condition": (
        made([node("If", ["x"], ["y"], then_branch=INNER, else_branch=INNER)]),
        "operator If is not supported",
    ),
    "loop": (made([node("Loop", ["x"], ["y"], body=INNER)]), "operator Loop is not supported"),
    "scan": (made([node("Scan", ["x"], ["y"], body=INNER, num_scan_inputs=1)]), "operator Scan is not supported"),
    "function": (made([RELU], change=function), "local functions"),
    "open shape": (made([RELU], shape=("N", "width")), "dimension 1 of input 'x' is 'width'"),
    "text input": (made([RELU], kind=TensorProto.STRING), "STRING"),
    "computed shape": (made([node("Reshape", ["x", "i"], ["y"]), RELU][:1], i=np.array([9])), "does not fit"),
    "outside": (made([ADDED], change=outside, w=np.ones((1, 3), np.float32)), "outside the file"),
    "sparse": (made([ADDED], change=sparse), "sparse"),
    "circle": (
        made([node("Relu", ["b"], ["a"]), node("Relu", ["a"], ["b"]), node("Add", ["x", "b"], ["y"])]),
        "'b' is",
    ),
    "twice": (made([RELU, RELU]), "'y' is made twice"),
    "four gigabytes": (
        made([node("ConstantOfShape", ["s"], ["a"]), node("Add", ["x", "a"], ["y"])], s=np.array([2**15, 2**15, 1])),
        "elements are allowed",
    ),
    "too new": (made([RELU], change=lambda whole: setattr(whole.opset_import[0], "version", 99)), "opset 99"),
    "no output": (made([RELU], change=lambda whole: whole.graph.ClearField("output")), "no output"),
    "half precision": (made([RELU], kind=TensorProto.FLOAT16), "FLOAT16"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_model_is_one_sentence_and_writes_nothing(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2; what was found, where, and what to do next; no folder and no trace."""
    content, said = FILES[name]
    file = tmp_path / "m.onnx"
    file.write_bytes(content)
    assert main(["compile", str(file), "--device", "microbit", "-o", str(tmp_path / "o")]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert "Next:" in told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]


def test_a_file_of_195_bytes_takes_no_memory(tmp_path: Path) -> None:
    """The file that claims 4 GB is as small as it says."""
    assert len(FILES["four gigabytes"][0]) < 195


def test_a_model_that_no_board_holds_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """More flash than a micro:bit has: exit code 2, how much it takes and what there is, and nothing is written."""
    weights = np.random.default_rng(0).normal(size=(400, 400)).astype(np.float32)
    file = tmp_path / "m.onnx"
    file.write_bytes(made([node("MatMul", ["x", "w"], ["y"])], shape=("N", 400), w=weights))
    assert main(["compile", str(file), "--device", "microbit", "-o", str(tmp_path / "o")]) == 2
    told = capsys.readouterr().err
    assert "bytes of flash; microbit has 524,288" in told
    assert "Next: choose a larger board" in told
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]


@pytest.mark.parametrize("absent", ["ziglang", "unicorn"])
def test_a_missing_tool_is_told_with_the_command_that_brings_it(
    absent: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, the extra by its name, nothing written."""
    for known in [
        m for m in sys.modules if m.startswith(("volvelle.compiler.toolchains", "volvelle.compiler.emulators"))
    ]:
        monkeypatch.delitem(sys.modules, known)
    monkeypatch.setitem(sys.modules, absent, None)
    file = tmp_path / "m.onnx"
    file.write_bytes(made([RELU]))
    assert main(["compile", str(file), "--device", "microbit", "-o", str(tmp_path / "o")]) == 2
    assert "volvelle[device]" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A compiled model."""
    file = tmp_path / "m.onnx"
    file.write_bytes(made([RELU]))
    assert main(["compile", str(file), "--device", "microbit", "-o", str(tmp_path / "out")]) == 0
    return tmp_path / "out"


DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "model cut": ("model.onnx", lambda b: b[: len(b) // 2], "decoded"),
    "model emptied": ("model.onnx", lambda b: b"", "no operator"),
    "footprint cut": ("footprint.json", lambda b: b[: len(b) // 2], "footprint.json is damaged"),
    "footprint emptied": ("footprint.json", lambda b: b"", "footprint.json is damaged"),
    "footprint of numbers": ("footprint.json", lambda b: b"[1, 2]", "footprint.json is damaged"),
    "footprint not UTF-8": ("footprint.json", lambda b: b'{"device": "\xff"}', "footprint.json is damaged"),
    "unknown key": ("footprint.json", lambda b: b.replace(b'"flash"', b'"flush"'), "footprint.json is damaged"),
    "unknown device": ("footprint.json", lambda b: b.replace(b'"microbit"', b'"microbot"'), "did you mean 'microbit'"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_folder_is_one_sentence(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """prove says which file is damaged, exit code 2, and changes nothing."""
    file, change, said = DAMAGE[name]
    (folder / file).write_bytes(change((folder / file).read_bytes()))
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    capsys.readouterr()
    assert main(["prove", str(folder)]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Next:" in told
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder below a file, and a file where the folder should be: exit code 2, one sentence."""
    file = tmp_path / "m.onnx"
    file.write_bytes(made([RELU]))
    for place in (file, file / "below"):
        assert main(["compile", str(file), "--device", "microbit", "--no-proof", "-o", str(place)]) == 2
        told = capsys.readouterr().err
        assert "m.onnx" in told
        assert "Traceback" not in told
    assert file.read_bytes() == made([RELU])


@pytest.mark.parametrize("name", ["../../up", 'a"; b', "*/", "int", "ü", "a\nb"])
def test_a_name_stays_inside_the_folder(name: str, tmp_path: Path) -> None:
    """Whatever --name says, files lie in the folder, and C takes the name."""
    file = tmp_path / "m.onnx"
    file.write_bytes(made([RELU]))
    assert (
        main(["compile", str(file), "--device", "microbit", "--no-proof", "--name", name, "-o", f"{tmp_path}/o"]) == 0
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.onnx", "o"]
    assert {p.suffix for p in (tmp_path / "o").iterdir()} == {".h", ".c", ".onnx"}
