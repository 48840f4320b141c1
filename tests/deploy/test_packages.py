"""Packages for C projects: built and run as their receivers would."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packed_models import answers_of, printed, rows_of, same  # type: ignore[import-not-found]

from volvelle.catalog import PACKAGES
from volvelle.compiler.image import FLAGS
from volvelle.deploy.folder import put
from volvelle.deploy.packing import Packing
from volvelle.model.signature import ModelTask
from volvelle.testing.named_models import nameless, packed, packing_of

TASKS: tuple[ModelTask, ...] = ("multiclass", "regression")
SERIAL = """#pragma once
#include <cstdio>
struct Printed {
    void begin(long) {}
    void print(const char *text) { std::printf("%s", text); }
    void println(const char *text) { std::printf("%s\\n", text); }
    void println(double number, int digits) { std::printf("%.*f\\n", digits, number); }
};
static Printed Serial;
static void delay(int) {}
"""
LOOP = '#include "Arduino.h"\n#include "examples/Predict/Predict.ino"\nint main() { setup(); loop(); }\n'
MODULE = """cmake_minimum_required(VERSION 3.13)
project(app C)
function(zephyr_include_directories)
  include_directories(${ARGN})
endfunction()
function(zephyr_library)
endfunction()
function(zephyr_library_sources)
  add_library(model STATIC ${ARGN})
endfunction()
function(zephyr_library_compile_options)
  target_compile_options(model PRIVATE ${ARGN})
endfunction()
set(CONFIG_VOLVELLE_PUMP y)
include_directories(package/include)
add_subdirectory(package)
add_executable(app package/samples/predict/src/main.c)
target_link_libraries(app model)
"""


def unpack(name: str, packing: Packing, place: Path) -> Path:
    """The folder of a package."""
    put(place / "package", PACKAGES.load(name).write(packing))
    return place / "package"


def run(command: list[Any], folder: Path) -> str:
    """What a command prints."""
    done = subprocess.run([str(w) for w in command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    return done.stdout


def check_answer(text: str, packing: Packing) -> None:
    """The typical row got onnxruntime's answer."""
    [wanted] = answers_of(packing, rows_of(packing, 1))
    assert same(printed(text, packing), wanted)


def check_core(folder: Path, packing: Packing, include: str) -> None:
    """The C inside compiles for a Cortex-M4F without a warning."""
    target = "-target thumb-freestanding-eabihf -mcpu=cortex_m4".split()
    flags = [*FLAGS, "-Wall", "-Wextra", "-Werror", f"-I{include}", "-c", f"src/{packing.name}.c", "-o", "model.o"]
    run([sys.executable, "-m", "ziglang", "cc", *target, *flags], folder)


@pytest.fixture(scope="module", params=TASKS)
def pump(request: pytest.FixtureRequest) -> Packing:
    """A model with every kind of feature and hard names."""
    return packing_of(request.param, "pump", hard=True, title="Pump */", statement="Warns\nof failures", author="Ana")


@pytest.fixture(autouse=True)
def tools() -> None:
    """What all of these are built with."""
    if shutil.which("cmake") is None or shutil.which("gcc") is None or shutil.which("g++") is None:
        pytest.skip("needs cmake, gcc and g++")


def test_cmake_builds_and_its_test_passes(pump: Packing, tmp_path: Path) -> None:
    """Configured, built and tested alone; taken in by another project, it is linked by its name."""
    folder = unpack("cmake", pump, tmp_path)
    run(["cmake", "-S", folder, "-B", "build"], tmp_path)
    run(["cmake", "--build", "build"], tmp_path)
    assert "100% tests passed" in run(["ctest", "--test-dir", "build"], tmp_path)
    whole = "cmake_minimum_required(VERSION 3.13)\nproject(whole C)\nadd_subdirectory(package)\n"
    (tmp_path / "CMakeLists.txt").write_text(f"{whole}add_executable(app app.c)\ntarget_link_libraries(app pump)\n")
    shown = re.search(r"```c\n(.*?)```", (folder / "README.md").read_text(), re.S)
    assert shown
    (tmp_path / "app.c").write_text(shown[1])
    run(["cmake", "-S", ".", "-B", "other"], tmp_path)
    run(["cmake", "--build", "other"], tmp_path)
    check_answer(run(["other/app"], tmp_path), pump)


def test_a_model_without_names_is_packed_as_c(tmp_path: Path) -> None:
    """Any ONNX file becomes a CMake project, an Arduino library, a Zephyr module and a PlatformIO library."""
    packing = packed(nameless(), "pump")
    for name in ("cmake", "arduino", "zephyr", "platformio"):
        unpack(name, packing, tmp_path / name)
    folder = tmp_path / "platformio" / "package"
    run(["gcc", "-Iinclude", "-o", "app", "src/pump.c", "examples/predict/src/main.c"], folder)
    assert run(["./app"], folder).split() == ["0", "0", "-0"]


def test_arduino_keeps_to_the_format_and_its_sketch_answers(pump: Packing, tmp_path: Path) -> None:
    """Properties and keywords are as the format says; library and sketch compile, and the sketch prints the answer."""
    folder = unpack("arduino", pump, tmp_path)
    lines = (folder / "library.properties").read_text().splitlines()
    facts = dict(line.split("=", 1) for line in lines)
    assert set(facts) >= {
        "name",
        "version",
        "author",
        "maintainer",
        "sentence",
        "paragraph",
        "category",
        "architectures",
    }
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{0,62}", facts["name"])
    assert (facts["category"], facts["includes"], facts["version"]) == ("Data Processing", "pump.h", "0.1.0")
    for line in (folder / "keywords.txt").read_text().splitlines():
        assert re.fullmatch(r"\w+\t(KEYWORD1|KEYWORD2|LITERAL1)", line)
    assert (folder / "src" / "pump.c").read_text().endswith(pump.sources.source)
    check_core(folder, pump, "src")
    (folder / "Arduino.h").write_text(SERIAL)
    (folder / "main.cpp").write_text(LOOP)
    run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-c", "src/pump.c"], folder)
    run(
        ["g++", "-std=gnu++11", "-Isrc", "-I.", "-Wall", "-Wextra", "-Werror", "-o", "app", "main.cpp", "pump.o"],
        folder,
    )
    check_answer(run(["./app"], folder), pump)


def test_zephyr_keeps_to_the_format_and_its_sample_answers(pump: Packing, tmp_path: Path) -> None:
    """The module's YAML has the keys of its schema, CMake reads the lists, and the sample prints the answer."""
    folder = unpack("zephyr", pump, tmp_path)
    module = yaml.safe_load((folder / "zephyr" / "module.yml").read_text())
    assert module == {"name": "pump", "build": {"cmake": ".", "kconfig": "Kconfig"}, "samples": ["samples"]}
    sample = yaml.safe_load((folder / "samples" / "predict" / "sample.yaml").read_text())
    assert set(sample) == {"sample", "tests"}
    kconfig = (folder / "Kconfig").read_text().splitlines()
    assert kconfig[0] == "config VOLVELLE_PUMP"
    assert all(line.startswith("\t") for line in kconfig[1:])
    assert "CONFIG_VOLVELLE_PUMP=y" in (folder / "samples" / "predict" / "prj.conf").read_text()
    check_core(folder, pump, "include")
    (tmp_path / "CMakeLists.txt").write_text(MODULE)
    run(["cmake", "-S", ".", "-B", "build"], tmp_path)
    run(["cmake", "--build", "build"], tmp_path)
    check_answer(run(["build/app"], tmp_path), pump)


def test_platformio_keeps_to_the_format_and_its_example_answers(pump: Packing, tmp_path: Path) -> None:
    """The manifest has the fields of its format, and the example built by its flags and folders prints the answer."""
    folder = unpack("platformio", pump, tmp_path)
    told = json.loads((folder / "library.json").read_text())
    assert re.fullmatch(r"[a-z0-9][\w.-]*", told["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", told["version"])
    assert (told["frameworks"], told["platforms"], told["authors"]) == ("*", "*", [{"name": "Ana"}])
    assert "\n" not in told["description"]
    for one in told["examples"]:
        assert all((folder / one["base"] / file).is_file() for file in one["files"])
    build = told["build"]
    check_core(folder, pump, build["includeDir"])
    sources = [*(folder / build["srcDir"]).glob("*.c"), *(folder / "examples" / "predict" / "src").glob("*.c")]
    run(["gcc", *build["flags"], f"-I{build['includeDir']}", "-o", "app", *sources], folder)
    check_answer(run(["./app"], folder), pump)
