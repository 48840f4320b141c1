"""AVR: the same C by avr-gcc on simavr, the same bits, and what such a small machine is not asked to do."""

from __future__ import annotations

import ctypes.util
import shutil
from dataclasses import replace
from math import erf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from growing import grown  # type: ignore[import-not-found]
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import line, model  # type: ignore[import-not-found]
from onnxruntime.quantization import QuantType
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from test_classical import CASES  # type: ignore[import-not-found]
from test_exported import CLASSIFIERS, FLOWERS, NAMES, exported  # type: ignore[import-not-found]
from test_integer import digits, quantised  # type: ignore[import-not-found]
from test_packing import network  # type: ignore[import-not-found]
from test_trees_layouts import LEAVES, forest, rows, written  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.foretellers.counted import foretell
from volvelle.compiler.host import KINDS, Host
from volvelle.compiler.image import Run
from volvelle.compiler.layers import wide
from volvelle.compiler.prove import case_of, compiled, prove
from volvelle.compiler.sources import Sources
from volvelle.compiler.suited import suited
from volvelle.compiler.trees import LAYOUTS, Layout
from volvelle.errors import ContractBroken, InputError, MissingExtra, ModelError

HERE = shutil.which("avr-gcc") and Path("/usr/include/simavr/sim_avr.h").exists() and ctypes.util.find_library("simavr")
avr = pytest.mark.skipif(
    not HERE, reason="needs avr-gcc and simavr (Debian: apt-get install gcc-avr avr-libc libsimavr-dev)"
)
UNO = device("arduino-uno")
ENDS = [(np.dtype(np.float32), 2)]
ROW = [np.ones(3, np.float32)]
FILLED = "volatile uint8_t held[{size}];\nfor (int k = 0; k < {size}; k++) held[k] = (uint8_t)k;\n(void)held[3];"
BEGIN = "void m_run(const float *x, float *y) {"


def core(sources: Sources, board: str = "arduino-uno") -> Any:
    """An emulated board with a model in its flash."""
    wanted = device(board)
    suited(sources, wanted)
    return EMULATORS.load("simavr").Core(TOOLCHAINS.load("gcc_avr").build(sources, wanted), wanted)


def answers(sources: Sources, given: list[NDArray[Any]], board: str = "arduino-uno") -> list[NDArray[Any]]:
    """What a board says of rows ``[n, ...]`` of every input."""
    emulated, ends = core(sources, board), [(KINDS[kind], size) for _, kind, size in sources.outputs]
    runs: list[Run] = [emulated.run([a[row] for a in given], ends) for row in range(len(given[0]))]
    return [np.stack([run.outputs[k] for run in runs]) for k in range(len(ends))]


def same(content: bytes, count: int, board: str = "arduino-uno", **wish: Any) -> None:
    """Every answer to made-up rows, strange ones among them, has the bits that this machine gives."""
    made = compiled(content, "m", narrow=True, **wish)
    given = [a[:count] for a in case_of(content, made, None, 7, count).typed]
    for mine, theirs in zip(answers(made.sources, given, board), Host(made.sources).run(given), strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert (np.signbit(mine) == np.signbit(theirs))[mine == mine].all()


def altered(body: str, before: str = "") -> Sources:
    """The model of a line, with statements put in front of it."""
    made = compiled(line(), "m", narrow=True).sources
    changed = replace(made, source=made.source.replace(BEGIN, f"{before}{BEGIN}\n{body}"))
    assert changed != made
    return changed


def wide_parts(content: bytes) -> str:
    """What of a model is computed in numbers of 64 bits."""
    return " ".join(wide(compiled(content, "m", narrow=True).sources.source))


def able(seed: int) -> bytes:
    """The first random graph from a seed on that a narrow core can run: without numbers of 64 bits or long tables."""
    for at in range(seed, seed + 1000, 50):
        content: bytes = grown(at, 2 + seed % 9)
        try:
            suited(compiled(content, "m", narrow=True).sources, UNO)
        except ModelError:
            continue
        return content
    raise AssertionError("of twenty random graphs the board can run none")


@avr
@pytest.mark.parametrize("seed", [1, 2, 4, 6, 7, 10, 13, 14, 16, 20, 25, 33])
def test_random_graphs_give_the_same_bits(seed: int) -> None:
    """Real numbers by AVR-LibC and whole ones of 8 to 64 bits answer as on this machine."""
    same(able(seed), 24)


@avr
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", LEAVES)
def test_trees_give_the_same_bits(layout: Layout, kind: str) -> None:
    """Forests in every layout, with sets, missing values and leaves of every kind."""
    for seed, shape in ((0, "few"), (1, "single leaf"), (2, "wide")):
        made = forest(seed, shape, kind, sets=True, missing=True)
        x = rows(seed)[:40]
        found = answers(written(made, "size", layout, narrow=True), [x])[0]
        np.testing.assert_array_equal(found.view(np.uint32), made.evaluate(x).view(np.uint32))


@avr
@pytest.mark.parametrize("goal", ["size", "speed"])
@pytest.mark.parametrize("name", ["logistic", "forest", "boosted", "network"])
@pytest.mark.filterwarnings("ignore")
def test_exported_classifiers_are_proven(name: str, goal: Any) -> None:
    """Scaler and model of another library keep to the whole proof, labels and scores, and fit into an Uno."""
    content = exported(CLASSIFIERS[name], FLOWERS, NAMES)
    made = compiled(content, "m", goal, narrow=True)
    found = prove(content, made, UNO, {made.graph.inputs[0]: FLOWERS})
    assert found.agrees(), found.parity
    assert found.flash < 32256
    assert found.ram + found.stack < 2048
    assert found.layers
    assert (found.compiler[:8], found.emulator[:7]) == ("avr-gcc ", "simavr ")


@avr
@pytest.mark.parametrize("case", range(len(CASES)), ids=[f"{n.op_type}-{k}" for k, (n, _) in enumerate(CASES)])
def test_classical_operators_give_the_same_bits(case: int) -> None:
    """Imputer, scaler, encoders, linear models and trees of ai.onnx.ml; what needs double precision is refused."""
    node, given = CASES[case]
    content = model([node], {"x": (helper.np_dtype_to_tensor_dtype(given.dtype), ["N", given.shape[1]])}, node.output)
    made = compiled(content, "m", narrow=True)
    if any(form in str(node) for form in ("PROBIT", "L2")) and "double" in made.sources.source:
        with pytest.raises(ModelError, match="double precision"):
            suited(made.sources, UNO)
        return
    for mine, theirs in zip(answers(made.sources, [given]), Host(made.sources).run([given]), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@avr
def test_an_int8_network_gives_the_bits_of_onnxruntime(tmp_path: Path) -> None:
    """The digits network in int8 keeps to the whole proof on an Uno, where its real form has no room."""
    content, x = digits()
    small = quantised(content, x[:60], tmp_path, QuantType.QInt8, each=True)
    found = prove(small, compiled(small, "m", narrow=True), UNO, {"x": x[:40]})
    assert found.agrees(), found.parity
    assert found.flash < 8192


@avr
@pytest.mark.parametrize("board", ["arduino-uno", "arduino-mega"])
@pytest.mark.parametrize(("kind", "ram"), [("pruned", None), ("few", None), ("few", 12_000), ("even", None)])
def test_convolutions_and_packed_weights_give_the_same_bits(
    kind: str, ram: int | None, board: str, tmp_path: Path
) -> None:
    """Windows, points and dense layers in int8, with weights as they are, unpacked row by row, and unpacked once."""
    content, x = network(kind)
    small = quantised(content, x, tmp_path, QuantType.QUInt8, each=True)
    same(small, 4, board, ram=ram)


@avr
def test_a_sum_of_many_whole_numbers_is_wide_enough(tmp_path: Path) -> None:
    """The mean of 400 places far from zero: a product that leaves 16 bits."""
    nodes = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("GlobalAveragePool", ["r"], ["y"])]
    x = np.random.default_rng(3).uniform(0, 1, (30, 1, 20, 20)).astype(np.float32)
    content = model(nodes, {"x": (TensorProto.FLOAT, ["N", 1, 20, 20])}, ["y"], {}, opset=17)
    small = quantised(content, x, tmp_path, QuantType.QInt8, each=False)
    made = compiled(small, "m", narrow=True)
    assert "q_mean" in {n.op for n in made.graph.nodes}
    given = [x.reshape(30, -1)[:8]]
    assert np.array_equal(answers(made.sources, given, "arduino-mega")[0], Host(made.sources).run(given)[0])


@avr
def test_cycles_and_stack_are_exact() -> None:
    """Hundred instructions of one cycle more are hundred of both; what lies on the stack leaves a mark as deep."""
    plain, more = (
        core(altered('__asm__ volatile("nop");')),
        core(altered('__asm__ volatile(".rept 101\\nnop\\n.endr");')),
    )
    first, other = plain.run(ROW, ENDS), more.run(ROW, ENDS)
    assert (other.instructions - first.instructions, other.cycles - first.cycles) == (100, 100)
    again = plain.run(ROW, ENDS)
    assert (again.instructions, again.cycles, again.stack) == (first.instructions, first.cycles, first.stack)
    deep = core(altered(FILLED.format(size=256)))
    assert 256 <= deep.run(ROW, ENDS).stack - first.stack <= 272


@avr
def test_tables_lie_in_flash(tmp_path: Path) -> None:
    """The weights of a network take no RAM: static memory is what was planned."""
    content, x = digits()
    made = compiled(quantised(content, x[:60], tmp_path, QuantType.QInt8, each=True), "m", narrow=True)
    image = TOOLCHAINS.load("gcc_avr").build(made.sources, UNO)
    assert image.ram == made.sources.plan.bytes
    assert image.flash > 2000


@avr
def test_programs_that_go_wild_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A jump into nowhere, memory that is not there, a stack that meets the model's own, and no end: one error each."""
    with pytest.raises(ContractBroken, match="stopped"):
        core(altered("((void (*)(void))0x7fff)();")).run(ROW, ENDS)
    with pytest.raises(ContractBroken, match="stopped"):
        core(altered("*(volatile uint8_t *)0xfff0 = 1;")).run(ROW, ENDS)
    far = "much[0] = 1;\n" + FILLED.format(size=15000)
    with pytest.raises(InputError, match="do not fit into the memory"):
        core(altered(far, "static volatile uint8_t much[2000];\n")).run(ROW, ENDS)
    monkeypatch.setattr(EMULATORS.load("simavr"), "MOST", 10_000)
    with pytest.raises(InputError, match="more than 10,000 instructions"):
        core(altered("for (volatile int k = 0; k < 1;) {}")).run(ROW, ENDS)


def test_what_an_avr_cannot_compute_is_refused_by_name() -> None:
    """Double precision and arrays beyond 16 bits: the operators are named; other devices take both."""
    content = next(c for c in (grown(s, 4) for s in range(300)) if "QAdd" in wide_parts(c))
    with pytest.raises(ModelError, match=r"double precision, which arduino-uno does not have: in .*QAdd"):
        prove(content, compiled(content, "m", narrow=True), UNO)
    weights = {"w": np.random.default_rng(1).normal(size=(300, 120)).astype(np.float32)}
    large = model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": (TensorProto.FLOAT, ["N", 300])}, ["y"], weights
    )
    made = compiled(large, "m", narrow=True).sources
    with pytest.raises(ModelError, match="one of 144,000, and 144,000 bytes"):
        suited(made, device("arduino-mega"))
    suited(made, device("cortex-m0"))


def test_logarithms_and_powers_without_double_are_near() -> None:
    """Log, Pow and Erf for narrow cores: within 2e-6 of the truth over all of float32, strange numbers too."""
    random = np.random.default_rng(4)
    odd = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 2, -2, 0.5, 3e38, 1e-40, 3, 1 - 2**-24, 1.5], np.float32)
    grid = np.stack(np.meshgrid(odd, odd), -1).reshape(-1, 2)
    usual = np.stack([np.exp(random.uniform(-88, 88, 4000)), random.uniform(-3, 3, 4000)], 1)
    x = np.concatenate([grid, usual, random.normal(0, 2, (4000, 2))]).astype(np.float32)
    sides = [helper.make_node("Split", ["x"], ["a", "b"], axis=1, num_outputs=2)]
    nodes = [*sides, helper.make_node("Log", ["a"], ["l"]), helper.make_node("Pow", ["a", "b"], ["p"])]
    nodes += [helper.make_node("Erf", ["a"], ["e"]), helper.make_node("Concat", ["l", "p", "e"], ["y"], axis=1)]
    made = compiled(model(nodes, {"x": (TensorProto.FLOAT, ["N", 2])}, ["y"], {}), "m", narrow=True)
    suited(made.sources, UNO)
    with np.errstate(all="ignore"):
        a, b = x.astype(np.float64).T
        truth = np.stack([np.log(a), np.power(a, b), [erf(one) for one in a]], 1).astype(np.float32)
        found = Host(made.sources).run([x])[0]
        gap = np.abs(found - truth.astype(np.float64)) / np.maximum(1, np.abs(truth))
    gap[(found == truth) | (np.isnan(found) & np.isnan(truth))] = 0
    assert gap.max() < 2e-6, x[gap.max(axis=1).argmax()]


@avr
def test_boosters_of_numbers_need_no_double() -> None:
    """A sum in double behind a constant that is no number runs in single precision, with the same bits on the core."""
    nodes = [
        helper.make_node("Less", ["x", "zero"], ["low"]),
        helper.make_node("Where", ["low", "none", "x"], ["v"]),
        helper.make_node("Cast", ["v"], ["d"], to=TensorProto.DOUBLE),
        helper.make_node("Add", ["d", "offset"], ["s"]),
        helper.make_node("Cast", ["s"], ["y"], to=TensorProto.FLOAT),
    ]
    constants: dict[str, NDArray[Any]] = {"zero": np.zeros(1, np.float32), "none": np.array([np.nan], np.float32)}
    constants["offset"] = np.array([5.8175])
    content = model(nodes, {"x": (TensorProto.FLOAT, ["N", 3])}, ["y"], constants)
    assert compiled(content, "m", narrow=True).precision == "single"
    same(content, 24)


def test_trees_that_are_too_large_are_foretold_and_not_refused() -> None:
    """Of trees above the budget the search learns their bytes and leaves, though no AVR could hold their table."""
    random = np.random.default_rng(1)
    x, y = random.normal(size=(4000, 4)).astype(np.float32), random.integers(0, 3, 4000)
    learnt = RandomForestClassifier(8, random_state=0).fit(x, y)
    content = to_onnx(learnt, x[:1], target_opset={"": 17, "ai.onnx.ml": 3}).SerializeToString()
    told = foretell(content, UNO, None, 32256)
    assert told.flash > 32256
    assert told.leaves > 1000
    with pytest.raises(ModelError, match="bytes of tables at most"):
        foretell(content, UNO)


def test_tools_that_are_not_there_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without avr-gcc and simavr, and for other devices, one sentence says what to install or to choose."""
    made = compiled(line(), "m", narrow=True).sources
    toolchain, emulator = TOOLCHAINS.load("gcc_avr"), EMULATORS.load("simavr")
    with pytest.raises(InputError, match="compiles for AVR"):
        toolchain.build(made, device("cortex-m0"))
    with pytest.raises(InputError, match="Unicorn has no core atmega328p"):
        EMULATORS.load("unicorn").Core(TOOLCHAINS.load("zig").build(made, device("cortex-m0")), UNO)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingExtra) as told:
        toolchain.build(made, UNO)
    assert told.value.next_move == "apt-get install gcc-avr avr-libc"
    assert toolchain.missing() == "gcc-avr avr-libc"
    monkeypatch.setattr(emulator, "find_library", lambda name: None)
    emulator._library.cache_clear()
    with pytest.raises(MissingExtra) as told:
        emulator.version()
    assert told.value.next_move == "apt-get install libsimavr-dev"
    assert emulator.missing() == "libsimavr-dev"
