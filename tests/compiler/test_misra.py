"""What cppcheck's MISRA addon finds in generated C, by the numbers of the rules."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from growing import grown  # type: ignore[import-not-found]
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.compiler.misra import HELD, report, violations
from volvelle.compiler.prove import compiled
from volvelle.errors import MissingExtra

NEEDED = pytest.mark.skipif(
    shutil.which("cppcheck") is None, reason="needs cppcheck (Debian: apt-get install cppcheck)"
)


@NEEDED
def test_no_rule_that_is_held_to_is_violated() -> None:
    """Random graphs and a convolution: no violation of a rule that is held to, and the addon looked."""
    weights = {"w": np.ones((4, 1, 3, 3), np.float32), "a": np.array([-1, 16])}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Reshape", ["c", "a"], ["r"]),
        helper.make_node("Softmax", ["r"], ["y"]),
    ]
    network = model(nodes, {"x": (TensorProto.FLOAT, ["N", 1, 4, 4])}, ["y"], weights)
    contents = [network, *(grown(seed, 9) for seed in range(14))]
    found = violations([compiled(content, f"m{k}").sources for k, content in enumerate(contents)])
    assert found
    assert HELD & set(found) == set()


@NEEDED
def test_the_report_tells_rules_places_and_what_is_broken() -> None:
    """A second return in the C appears in the report under its rule and place, and a rule that is held to is named."""
    right = compiled(grown(3, 9), "m").sources
    text = report(right)
    assert "m.c:" in text
    assert "violated: none" in text
    line = right.source.splitlines().index(next(t for t in right.source.splitlines() if t.startswith("void m_run"))) + 2
    wrong = replace(right, source=re.sub(r"(void m_run\(.*\{)", r"\1\n    if (1) goto out;\nout:\n", right.source))
    text = report(wrong)
    assert "violated: 15." in text or "violated: 14.1" in text
    assert f"m.c:{line}" in text


def test_without_cppcheck_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without it gets one sentence and the name of the package, before anything is compiled."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtra) as caught:
        report(compiled(grown(3, 9), "m").sources)
    assert "cppcheck" in str(caught.value)
