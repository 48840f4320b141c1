"""compile, prove and devices on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from volvelle.cli.entry import main
from volvelle.model.graph import Graph


@pytest.fixture
def onnx(tmp_path: Path) -> Path:
    """An ONNX file that no spec belongs to."""
    graph = Graph("scores")
    x = graph.input("numbers", "float", 4)
    weights = graph.constant(np.linspace(-1, 1, 8, dtype=np.float32).reshape(4, 2))
    graph.output("scores", graph.node("Softmax", graph.node("MatMul", x, weights, width=2), axis=1))
    path = tmp_path / "pump failure.onnx"
    path.write_bytes(graph.finish())
    return path


def test_a_file_is_compiled_proved_and_proved_again(
    onnx: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """compile writes C, vectors and footprint; prove finds the same again, and finds what somebody changed."""
    out = tmp_path / "out"
    assert main(["compile", str(onnx), "--device", "microbit", "-o", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["fits"], told["agrees"], told["device"]) == (True, True, "microbit")
    names = {p.name for p in out.iterdir()}
    assert names == {
        *("pump_failure.h", "pump_failure.c", "test_pump_failure.c"),
        *("CMakeLists.txt", "footprint.json", "model.onnx"),
    }
    assert main(["prove", str(out)]) == 0
    source = out / "pump_failure.c"
    source.write_text(source.read_text().replace("1.0f", "2.0f"))
    assert main(["prove", str(out)]) == 1
    assert "pump_failure.c" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compile", "absent.onnx", "--device", "microbit", "-o", "o"], "there is no file"),
        (["compile", "ONNX", "--device", "microbitt", "-o", "o"], "did you mean 'microbit'"),
        (["compile", "ONNX", "-o", "o"], "no device is named"),
        (["compile", "ONNX", "--device", "microbit", "-o", "ONNX"], "is a file"),
        (["compile", "ONNX", "--device", "microbit", "--clock", "fast", "-o", "o"], "not a number with a unit"),
        (["prove", "."], "there is no model.onnx"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    words: list[str], said: str, onnx: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, one clear error, no folder."""
    monkeypatch.chdir(onnx.parent)
    assert main([str(onnx) if w == "ONNX" else w for w in words]) == 2
    assert said in capsys.readouterr().err
    assert not Path("o").exists()


def test_devices_lists_cores_and_boards(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its memory, also as JSON."""
    assert main(["devices"]) == 0
    assert "stm32f411" in capsys.readouterr().out
    assert main(["devices", "--json"]) == 0
    found = {d["name"]: d for d in json.loads(capsys.readouterr().out)["devices"]}
    assert found["microbit"]["flash"] == 512 * 1024
