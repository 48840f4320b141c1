"""Weights in codes of their own: what is chosen, what it saves, and that answers stay to the bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]
from onnxruntime.quantization import QuantType
from test_integer import quantised  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS
from volvelle.cli.entry import main
from volvelle.compiler import packing
from volvelle.compiler.device import device
from volvelle.compiler.host import Host
from volvelle.compiler.ir import Graph, Tensor
from volvelle.compiler.packing import Packed, gaps, marks, prefix
from volvelle.compiler.prove import compiled, prove
from volvelle.compiler.toolchains import zig
from volvelle.ui.footprint import board

WEIGHTS = st.lists(st.integers(-128, 127), min_size=1, max_size=60)


def spread(packed: Packed, count: int) -> list[int]:
    """Weights from their gaps, read as the kernel reads them."""
    told, values = packed.tables
    bits, left = iter(np.unpackbits(told, bitorder="little").tolist()), iter(values.tolist())
    full, made = 2**packed.width - 1, list[int]()
    while len(made) < count:
        gap = number = full
        while number == full:
            number = sum(next(bits) << k for k in range(packed.width))
            gap += number
        made += [0] * (gap - full)
        made += [next(left)] if len(made) < count else []
    return made


@given(WEIGHTS)
def test_marks_and_codes_say_what_they_are_made_of(weights: list[int]) -> None:
    """Read back as the kernels read them, all forms give the weights."""
    flat = np.array(weights, np.int8)
    bits, values = marks(flat).tables
    left = iter(values.tolist())
    assert [next(left) if bits[k >> 3] >> (k & 7) & 1 else 0 for k in range(len(flat))] == weights
    assert spread(gaps(flat), len(flat)) == weights
    data, counts, symbols = prefix(flat).tables
    stream, read = iter(np.unpackbits(data).tolist()), []
    for _ in weights:
        code = first = place = 0
        for count in counts.tolist():
            code |= next(stream)
            if code - first < count:
                break
            place, first, code = place + count, (first + count) << 1, code << 1
        read.append(int(symbols[place + code - first]))
    assert read == weights


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 5), min_size=2, max_size=40))
def test_a_code_is_no_longer_than_its_entropy_and_a_bit(shares: list[float]) -> None:
    """A prefix code takes at least the entropy, and at most a bit a weight more."""
    counts = np.maximum(np.rint(np.array(shares) * 20), 1).astype(int)
    flat = np.repeat(np.arange(len(counts)), counts).astype(np.int8)
    p = counts / counts.sum()
    entropy = float(-(p * np.log2(p)).sum()) * len(flat)
    assert entropy / 8 - 1 <= prefix(flat).tables[0].nbytes <= (entropy + len(flat)) / 8 + 1


def network(kind: str) -> tuple[bytes, NDArray[np.float32]]:
    """A convolution, a pointwise one and two dense layers with weights of a kind; of "one" the large one is pruned."""
    random = np.random.default_rng(21)

    def real(*shape: int) -> NDArray[np.float32]:
        made = random.uniform(-1, 1, shape)
        if kind == "pruned":
            made[random.random(shape) < 0.85] = 0
        if kind == "one" and shape[0] > 800:
            made[random.random(shape) < 0.9] = 0
        if kind == "bell":
            made = random.laplace(size=shape) / 6
        if kind == "few":
            made = np.rint(random.standard_t(1.2, shape)) / 40
        return made.clip(-1, 1).astype(np.float32)

    constants: dict[str, NDArray[Any]] = {"c": real(16, 2, 3, 3), "p": real(24, 16, 1, 1)}
    constants |= {"v": real(24 * 36, 12), "u": real(12, 6), "b": real(12)}
    nodes = [
        helper.make_node("Conv", ["x", "c"], ["d"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["d"], ["e"]),
        helper.make_node("Conv", ["e", "p"], ["f"]),
        helper.make_node("Relu", ["f"], ["g"]),
        helper.make_node("Flatten", ["g"], ["h"]),
        helper.make_node("Gemm", ["h", "v", "b"], ["i"]),
        helper.make_node("Relu", ["i"], ["j"]),
        helper.make_node("Gemm", ["j", "u"], ["y"]),
    ]
    rows = random.normal(size=(40, 2, 6, 6)).astype(np.float32)
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", 2, 6, 6])}, ["y"], constants, opset=17)), rows


def test_of_sparse_layers_each_takes_the_smallest_form() -> None:
    """A mark is a gap of one bit; where fewer weights are left, wider gaps take less; sizes are of what is written."""
    random = np.random.default_rng(2)
    for share, wins in ((0.6, "marks"), (0.1, "gaps"), (0.02, "gaps")):
        weights = random.integers(-127, 128, (64, 100)) * (random.random((64, 100)) < share)
        forms = [form(weights.astype(np.int8)) for form in (marks, gaps, prefix)]
        assert min(forms, key=lambda p: p.bytes).how == wins
        assert all(p.bytes == packing.LAYER + sum(len(t.tobytes()) for t in p.tables) for p in forms)


@pytest.mark.parametrize("core", ["host", "cortex-m4f", "cortex-m3"])
def test_convolutions_in_groups_are_packed(core: str, tmp_path: Path) -> None:
    """Pruned weights of groups and of single channels are unpacked group by group, and the answers stay."""
    random = np.random.default_rng(6)

    def pruned(*shape: int) -> NDArray[np.float32]:
        return (random.uniform(-1, 1, shape) * (random.random(shape) < 0.08)).astype(np.float32)

    constants = {"g": pruned(48, 4, 3, 3), "d": pruned(48, 1, 3, 3) + pruned(48, 1, 3, 3), "v": pruned(48 * 25, 8)}
    nodes = [
        helper.make_node("Conv", ["x", "g"], ["a"], group=3, pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["a", "d"], ["b"], group=48, pads=[1, 1, 1, 1]),
        helper.make_node("Flatten", ["b"], ["c"]),
        helper.make_node("Gemm", ["c", "v"], ["y"]),
    ]
    rows = random.normal(size=(12, 12, 5, 5)).astype(np.float32)
    content = model(nodes, {"x": (TensorProto.FLOAT, ["N", 12, 5, 5])}, ["y"], constants, opset=17)
    small = quantised(content, rows, tmp_path, QuantType.QUInt8, each=True)
    made = compiled(small)
    grouped = {n.inputs[1] for n in made.graph.nodes if n.attributes.get("group", 1) > 1}
    assert len(grouped) == 2
    assert grouped <= packing.chosen(made.graph).keys()
    wanted = onnxruntime.InferenceSession(small).run(None, {"x": rows})[0]
    if core == "host":
        assert np.array_equal(Host(made.sources).run([rows.reshape(12, -1)])[0], wanted)
        return
    board = device(core)
    emulated = EMULATORS.load("unicorn").Core(zig.build(made.sources, board), board)
    for row, answer in zip(rows[:3], wanted, strict=False):
        assert np.array_equal(emulated.run([row], [(np.dtype(np.float32), 8)]).outputs[0], answer)


@pytest.mark.parametrize(("kind", "how"), [("pruned", "gaps"), ("few", "prefix"), ("even", "")])
def test_what_is_smaller_is_chosen(kind: str, how: str, tmp_path: Path) -> None:
    """Of pruned weights the gaps are told, uneven ones coded, others left; answers stay, savings were foretold."""
    content, rows = network(kind)
    small = quantised(content, rows, tmp_path, QuantType.QUInt8, each=True)
    made, fast = compiled(small), compiled(small, goal="speed")
    packed = packing.chosen(made.graph)
    assert {p.how for p in packed.values()} == ({how} if how else set())
    wanted = onnxruntime.InferenceSession(small).run(None, {"x": rows})[0]
    flash: dict[str, list[int]] = {}
    for one in (made, fast):
        assert np.array_equal(Host(one.sources).run([rows.reshape(40, -1)])[0], wanted)
        for core in ("cortex-m4f", "rv32imac"):
            board = device(core)
            image = zig.build(one.sources, board)
            emulated = EMULATORS.load("unicorn").Core(image, board)
            assert np.array_equal(emulated.run([rows[0]], [(np.dtype(np.float32), 6)]).outputs[0], wanted[0])
            flash.setdefault(core, []).append(image.flash)
    plain = sum(made.graph.tensors[name].size for name in packed)
    foretold = (
        plain - sum(p.bytes for p in packed.values()) - sum(packing.PROGRAM[h] for h in {how} & {*packing.PROGRAM})
    )
    assert flash["cortex-m4f"][1] - flash["cortex-m4f"][0] == pytest.approx(foretold, rel=0.05, abs=64)


@pytest.mark.parametrize(("kind", "how"), [("pruned", "gaps"), ("few", "prefix")])
def test_weights_are_unpacked_once_where_there_is_room(kind: str, how: str, tmp_path: Path) -> None:
    """With RAM to spare answers stay, and from the second row on they cost what plain weights cost."""
    content, rows = network(kind)
    small = quantised(content, rows, tmp_path, QuantType.QUInt8, each=True)
    wanted = onnxruntime.InferenceSession(small).run(None, {"x": rows})[0]
    core_of, ends = device("cortex-m4f"), [(np.dtype(np.float32), 6)]
    work: list[int] = []
    for ram in (None, 65536):
        made = compiled(small, ram=ram)
        image = zig.build(made.sources, core_of)
        core = EMULATORS.load("unicorn").Core(image, core_of)
        runs = [core.run([row], ends) for row in rows[:3]]
        assert all(np.array_equal(run.outputs[0], answer) for run, answer in zip(runs, wanted, strict=False))
        assert np.array_equal(Host(made.sources).run([rows.reshape(40, -1)])[0], wanted)
        work.append(runs[1].instructions)
        assert {one.how for one in made.sources.weights} == {how}
        assert {one.kept for one in made.sources.weights} == {ram is not None}
        room = sum(one.plain for one in made.sources.weights if one.kept)
        assert image.ram - made.sources.plan.bytes == pytest.approx(room, abs=24)
    assert work[1] < 0.6 * work[0]
    plain = compiled(small, goal="speed")
    fast = EMULATORS.load("unicorn").Core(zig.build(plain.sources, core_of), core_of).run([rows[0]], ends)
    assert work[1] == pytest.approx(fast.instructions, rel=0.01)


def test_what_is_kept_leaves_half_of_the_rest() -> None:
    """Codes come first, then the largest that fit half of what the plan leaves; nothing where no RAM is told."""
    random = np.random.default_rng(4)
    sizes = {"a": 4000, "b": 900, "c": 500}
    tensors = {n: Tensor(np.dtype(np.int8), (k,), random.integers(0, 9, k).astype(np.int8)) for n, k in sizes.items()}
    graph = Graph("g", (), tensors, (), ())
    packed = {n: (prefix if n == "c" else gaps)(np.asarray(t.value)) for n, t in tensors.items()}
    assert packing.kept(graph, packed, 1000, None) == frozenset()
    assert packing.kept(graph, packed, 1000, 1900) == frozenset()
    assert packing.kept(graph, packed, 1000, 2000) == {"c"}
    assert packing.kept(graph, packed, 1000, 4000) == {"b", "c"}
    assert packing.kept(graph, packed, 1000, 9999 + 5000) == {"a", "b", "c"}


def test_what_became_of_weights_is_told_and_repeated(tmp_path: Path) -> None:
    """The footprint says which layers are kept, and the room that it names gives the same C again."""
    content, rows = network("pruned")
    small = quantised(content, rows, tmp_path, QuantType.QUInt8, each=True)
    made = compiled(small, ram=20_000)
    found = prove(small, made, device("microbit"))
    assert found.agrees()
    assert found.room == 20_000
    assert {one.kept for one in found.weights} == {True, False}
    assert compiled(small, ram=found.room).sources.source == made.sources.source
    told = board(found, device("microbit"))
    assert "lengths of zeros, unpacked once into RAM" in told
    assert "lengths of zeros, unpacked in every row" in told


def test_a_layer_is_packed_by_what_it_saves_itself(tmp_path: Path) -> None:
    """A pruned layer among others is packed, and they are left; where flash is tight all is that saves anything."""
    content, rows = network("one")
    made = compiled(quantised(content, rows, tmp_path, QuantType.QUInt8, each=True))
    (name,) = packing.chosen(made.graph)
    assert made.graph.tensors[name].size == 24 * 36 * 12
    content, rows = network("bell")
    made = compiled(quantised(content, rows, tmp_path, QuantType.QUInt8, each=True))
    assert packing.for_goal(made.graph, "size") == packing.for_goal(made.graph, "speed") == {}
    packed = packing.for_goal(made.graph, "tight")
    plain = sum(made.graph.tensors[name].size for name in packed)
    saved = plain - sum(form.bytes for form in packed.values()) - packing.PROGRAM["prefix"]
    assert {form.how for form in packed.values()} == {"prefix"}
    assert 0.05 * plain < saved < packing.GAIN * plain


def test_weights_are_packed_where_only_that_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A device with less flash than plain weights take gets them packed, unless somebody asks for something else."""
    content, rows = network("bell")
    small = quantised(content, rows, tmp_path, QuantType.QUInt8, each=True)
    monkeypatch.chdir(tmp_path)
    Path("model.onnx").write_bytes(small)
    spec = 'problem.target = "y"\ndata.source = "a.csv"\ndevice = {{ core = "cortex-m4f", flash = "{} B" }}'
    flash = {}
    for goal in ("size", "tight"):
        flash[goal] = zig.build(compiled(small, goal=goal).sources, device("cortex-m4f")).flash
    between = (flash["size"] + flash["tight"]) // 2
    assert flash["tight"] + 400 < flash["size"]
    Path("volvelle.toml").write_text(spec.format(between))
    assert main(["compile", "model.onnx", "-o", "no", "--goal", "size"]) == 2
    assert main(["compile", "model.onnx", "-o", "out", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["goal"], told["agrees"], told["flash"] <= between) == ("tight", True, True)
    assert {one["how"] for one in told["weights"]} == {"prefix"}
    Path("volvelle.toml").write_text(spec.format(flash["size"] + 64))
    assert main(["compile", "model.onnx", "-o", "plain", "--json"]) == 0
    assert json.loads(capsys.readouterr().out).get("goal", "size") == "size"
