"""What lies between quantisers beside the layers, in whole numbers, next to onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]
from onnxruntime.quantization import QuantType
from test_integer import quantised  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.host import Host
from volvelle.compiler.prove import Compiled, compiled

node = helper.make_node
PICTURE = (4, 8, 8)
Rows = dict[str, NDArray[np.float32]]
ENDS = {"quantize_linear", "dequantize_linear"}


def between(inner: list[Any], shape: tuple[int, ...], kind: Any, step: float = 0.0171, **more: NDArray[Any]) -> bytes:
    """Operators that make ``m`` of ``d`` and perhaps ``e``, all three quantised, d in steps of 0.0171, m in others."""
    middle = int(np.iinfo(kind).min) + 121
    constants: dict[str, NDArray[Any]] = {
        "sd": np.asarray(0.0171, np.float32),
        "se": np.asarray(0.0113, np.float32),
        "sm": np.asarray(step, np.float32),
        "zd": np.asarray(middle, kind),
        "ze": np.asarray(middle + 20, kind),
        "zm": np.asarray(middle, kind),
    }
    read = {i for n in inner for i in n.input}
    inputs = {"d": "x", "e": "z"} if "e" in read else {"d": "x"}
    nodes = []
    for value, name in inputs.items():
        ends = [f"s{value}", f"z{value}"]
        nodes.append(node("QuantizeLinear", [name, *ends], [f"q{value}"]))
        nodes.append(node("DequantizeLinear", [f"q{value}", *ends], [value]))
    nodes += [
        *inner,
        node("QuantizeLinear", ["m", "sm", "zm"], ["p"]),
        node("DequantizeLinear", ["p", "sm", "zm"], ["y"]),
    ]
    given = {name: (TensorProto.FLOAT, ["N", *shape]) for name in inputs.values()}
    return bytes(model(nodes, given, ["y"], constants | more, opset=18))


def compare(content: bytes, rows: Rows) -> Compiled:
    """The model in C, whose answers are those of onnxruntime to the bit."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    wanted = onnxruntime.InferenceSession(content, options).run(None, rows)[0]
    made = compiled(content)
    own = Host(made.sources).run([r.reshape(len(r), -1) for r in rows.values()])[0]
    assert len(np.unique(wanted)) > 5
    assert np.array_equal(own, wanted.reshape(own.shape))
    return made


def normal(shape: tuple[int, ...], count: int = 60) -> NDArray[np.float32]:
    """Rows that reach both ends of the type."""
    return (np.random.default_rng(8).normal(size=(count, *shape)) * 0.8).astype(np.float32)


def left(made: Compiled) -> list[str]:
    """Operators beside the quantisers at the ends."""
    return [n.op for n in made.graph.nodes if n.op not in ENDS]


ONE: list[tuple[str, list[Any], float]] = [
    *(
        (op, [node(op, ["d"], ["m"])], 0.01)
        for op in ("Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Elu", "Exp", "Neg")
    ),
    ("Clip", [node("Clip", ["d", "low", "high"], ["m"])], 0.0171),
    ("a factor", [node("Mul", ["d", "high"], ["m"])], 0.02),
    ("Swish", [node("Sigmoid", ["d"], ["s"]), node("Mul", ["d", "s"], ["m"])], 0.01),
]


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize(("inner", "step"), [o[1:] for o in ONE], ids=[o[0] for o in ONE])
def test_a_function_of_one_value_is_a_table(inner: list[Any], step: float, kind: Any) -> None:
    """For each of the 256 numbers that may go in, the answer is that of onnxruntime, and nothing is computed."""
    ends = {"low": np.asarray(-0.3, np.float32), "high": np.asarray(0.9, np.float32)}
    content = between(inner, (64,), kind, step, **ends)
    numbers = (np.arange(256) - 121).astype(np.float32) * np.float32(0.0171)
    made = compare(content, {"x": numbers.reshape(4, 64)})
    assert left(made) == ["q_table"]
    assert made.graph.nodes[1].op == "q_table"


def test_a_value_that_is_quantised_again_as_it_was_needs_no_table() -> None:
    """Two quantisers of one scale behind each other are one."""
    again = [node("QuantizeLinear", ["d", "sd", "zd"], ["a"]), node("DequantizeLinear", ["a", "sd", "zd"], ["m"])]
    assert left(compare(between(again, (64,), np.uint8), {"x": normal((64,))})) == []


PADS = np.array([0, 0, 1, 0, 0, 0, 1, 2])
AXES = np.array([2, 3])
MOVED: list[tuple[str, list[Any], str]] = [
    ("MaxPool", [node("MaxPool", ["d"], ["m"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])], "max_pool"),
    ("GlobalMaxPool", [node("GlobalMaxPool", ["d"], ["m"])], "reduce_max"),
    ("ReduceMin", [node("ReduceMin", ["d", "axes"], ["m"])], "reduce_min"),
    ("Pad", [node("Pad", ["d", "pads"], ["m"])], "pad"),
    ("Slice", [node("Slice", ["d", "begin", "end", "axes"], ["m"])], "slice"),
    ("Reflected", [node("Pad", ["d", "pads"], ["m"], mode="reflect")], "gather"),
    ("Transpose", [node("Transpose", ["d"], ["m"], perm=[0, 2, 1, 3])], "transpose"),
    (
        "Relu behind",
        [node("MaxPool", ["d"], ["a"], kernel_shape=[2, 2]), node("Clip", ["a", "least"], ["m"])],
        "max_pool",
    ),
]


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize("step", [0.0171, 0.0202])
@pytest.mark.parametrize(("inner", "op"), [m[1:] for m in MOVED], ids=[m[0] for m in MOVED])
def test_what_is_moved_stays_whole(inner: list[Any], op: str, step: float, kind: Any) -> None:
    """Values are moved and chosen as int8; where the scale is another one behind, they are looked up in a table."""
    constants: dict[str, NDArray[Any]] = {"pads": PADS, "axes": AXES, "least": np.asarray(-1000, np.float32)}
    constants |= {"begin": np.array([1, 2]), "end": np.array([7, 6])}
    made = compare(between(inner, PICTURE, kind, step, **constants), {"x": normal(PICTURE)})
    assert list(dict.fromkeys(left(made))) == ([op] if step == 0.0171 else [op, "q_table"])


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
def test_parts_of_several_scales_are_joined_in_one(kind: Any) -> None:
    """Each part of a concatenation that has another scale goes through a table."""
    content = between([node("Concat", ["d", "e"], ["m"], axis=1)], PICTURE, kind)
    made = compare(content, {"x": normal(PICTURE), "z": -normal(PICTURE)})
    assert left(made) == ["q_table", "concat"]


@pytest.mark.parametrize("filled", [0.0, 0.3])
def test_a_margin_between_quantisers_is_that_of_the_convolution(filled: float) -> None:
    """A Pad of zeros needs no copy of the picture, one of another number does."""
    inner = [
        node("Pad", ["d", "pads", "filled"], ["a"]),
        node("QuantizeLinear", ["a", "sd", "zd"], ["b"]),
        node("DequantizeLinear", ["b", "sd", "zd"], ["c"]),
        node("DequantizeLinear", ["w", "sw"], ["v"]),
        node("Conv", ["c", "v"], ["m"], strides=[2, 2]),
    ]
    weights = np.random.default_rng(1).integers(-99, 99, (6, 4, 3, 3)).astype(np.int8)
    more = {"pads": PADS, "filled": np.asarray(filled, np.float32), "w": weights, "sw": np.asarray(0.01, np.float32)}
    made = compare(between(inner, PICTURE, np.uint8, 0.11, **more), {"x": normal(PICTURE)})
    assert (left(made) == ["q_conv"]) == (filled == 0)


POOLS: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    (PICTURE, {"kernel_shape": [2, 2], "strides": [2, 2]}),
    (PICTURE, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    (PICTURE, {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "count_include_pad": 1}),
    (PICTURE, {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    ((5, 9), {"kernel_shape": [3], "pads": [1, 1]}),
]


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize(("shape", "how"), POOLS)
def test_means_of_windows_round_as_in_onnxruntime(shape: tuple[int, ...], how: dict[str, Any], kind: Any) -> None:
    """Also where many lie in the middle of two steps, with the same scale before and behind."""
    for step in (0.0171, 0.0122):
        made = compare(between([node("AveragePool", ["d"], ["m"], **how)], shape, kind, step), {"x": normal(shape)})
        assert left(made) == ["q_pool"]


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
def test_a_window_over_all_is_a_mean_over_all_places(kind: Any) -> None:
    """onnxruntime rounds it before it adds the zero point, other windows behind."""
    inner = [node("AveragePool", ["d"], ["m"], kernel_shape=[2, 8])]
    made = compare(between(inner, (4, 2, 8), kind, sd=np.asarray(0.0171, np.float32)), {"x": normal((4, 2, 8), 400)})
    assert left(made) == ["q_mean"]


@pytest.mark.parametrize("form", ["read twice", "a bound"])
@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize("op", ["AveragePool", "GlobalAveragePool"])
def test_means_that_onnxruntime_makes_of_real_numbers_have_its_bits(op: str, kind: Any, form: str) -> None:
    """Of an int8 value that is read twice, and where a bound holds something back: by columns, or in four lanes."""
    window: dict[str, Any] = {"kernel_shape": [2, 2], "pads": [0, 0, 1, 1]} if op == "AveragePool" else {}
    bound, ends = form == "a bound", ["sm", "zm"]
    inner = [node(op, ["d"], ["a"], **window), *([node("Relu", ["a"], ["m"])] if bound else [])]
    if not bound:
        inner += [node("QuantizeLinear", ["a", *ends], ["b"]), node("DequantizeLinear", ["b", *ends], ["c"])]
        inner.append(node("Add", ["c", "d"], ["m"]))
    # Half of the answers of a window lie in the middle of two.
    content = between(inner, PICTURE, kind, 0.01, sd=np.asarray(0.02, np.float32))
    made = compare(content, {"x": normal(PICTURE, 200) * np.float32(0.5)})
    assert ("q_mean" in left(made)) == (op == "GlobalAveragePool")


@pytest.mark.parametrize("keep", [0, 1])
def test_a_mean_over_all_places_is_a_pool(keep: int) -> None:
    """ReduceMean over the last axes, as exporters write it, is the mean in whole numbers."""
    inner = [node("ReduceMean", ["d", "axes"], ["m"], keepdims=keep)]
    made = compare(between(inner, PICTURE, np.uint8, 0.003, axes=AXES), {"x": normal(PICTURE)})
    assert left(made)[0] == "q_mean"
    assert made.sources.plan.bytes == 4 * 64, "the means lie over the picture"


PAIRS: list[tuple[str, Any, str, list[str]]] = [
    *((op, kind, "alone", [f"q_{op.lower()}"]) for op in ("Add", "Mul") for kind in (np.uint8, np.int8)),
    *((op, kind, "alone", ["q_pair"]) for op in ("Sub", "Div") for kind in (np.uint8, np.int8)),
    *((op, np.int8, "a bound that is idle", [f"q_{op.lower()}"]) for op in ("Add", "Mul")),
    *((op, kind, "a bound", ["q_pair"]) for op in ("Add", "Sub", "Mul") for kind in (np.uint8, np.int8)),
    ("Add", np.uint8, "read twice", ["q_add", "q_add"]),
    *((op, np.int8, "read twice", ["q_pair", "q_add"]) for op in ("Add", "Mul")),
    ("Div", np.int8, "a bound", ["div", "clip"]),
]


@pytest.mark.parametrize(("op", "kind", "form", "wanted"), PAIRS)
def test_all_pairs_of_two_quantised_numbers_are_those_of_onnxruntime(
    op: str, kind: Any, form: str, wanted: list[str]
) -> None:
    """Every pair, in scales of simple ratios, where many answers lie in the middle of two.

    Of int8 onnxruntime on x86 fuses values that are read once alone, for it turns them into uint8; others, and what a
    bound holds back, it computes in real numbers.
    """
    low = {"a bound": -0.02, "a bound that is idle": -99}.get(form)
    inner = [node(op, ["d", "e"], ["m" if low is None else "a"])]
    inner += [] if low is None else [node("Clip", ["a", "low"], ["m"])]
    if form == "read twice":
        ends = ["sm", "zm"]
        again = [node("QuantizeLinear", ["a", *ends], ["b"]), node("DequantizeLinear", ["b", *ends], ["c"])]
        inner = [node(op, ["d", "e"], ["a"]), *again, node("Mul", ["d", "half"], ["h"])]
        inner += [node("QuantizeLinear", ["h", *ends], ["i"]), node("DequantizeLinear", ["i", *ends], ["j"])]
        inner.append(node("Add", ["c", "j"], ["m"]))
    told = {"low": low or 0.0, "half": 0.5, "sd": 0.02, "se": 0.01}
    content = between(inner, (64,), kind, 0.04, **{k: np.asarray(v, np.float32) for k, v in told.items()})
    x = (np.arange(256) - 121).astype(np.float32) * np.float32(0.02)
    z = (np.arange(256) - 141).astype(np.float32) * np.float32(0.01)
    made = compare(content, {"x": np.repeat(x, 256).reshape(-1, 64), "z": np.tile(z, 256).reshape(-1, 64)})
    assert [o for o in left(made) if o != "q_table"] == wanted


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize("step", [0.0171, 0.0202])
def test_parts_of_a_split_stay_whole(step: float, kind: Any) -> None:
    """Each part is looked at where it lies; one that has another scale behind goes through a table."""
    inner = [
        node("Split", ["d", "sizes"], ["first", "last"], axis=1),
        node("QuantizeLinear", ["first", "sd", "zd"], ["a"]),
        node("DequantizeLinear", ["a", "sd", "zd"], ["b"]),
        node("QuantizeLinear", ["last", "sm", "zm"], ["f"]),
        node("DequantizeLinear", ["f", "sm", "zm"], ["g"]),
        node("Concat", ["g", "b"], ["m"], axis=1),
    ]
    made = compare(between(inner, PICTURE, kind, step, sizes=np.array([1, 3])), {"x": normal(PICTURE)})
    assert left(made)[0] == "split"
    assert set(left(made)) == {"split", "concat"} | ({"q_table"} if step != 0.0171 else set())


def residual() -> bytes:
    """Two blocks of two convolutions and a shortcut, the second one with a squeeze that weighs its channels."""
    random = np.random.default_rng(2)
    constants: dict[str, NDArray[Any]] = {
        f"w{k}": random.normal(size=(6, 6, 3, 3)).astype(np.float32) / 4 for k in range(4)
    }
    constants |= {f"b{k}": random.normal(size=6).astype(np.float32) for k in range(4)}
    constants |= {"w0": random.normal(size=(6, 1, 3, 3)).astype(np.float32), "axes": AXES}
    around: dict[str, Any] = {"pads": [1, 1, 1, 1]}
    nodes = [
        node("Conv", ["x", "w0", "b0"], ["c0"], **around),
        node("Relu", ["c0"], ["r0"]),
        node("Conv", ["r0", "w1", "b1"], ["c1"], **around),
        node("Relu", ["c1"], ["r1"]),
        node("Conv", ["r1", "w2", "b2"], ["c2"], **around),
        node("Add", ["c2", "r0"], ["a2"]),
        node("Relu", ["a2"], ["r2"]),
        node("GlobalAveragePool", ["r2"], ["g"]),
        node("Sigmoid", ["g"], ["h"]),
        node("Mul", ["r2", "h"], ["t"]),
        node("Conv", ["t", "w3", "b3"], ["c3"], **around),
        node("Add", ["r2", "c3"], ["a3"]),
        node("Relu", ["a3"], ["r3"]),
        node("AveragePool", ["r3"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", ["p"], ["y"]),
    ]
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", 1, 8, 8])}, ["y"], constants, opset=17))


def test_residual_blocks_stay_whole(tmp_path: Path) -> None:
    """Shortcuts, what weighs channels, and pools: no operator is left in real numbers, and no answer differs."""
    rows = normal((1, 8, 8), 200)
    made = compare(quantised(residual(), rows[:60], tmp_path, QuantType.QUInt8, each=True), {"x": rows})
    assert {op for op in left(made) if not op.startswith("q_")} <= {"flatten", "reshape"}
    assert set(left(made)) >= {"q_conv", "q_join", "q_mul", "q_table", "q_mean", "q_pool"}


def block(channels: int, side: int, *, again: bool) -> bytes:
    """Two convolutions and a shortcut round them; `again`, the second one's own picture is read by others too."""
    random = np.random.default_rng(6)
    weights = [(channels, 1, 3, 3), (channels, channels, 3, 3), (channels, channels, 1, 1)]
    constants: dict[str, NDArray[Any]] = {
        f"w{k}": random.normal(size=s).astype(np.float32) for k, s in enumerate(weights)
    }
    constants |= {f"b{k}": random.normal(size=channels).astype(np.float32) for k in range(3)}
    around: dict[str, Any] = {"pads": [1, 1, 1, 1]}
    nodes = [
        node("Conv", ["x", "w0", "b0"], ["c0"], **around),
        node("Relu", ["c0"], ["r0"]),
        node("Conv", ["r0", "w1", "b1"], ["c1"], **around),
        node("Relu", ["c1"], ["r1"]),
        node("Conv", ["r1", "w2", "b2"], ["c2"]),
        node("Add", ["r0", "c2"], ["a"]),
        node("Relu", ["a"], ["s"]),
        *([node("Mul", ["s", "c2"], ["m"])] if again else []),
        node("GlobalAveragePool", ["m" if again else "s"], ["y"]),
    ]
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", 1, side, side])}, ["y"], constants, opset=17))


@pytest.mark.parametrize(("side", "again", "joined"), [(8, False, True), (8, True, False), (34, False, False)])
def test_the_end_of_a_residual_block_needs_no_picture_of_its_own(
    side: int, again: bool, joined: bool, tmp_path: Path
) -> None:
    """The sum is made channel by channel over the shortcut, if it alone reads its other term and the stack has room.

    Two pictures of six channels are held in any case: where it is a step of its own, it is made over what it reads.
    """
    rows = normal((1, side, side), 24)
    content = quantised(block(6, side, again=again), rows, tmp_path, QuantType.QUInt8, each=True)
    made = compare(content, {"x": rows})
    assert ("q_join" in left(made)) == joined
    assert made.sources.plan.pools["uint8_t"] == 2 * 6 * side * side
    board = device("cortex-m4f")
    core = EMULATORS.load("unicorn").Core(TOOLCHAINS.load("zig").build(made.sources, board), board)
    ends = [(np.dtype(np.float32), made.sources.outputs[0][2])]
    assert np.array_equal(core.run([rows[0]], ends).outputs[0], Host(made.sources).run([rows[:1].reshape(1, -1)])[0][0])
