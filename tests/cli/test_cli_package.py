"""package on the command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from volvelle.catalog import PACKAGES
from volvelle.cli.entry import main
from volvelle.cli.models import footprint
from volvelle.testing.named_models import model_of, signature_of

Typed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def onnx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An ONNX file with a signature, in the folder of the call."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "Pump failure.onnx"
    path.write_bytes(model_of(signature_of("binary")))
    return path


def test_what_can_be_made_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name all packages are told, also as JSON."""
    assert main(["package"]) == 0
    told = capsys.readouterr()
    assert all(name in told.out for name in PACKAGES.names())
    assert "Next: volvelle package NAME" in told.err
    assert main(["package", "--json"]) == 0
    assert [p["name"] for p in json.loads(capsys.readouterr().out)["packages"]] == list(PACKAGES.names())


def test_a_file_is_packed_into_a_folder_by_its_name(onnx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder is called by model and package, files and the next step are told, and the terms reach the package."""
    words = ["package", "arduino", str(onnx), "--version", "2.0.1", "--author", "Ana", "--licence", "MIT"]
    assert main([*words, "--url", "https://example.com/pump", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["folder"], told["package"]) == ("pump_failure-arduino", "arduino")
    place = Path(told["folder"])
    assert told["files"] == sorted(p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file())
    facts = dict(line.split("=", 1) for line in (place / "library.properties").read_text().splitlines())
    wanted = ("2.0.1", "Ana", "MIT", "https://example.com/pump")
    assert tuple(facts[k] for k in ("version", "author", "license", "url")) == wanted
    assert main([*words, "-o", "elsewhere"]) == 0
    assert "Next: arduino-cli compile --library elsewhere" in capsys.readouterr().err


def test_a_compiled_folder_is_packed_with_what_was_measured(onnx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What compile wrote is packed as it is, goal and footprint included; C that somebody changed is refused."""
    compile_words = ["compile", str(onnx), "--device", "microbit", "-o", "out", "--goal", "speed"]
    assert main(compile_words) == 0
    assert main(["package", "zephyr", "out"]) == 0
    place = Path("pump_failure-zephyr")
    assert footprint(place / "extras") == footprint(Path("out"))
    assert footprint(place / "extras").goal == "speed"
    assert (place / "src" / "pump_failure.c").read_bytes() == Path("out/pump_failure.c").read_bytes()
    assert "On an emulated microbit" in (place / "README.md").read_text()
    assert main(["package", "cmake", "out", "--name", "other"]) == 0
    assert Path("other-cmake/other.c").is_file()
    source = Path("out/pump_failure.c")
    source.write_text(source.read_text() + "\n")
    capsys.readouterr()
    assert main(["package", "zephyr", "out"]) == 2
    assert "pump_failure.c is not what the compiler writes" in capsys.readouterr().err


def test_the_newest_run_is_packed(turned: Typed, tmp_path: Path) -> None:
    """Without a file it is the model of the newest run, by its problem's name and with the run in its version."""
    done = turned("package", "platformio", "-o", str(tmp_path / "out"), "--json")
    assert json.loads(done.stdout)["package"] == "platformio", done.stderr
    told = json.loads((tmp_path / "out" / "library.json").read_text())
    assert (told["name"], told["version"]) == ("pumps", "0.2.0")
    assert "PUMPS_SITE_N" in (tmp_path / "out" / "include" / "pumps.h").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["package", "arduno", "ONNX"], "did you mean 'arduino'"),
        (["package", "wasm", "absent.onnx"], "there is no file"),
        (["package", "wasm"], "volvelle.toml"),
        (["package", "cmake", "ONNX", "--version", "one"], "write it like 1.0.0"),
        (["package", "cmake", "ONNX", "--url", "javascript:alert(1)"], "write it like https://"),
        (["package", "cmake", "ONNX", "-o", "ONNX"], "is a file"),
        (["package", "cmake", "."], "there is no model.onnx"),
        (["package", "wheel", "ONNX", "--name", "json"], "give another --name"),
    ],
)
def test_bad_input_is_one_sentence_and_makes_no_folder(
    words: list[str], said: str, onnx: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, one clear error, nothing new in the folder."""
    before = sorted(Path().iterdir())
    named = {"ONNX": str(onnx)}
    assert main([named.get(w, w) for w in words]) == 2
    assert said in capsys.readouterr().err
    assert sorted(Path().iterdir()) == before
