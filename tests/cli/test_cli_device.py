"""compile, prove and devices on the command line."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.cli.commands import compile as compiling
from volvelle.cli.commands import package as packing
from volvelle.cli.entry import main
from volvelle.cli.models import goal_of, of_file
from volvelle.compiler import prove as proving
from volvelle.compiler.device import device
from volvelle.compiler.prove import FIRST_TIME, Compiled
from volvelle.compiler.toolchains import zig
from volvelle.model.graph import Graph

DEVICE = """
problem = { name = "pumps", target = "fails", positive = "yes" }
data.source = "pumps.csv"
require.gates = ["flash <= 64 KiB"]
search = { trials = 1, folds = 2, estimators = ["logistic"], calibrate = "none" }
device.core = "cortex-m0"
"""


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
    assert (told["agrees"], told["device"]) == (True, "microbit")
    names = {p.name for p in out.iterdir()}
    assert names == {
        *("pump_failure.h", "pump_failure.c", "test_pump_failure.c"),
        *("CMakeLists.txt", "README.md", "footprint.json", "model.onnx"),
    }
    assert main(["prove", str(out)]) == 0
    source = out / "pump_failure.c"
    source.write_text(source.read_text().replace("1.0f", "2.0f"))
    assert main(["prove", str(out)]) == 1
    assert "pump_failure.c" in capsys.readouterr().err


def wide(path: Path, units: int) -> Path:
    """A network with one hidden layer."""
    graph = Graph("wide")
    x = graph.input("numbers", "float", 4)
    hidden = graph.node("MatMul", x, graph.constant(np.ones((4, units), np.float32)), width=units)
    last = graph.constant(np.ones((units, 2), np.float32))
    graph.output("scores", graph.node("MatMul", graph.node("Tanh", hidden, width=units), last, width=2))
    path.write_bytes(graph.finish())
    return path


def test_the_memory_plan_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Terminal, header and README say what lies where, and prove says it again."""
    file, out = wide(tmp_path / "wide.onnx", 900), tmp_path / "out"
    assert main(["compile", str(file), "--device", "microbit", "-o", str(out)]) == 0
    told = capsys.readouterr()
    assert "working memory as planned: 3,600 bytes" in told.err
    row = ["0", "3,600", "float", "0-1", "0:", "MatMul"]
    texts = [told.out, *((out / name).read_text() for name in ("wide.h", "README.md"))]
    assert all(row in [line.split() for line in text.splitlines()] for text in texts)
    assert main(["prove", str(out)]) == 0
    assert row in [line.split() for line in capsys.readouterr().out.splitlines()]


def test_too_much_working_memory_is_refused_without_a_compiler(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan that the board has no room for is refused before any C is compiled, and nothing is written."""
    file = wide(tmp_path / "wide.onnx", 33_000)
    with pytest.MonkeyPatch.context() as monkey:
        monkey.setattr(compiling, "prove", None)
        assert main(["compile", str(file), "--device", "microbit", "-o", str(tmp_path / "out")]) == 2
    assert "takes 132,000 bytes of RAM for working memory; microbit has 131,072" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_report_on_misra_is_written_where_it_is_asked_for(
    onnx: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """prove --misra writes rules and places beside the proof; without cppcheck, and into a folder, nothing is done."""
    out, told = tmp_path / "out", tmp_path / "misra.txt"
    assert main(["compile", str(onnx), "--device", "microbit", "-o", str(out), "--json"]) == 0
    assert main(["prove", str(out), "--misra", str(tmp_path)]) == 2
    if shutil.which("cppcheck"):
        assert main(["prove", str(out), "--misra", str(told)]) == 0
        assert "pump_failure.c:" in told.read_text()
        told.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["prove", str(out), "--misra", str(told)]) == 2
    assert "cppcheck" in capsys.readouterr().err
    assert not told.exists()


@pytest.fixture
def cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache of zig."""
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(tmp_path / "zig"))
    zig._facts.cache_clear()
    yield tmp_path / "zig"
    zig._facts.cache_clear()


def test_what_takes_longer_once_is_told_once(
    onnx: Path, tmp_path: Path, cold: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an empty cache compile and package say so before anything is built, with a warm one they do not."""
    out, told, before = tmp_path / "out", [], []
    right = proving.compiled

    def heard(*given: Any, **named: Any) -> Compiled:
        before.append(capsys.readouterr().err)
        return right(*given, **named)

    monkeypatch.setattr(compiling, "compiled", heard)
    for _ in range(2):
        assert main(["compile", str(onnx), "--device", "microbit", "-o", str(out), "--json"]) == 0
        assert FIRST_TIME not in capsys.readouterr().err
    assert main(["prove", str(out), "--json"]) == 0
    told.append(capsys.readouterr().err)
    monkeypatch.setattr(packing, "compiled", heard)
    for _ in range(2):
        assert main(["package", "wasm", str(onnx), "-o", str(tmp_path / "page"), "--json"]) == 0
        assert FIRST_TIME not in capsys.readouterr().err
    assert [FIRST_TIME in text for text in before] == [True, False, True, False]
    assert FIRST_TIME not in told[0]
    zig.warmed("elsewhere")
    assert [zig.cold(t) for t in ("elsewhere", "riscv32-freestanding")] == [False, True]
    shutil.rmtree(cold)
    assert zig.cold("elsewhere")


def test_a_run_tells_of_a_first_build_before_it_proves(
    tmp_path: Path, cold: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an empty cache the line stands in the progress of the run, before the stage is done, and once."""
    write_table(tmp_path)
    monkeypatch.chdir(tmp_path)
    right, before = proving.compiled, []

    def heard(*given: Any, **named: Any) -> Compiled:
        before.append(capsys.readouterr().err)
        return right(*given, **named)

    monkeypatch.setattr(proving, "compiled", heard)
    assert main(["run"]) == 0
    assert "prove: done" in capsys.readouterr().err
    assert before[0].splitlines()[-1] == f"prove: {FIRST_TIME}"
    assert not zig.cold(device("cortex-m0").target)
    assert cold.is_dir()
    (tmp_path / "volvelle.toml").write_text(DEVICE.replace("search = {", "search = { seed = 8,"), encoding="utf-8")
    assert main(["run"]) == 0
    assert FIRST_TIME not in before[1]


def write_table(folder: Path) -> None:
    """300 pumps, the hot ones fail, and a spec with a device."""
    rows = [f"{k * 37 % 100},{'yes' if k * 37 % 100 > 60 else 'no'}" for k in range(300)]
    (folder / "pumps.csv").write_text("heat,fails\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "volvelle.toml").write_text(DEVICE, encoding="utf-8")


def test_c_with_other_labels_leaves_no_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that swaps two labels fails a gate that nobody wrote; neither release nor package hands it on."""
    write_table(tmp_path)
    monkeypatch.chdir(tmp_path)
    right = proving.compiled

    def swapped(*given: Any, **named: Any) -> Compiled:
        made = right(*given, **named)
        source = made.sources.source.replace("label[o * 1 + i] = best;", "label[o * 1 + i] = 1 - best;")
        assert source != made.sources.source
        return replace(made, sources=replace(made.sources, source=source))

    monkeypatch.setattr(proving, "compiled", swapped)
    assert main(["run"]) == 1
    told = capsys.readouterr().out
    assert re.search(r"✗  parity <= 1e-05 .* fail", told)
    assert re.search(r"parity <= 1e-05: the C for cortex-m0 answers otherwise .* rows with another label", told)
    assert main(["release", "--accept-unproven", "Li: it is only the labels"]) == 1
    assert "nothing was released" in capsys.readouterr().err
    assert not (tmp_path / ".volvelle" / "releases").exists()
    assert main(["package", "cmake"]) == 2
    assert "do not ship it" in capsys.readouterr().err
    assert not (tmp_path / "pumps-cmake").exists()


def test_the_goal_is_kept_and_proved_again(onnx: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--goal speed stands in the footprint, and prove compiles for it again."""
    out = tmp_path / "out"
    assert main(["compile", str(onnx), "--device", "microbit", "-o", str(out), "--goal", "speed", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["goal"] == "speed"
    assert main(["prove", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["goal"] == "speed"


def test_without_a_goal_c_is_written_as_the_run_was_proved(onnx: Path) -> None:
    """compile and package take the goal of the footprint; a file from anywhere is written small; --goal overrules."""
    file = of_file(onnx)
    fast = replace(file, footprint=structs.replace(proving.NOWHERE, goal="speed"))
    assert [goal_of(None, given) for given in (file, fast)] == ["size", "speed"]
    assert [goal_of("size", fast), goal_of("speed", file)] == ["size", "speed"]


def test_a_folder_of_somebody_else_is_left_alone(
    onnx: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """compile refuses to put its files in the place of others, before it proves anything; its own it replaces."""
    words = ["compile", str(onnx), "--device", "microbit", "-o", str(tmp_path / "out")]
    assert main(words) == 0
    assert main(words) == 0
    (tmp_path / "out" / "thesis.txt").write_text("years")
    assert main(words) == 2
    assert "holds thesis.txt, which would be lost" in capsys.readouterr().err
    assert (tmp_path / "out" / "thesis.txt").read_text() == "years"


@pytest.mark.slow
def test_an_interrupted_compile_leaves_all_or_nothing(onnx: Path, tmp_path: Path) -> None:
    """Ctrl-C at five instants of a real process: exit 130 and no folder, or all of it; nothing lies beside it."""
    words = [sys.executable, "-m", "volvelle", "compile", str(onnx), "--device", "microbit", "-o", "out"]
    started = time.monotonic()
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    whole, seconds = sorted(p.name for p in (tmp_path / "out").iterdir()), time.monotonic() - started
    for share in range(1, 6):
        place = tmp_path / str(share)
        place.mkdir()
        process = subprocess.Popen(words, cwd=place, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(seconds * (0.3 + share / 8))
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=60)
        found = {p.name: sorted(f.name for f in p.iterdir()) for p in place.iterdir()}
        assert (code, found) in ((130, {}), (130, {"out": whole}), (0, {"out": whole}))


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


def test_devices_lists_cores_and_boards(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its memory and what must be installed for it, also as JSON."""
    monkeypatch.setattr(TOOLCHAINS.load("gcc_avr"), "which", lambda name: None)
    monkeypatch.setattr(EMULATORS.load("simavr"), "missing", lambda: "")
    assert main(["devices"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "Missing" not in lines["stm32f411"]
    assert lines["arduino-uno"].endswith("Missing here: apt-get install gcc-avr avr-libc.")
    assert main(["devices", "--json"]) == 0
    found = {d["name"]: d for d in json.loads(capsys.readouterr().out)["devices"]}
    assert found["microbit"]["flash"] == 512 * 1024
    assert (found["microbit"]["missing"], found["atmega328p"]["missing"]) == ("", "gcc-avr avr-libc")
