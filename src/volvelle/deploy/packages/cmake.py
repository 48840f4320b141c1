"""C with CMake: the header, the source, golden vectors as a test, and an installable target.

A project takes it by ``add_subdirectory`` or ``FetchContent`` and links the target; built alone, it builds the test.

>>> from volvelle.testing.named_models import packing_of
>>> sorted(write(packing_of("regression", "pump")))
['CMakeLists.txt', 'README.md', 'model.onnx', 'pump.c', 'pump.h', 'test_pump.c']
"""

from __future__ import annotations

from volvelle.deploy.packing import Packing, filled, proof, readme

NEXT = "cmake -S FOLDER -B build && cmake --build build && ctest --test-dir build"
_LISTS = """cmake_minimum_required(VERSION 3.13)
project({{NAME}} VERSION {{VERSION}} LANGUAGES C)
add_library({{NAME}} STATIC {{NAME}}.c)
target_include_directories({{NAME}} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_features({{NAME}} PUBLIC c_std_11)
target_compile_options({{NAME}} PRIVATE -ffp-contract=off)
if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
  enable_testing()
  add_executable(test_{{NAME}} test_{{NAME}}.c)
  target_link_libraries(test_{{NAME}} {{NAME}} m)
  add_test(NAME golden COMMAND test_{{NAME}})
endif()
"""


def write(packing: Packing) -> dict[str, bytes]:
    """Everything in one folder."""
    name = packing.name
    return {
        f"{name}.h": packing.sources.header.encode(),
        f"{name}.c": packing.sources.source.encode(),
        f"test_{name}.c": packing.golden.encode(),
        "CMakeLists.txt": filled(_LISTS, {"NAME": name, "VERSION": packing.version}).encode(),
        "README.md": readme(packing, "The model in C11, with a CMake project and a test of golden vectors.", NEXT),
        **proof(packing),
    }
