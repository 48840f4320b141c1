"""The C that is written."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx_files import line, model  # type: ignore[import-not-found]

from volvelle.compiler.host import Host
from volvelle.compiler.prove import compiled
from volvelle.compiler.sources import c_name
from volvelle.errors import ContractBroken


def test_the_same_file_gives_the_same_bytes() -> None:
    """Nothing of the time, the machine or the order of a set is in the C."""
    first, second = compiled(line(), "m").sources, compiled(line(), "m").sources
    assert (first.header, first.source) == (second.header, second.source)


PRINTED = """
import hashlib, sys
from growing import grown
from volvelle.compiler.prove import compiled
for seed in range(12):
    for goal in ("size", "speed"):
        made = compiled(grown(seed, 9), "m", goal).sources
        print(seed, hashlib.sha256((made.header + made.source).encode()).hexdigest())
"""


def test_the_order_of_sets_and_of_texts_is_not_in_the_c() -> None:
    """Two processes that hash texts otherwise write the same bytes."""
    printed = [
        subprocess.run(
            [sys.executable, "-c", PRINTED],
            cwd=Path(__file__).parent,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(printed[0].splitlines()) == 24


@given(st.text(max_size=30))
def test_any_text_becomes_a_name_that_c_allows(text: str) -> None:
    """Whatever a column, a class or a value is called, C sees letters, digits and underscores."""
    assert re.fullmatch(r"[a-z][a-z0-9_]*", c_name(text))


@pytest.mark.parametrize("name", ["*/ int evil;", "int", 'x"\n#include <stdio.h>', "../../etc", "", "ä"])
def test_hostile_names_never_reach_the_c(name: str) -> None:
    """A value's name in the file cannot end a comment, a string or a line."""
    nodes = [helper.make_node("Relu", ["x" + name], [name + "t"]), helper.make_node("Exp", [name + "t"], ["y"])]
    made = compiled(model(nodes, {"x" + name: (TensorProto.FLOAT, ["N", 3])}, ["y"]), name).sources
    assert "*/ int" not in made.source + made.header
    assert "#include <stdio.h>" not in made.source + made.header


def test_the_c_needs_no_heap_and_no_library() -> None:
    """Only three headers of every freestanding compiler are included."""
    made = compiled(line(), "m").sources
    assert sorted(re.findall(r"#include <(\w+)\.h>", made.header + made.source)) == [
        "float",
        "stdbool",
        "stdbool",
        "stdint",
    ]
    assert "malloc" not in made.source


def test_the_header_names_the_file_by_its_hash() -> None:
    """The SHA-256 of the ONNX file stands in the header, and another file has another."""
    for content in (line(), line(4)):
        assert hashlib.sha256(content).hexdigest() in compiled(content, "m").sources.header


def test_a_plan_that_the_compiler_does_not_keep_does_not_compile() -> None:
    """Sizes of memory are asserted in the C: with a pool of another size a compiler refuses it."""
    nodes = [helper.make_node("Softmax", ["x"], ["s"]), helper.make_node("MatMul", ["s", "w"], ["y"])]
    weights = {"w": np.eye(9, dtype=np.float32)}
    made = compiled(model(nodes, {"x": (TensorProto.FLOAT, ["N", 9])}, ["y"], weights), "m").sources
    Host(made)
    [size] = re.findall(r"pool_float\[(\d+)\]", made.source)
    wrong = replace(made, source=made.source.replace(f"pool_float[{size}];", f"pool_float[{int(size) + 1}];"))
    with pytest.raises(ContractBroken, match="not as planned"):
        Host(wrong)
