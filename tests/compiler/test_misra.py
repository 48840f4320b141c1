"""What cppcheck's MISRA addon finds in generated C, by the numbers of the rules."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from growing import grown  # type: ignore[import-not-found]
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.compiler.image import write
from volvelle.compiler.prove import compiled

CLAIMED = frozenset(
    "3.1 3.2 4.1 4.2 5.1 5.2 5.4 5.5 5.6 5.7 6.1 6.2 7.1 7.3 7.4 8.1 8.2 8.4 8.5 8.6 8.8 8.10 8.14 9.2 "
    "9.3 9.4 9.5 10.2 11.1 11.2 11.3 11.4 11.5 11.6 11.7 11.8 12.2 13.6 14.1 15.1 15.2 15.3 16.1 "
    "16.2 16.3 16.4 16.5 16.6 16.7 17.1 17.2 17.3 17.6 18.7 18.8 20.1 20.2 20.3 20.4 20.5 20.7 20.8 20.10 "
    "20.11 20.12 20.13 20.14 21.1 21.2 21.3 21.4 21.5 21.6 21.7 21.8 21.9 21.10 21.11 21.12 22.5 22.7 "
    "22.8 22.9 22.10".split()
)
"""Rules of MISRA C:2012 of which no violation is allowed."""


def found(folder: Path, *contents: bytes) -> Counter[str]:
    """How often each rule is violated."""
    names = [f"m{k}" for k in range(len(contents))]
    for name, content in zip(names, contents, strict=True):
        write(compiled(content, name).sources, folder)
    command = ["cppcheck", "--addon=misra", "--std=c11", "--quiet", "--template={id} {file}:{line}"]
    done = subprocess.run(
        [*command, *(f"{n}.c" for n in names)], cwd=folder, capture_output=True, text=True, check=True
    )
    return Counter(re.findall(r"misra-c2012-(\d+\.\d+)", done.stderr))


@pytest.mark.skipif(shutil.which("cppcheck") is None, reason="needs cppcheck (Debian: apt-get install cppcheck)")
def test_no_rule_that_is_claimed_is_violated(tmp_path: Path) -> None:
    """Random graphs and a convolution: no violation of a claimed rule, and the addon looked."""
    weights = {"w": np.ones((4, 1, 3, 3), np.float32), "a": np.array([-1, 16])}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Reshape", ["c", "a"], ["r"]),
        helper.make_node("Softmax", ["r"], ["y"]),
    ]
    network = model(nodes, {"x": (TensorProto.FLOAT, ["N", 1, 4, 4])}, ["y"], weights)
    counts = found(tmp_path, network, *(grown(seed, 9) for seed in range(14)))
    assert sum(counts.values()) > 0
    assert CLAIMED & set(counts) == set()
