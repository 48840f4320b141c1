"""The folder that a compiled model comes in: C, golden vectors, footprint, a build file."""

from __future__ import annotations

import msgspec

from volvelle.compiler.prove import Compiled
from volvelle.compiler.records import Footprint

FOOTPRINT, MODEL = "footprint.json", "model.onnx"
_CMAKE = """cmake_minimum_required(VERSION 3.13)
project({name} C)
add_library({name} STATIC {name}.c)
target_include_directories({name} PUBLIC ${{CMAKE_CURRENT_SOURCE_DIR}})
target_compile_features({name} PUBLIC c_std_11)
target_compile_options({name} PRIVATE -ffp-contract=off)
enable_testing()
add_executable(test_{name} test_{name}.c)
target_link_libraries(test_{name} {name} m)
add_test(NAME golden COMMAND test_{name})
"""


def files(made: Compiled, found: Footprint, golden: str) -> dict[str, str]:
    """File name to text.

    Args:
        made: the model in C.
        found: what was measured.
        golden: the program of golden vectors.
    """
    name = made.sources.name
    return {
        f"{name}.h": made.sources.header,
        f"{name}.c": made.sources.source,
        f"test_{name}.c": golden,
        "CMakeLists.txt": _CMAKE.format(name=name),
        FOOTPRINT: msgspec.json.format(msgspec.json.encode(found), indent=1).decode() + "\n",
    }
