"""Zephyr: a module with its Kconfig symbol, and a sample application.

Source: Zephyr project documentation, "Modules (External projects)" and the schema of ``zephyr/module.yml``. An
application finds the module through ``EXTRA_ZEPHYR_MODULES`` and switches it on with its symbol.

>>> from volvelle.testing.named_models import packing_of
>>> print(write(packing_of("regression", "pump"))["zephyr/module.yml"].decode())
name: pump
build:
  cmake: .
  kconfig: Kconfig
samples:
  - samples
<BLANKLINE>
"""

from __future__ import annotations

from volvelle.deploy.packing import Packing, filled, program, proof, readme

NEXT = "west build -b qemu_cortex_m3 FOLDER/samples/predict -t run"
_MODULE = "name: {{NAME}}\nbuild:\n  cmake: .\n  kconfig: Kconfig\nsamples:\n  - samples\n"
_LISTS = """if(CONFIG_{{SYMBOL}})
  zephyr_include_directories(include)
  zephyr_library()
  zephyr_library_sources(src/{{NAME}}.c)
  zephyr_library_compile_options(-ffp-contract=off)
endif()
"""
_KCONFIG = """config {{SYMBOL}}
{{TAB}}bool "Model {{TITLE}}"
{{TAB}}imply FPU if CPU_HAS_FPU
{{TAB}}help
{{TAB}}  The model {{TITLE}} in C, compiled by Volvelle. It needs neither heap
{{TAB}}  nor threads, and one call runs at a time.
"""
_SAMPLE = """cmake_minimum_required(VERSION 3.20.0)
list(APPEND EXTRA_ZEPHYR_MODULES ${CMAKE_CURRENT_SOURCE_DIR}/../..)
find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})
project(predict LANGUAGES C)
target_sources(app PRIVATE src/main.c)
"""
_YAML = """sample:
  name: "{{TITLE}}"
tests:
  sample.{{NAME}}.predict:
    tags: model
    integration_platforms:
      - qemu_cortex_m3
"""


def write(packing: Packing) -> dict[str, bytes]:
    """A module folder with a sample inside."""
    name = packing.name
    parts = {"NAME": name, "SYMBOL": f"VOLVELLE_{name.upper()}", "TITLE": packing.heading[:60], "TAB": "\t"}
    texts = {
        "zephyr/module.yml": _MODULE,
        "CMakeLists.txt": _LISTS,
        "Kconfig": _KCONFIG,
        "samples/predict/CMakeLists.txt": _SAMPLE,
        "samples/predict/prj.conf": "CONFIG_{{SYMBOL}}=y\nCONFIG_CBPRINTF_FP_SUPPORT=y\n",
        "samples/predict/sample.yaml": _YAML,
    }
    return {
        **{file: filled(text, parts).encode() for file, text in texts.items()},
        f"include/{name}.h": packing.sources.header.encode(),
        f"src/{name}.c": packing.sources.source.encode(),
        "samples/predict/src/main.c": program(packing).encode(),
        "README.md": readme(packing, "The model as a Zephyr module, with a sample application.", NEXT),
        **proof(packing, "extras/"),
    }
