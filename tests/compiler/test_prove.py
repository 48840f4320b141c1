"""The proof on this machine and on emulated cores."""

from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_files import line, model  # type: ignore[import-not-found]

from volvelle.compiler.device import device
from volvelle.compiler.host import Host, sanitized
from volvelle.compiler.prove import compiled, prove, vectors
from volvelle.compiler.sources import Sources
from volvelle.errors import ContractBroken, NotFound


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4f", "rv32imac"])
def test_a_core_answers_as_onnxruntime_and_its_counts_repeat(core: str) -> None:
    """Two proofs of one model are equal to the last instruction, and every answer agrees."""
    made = compiled(line(), "m")
    first = prove(line(), made, device(core))
    assert first.agrees()
    assert {p.where for p in first.parity} >= {"host", "emulated core"}
    assert (first.flash > 0, first.instructions.least > 0, first.stack > 0) == (True, True, True)
    assert prove(line(), made, device(core)) == first


def test_a_core_without_a_unit_for_real_numbers_pays_for_them() -> None:
    """The same model takes more flash and more instructions on an M0 than on an M4F."""
    made = compiled(line(), "m")
    small, large = prove(line(), made, device("cortex-m0")), prove(line(), made, device("cortex-m4f"))
    assert small.flash > large.flash
    assert small.instructions.most > 3 * large.instructions.most


def test_a_wrong_program_is_found() -> None:
    """The proof can fail: a changed weight shows as a difference."""
    made = compiled(line(), "m")
    right = made.sources
    wrong = Sources(
        right.name, right.header, right.source.replace("4, 5,", "4, 6,"), right.plan, right.inputs, right.outputs
    )
    assert wrong.source != right.source
    found = prove(line(), type(made)(wrong, made.graph, made.onnx, None), device("cortex-m4f"))
    assert not found.agrees()


def test_a_sanitizer_that_complains_is_heard() -> None:
    """Reading behind a table ends the run under the address sanitizer."""
    made = compiled(line(), "m").sources
    rows = [np.ones((2, 3), np.float32)]
    golden = vectors(line(), compiled(line(), "m"))
    beyond = made.source.replace("void m_run(", "static const float far_away[2] = {1, 2};\nvoid m_run(").replace(
        "beside1(x,", "beside1(far_away,"
    )
    assert beyond != made.source
    complaint = sanitized(Sources(made.name, made.header, beyond, made.plan, made.inputs, made.outputs), golden)
    if complaint is None:
        pytest.skip("this machine's compiler has no sanitizers")
    assert "runtime error" in complaint or "overflow" in complaint
    assert Host(made).run(rows)[0].shape == (2, 2)


def test_golden_vectors_pass_and_fail(tmp_path: Path) -> None:
    """The program of golden vectors exits 0 for the right C and 1 for another."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    made = compiled(line(), "m")
    (tmp_path / "m.h").write_text(made.sources.header)
    (tmp_path / "test.c").write_text(vectors(line(), made))
    for source, code in ((made.sources.source, 0), (made.sources.source.replace("4, 5,", "4, 6,"), 1)):
        (tmp_path / "m.c").write_text(source)
        subprocess.run([compiler, "-o", "t", "m.c", "test.c", "-lm"], cwd=tmp_path, check=True)
        assert subprocess.run(["./t"], cwd=tmp_path, check=False, capture_output=True).returncode == code


def test_an_endless_row_is_ended() -> None:
    """A program that touches memory that is not its own ends with a message, not with a crash."""
    made = compiled(line(), "m")
    right = made.sources
    wild = right.source.replace(
        "void m_run(const float *x, float *y) {",
        "void m_run(const float *x, float *y) {\n    *(volatile int *)0x60000000 = 1;",
    )
    assert wild != right.source
    broken = Sources(right.name, right.header, wild, right.plan, right.inputs, right.outputs)
    from volvelle.catalog import EMULATORS, TOOLCHAINS

    core = EMULATORS.load("unicorn").Core(
        TOOLCHAINS.load("zig").build(broken, device("cortex-m4f")), device("cortex-m4f")
    )
    with pytest.raises(ContractBroken, match="emulated core stopped"):
        core.run([np.ones(3, np.float32)], [(np.dtype(np.float32), 2)])


def test_a_device_that_does_not_exist_is_told_with_near_names() -> None:
    """A misspelt core offers the cores that sound like it."""
    with pytest.raises(NotFound) as caught:
        device("cortex-m44")
    assert "cortex-m4f" in str(caught.value)


def test_whole_numbers_that_fit_are_kept_in_32_bits() -> None:
    """A calendar part of a time of 64 bits is computed in 32 bits after the first division."""
    nodes = [
        helper.make_node("Div", ["t", "day"], ["days"]),
        helper.make_node("Mod", ["days", "week"], ["rest"]),
        helper.make_node("Cast", ["rest"], ["y"], to=TensorProto.FLOAT),
    ]
    constants = {"day": np.array([86400], np.int64), "week": np.array([7], np.int64)}
    content = model(nodes, {"t": (TensorProto.INT64, ["N", 1])}, ["y"], constants)
    made = compiled(content, "m")
    assert str(made.graph.tensors["rest"].dtype) == "int32"
    assert prove(content, made, device("cortex-m0")).agrees()


def test_a_choice_between_equal_constants_is_no_choice() -> None:
    """A constant model, which chooses one row of shares or the same, compiles and computes nothing."""
    nodes = [
        helper.make_node("IsNaN", ["x"], ["gone"]),
        helper.make_node("Not", ["gone"], ["there"]),
        helper.make_node("Or", ["gone", "there"], ["any"]),
        helper.make_node("Where", ["any", "shares", "shares"], ["y"]),
    ]
    content = model(
        nodes, {"x": (TensorProto.FLOAT, ["N", 1])}, ["y"], {"shares": np.array([[0.25, 0.75]], np.float32)}
    )
    made = compiled(content, "m")
    assert not made.graph.nodes
    assert prove(content, made, device("cortex-m4f")).agrees()


def deep(*sizes: int) -> bytes:
    """A network of layers of these widths, with weights that are not small."""
    random = np.random.default_rng(0)
    nodes, constants, last = [], {}, "x"
    for k, (wide, out) in enumerate(pairwise(sizes)):
        constants[f"w{k}"] = random.normal(size=(wide, out)).astype(np.float32)
        nodes += [
            helper.make_node("MatMul", [last, f"w{k}"], [f"v{k}"]),
            helper.make_node("Relu", [f"v{k}"], [f"y{k}"]),
        ]
        last = f"y{k}"
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", sizes[0]])}, [last], constants))


def convolved(channels: int, kernel: int) -> bytes:
    """One convolution of many channels."""
    w = np.random.default_rng(0).normal(size=(3, channels, kernel, kernel)).astype(np.float32)
    conv = helper.make_node("Conv", ["x", "w"], ["y"])
    return bytes(model([conv], {"x": (TensorProto.FLOAT, ["N", channels, 4, 4])}, ["y"], {"w": w}, opset=17))


WIDE = {"784 to 64": deep(784, 64), "three layers": deep(784, 64, 10), "1,500 to 20": deep(1500, 20)}
WIDE |= {"256 channels": convolved(256, 1), "64 channels, 3 by 3": convolved(64, 3)}


@pytest.mark.parametrize("name", WIDE)
def test_long_sums_stay_near_the_truth(name: str) -> None:
    """Wide layers whose terms cancel differ from onnxruntime by no more than the tolerance."""
    assert prove(WIDE[name], compiled(WIDE[name], "m"), device("cortex-m4f")).agrees()
