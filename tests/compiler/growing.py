"""Random graphs: operators drawn one after another, with small numbers, so that answers can be compared.

What is compared, rounded to a whole number or quantised takes a step at some number, beside which a difference in the
last bit is one of a whole step. A made number lies beside such a number once in a million times, and no compiler can do
anything about it; so quantisers take numbers that are no different by a bit: the input, and what was quantised before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]
from quantised_layers import layers  # type: ignore[import-not-found]

UNARY: dict[str, dict[str, Any]] = {
    **{
        op: {}
        for op in "Abs Neg Relu Sigmoid Tanh Exp Softplus Softsign Mish Erf Identity Dropout Selu Sign Sin Cos".split()
    },
    **{op: {} for op in "Floor Ceil Round HardSwish".split()},
    "LeakyRelu": {"alpha": 0.2},
    "Elu": {"alpha": 0.7},
    "Celu": {"alpha": 0.8},
    "HardSigmoid": {"alpha": 0.3},
    "ThresholdedRelu": {"alpha": 0.4},
    "Gelu": {"approximate": "none"},
}
BINARY = "Add Sub Mul Max Min".split()
COMPARISONS = "Greater Less GreaterOrEqual LessOrEqual Equal".split()
WIDEST = 400
"""A graph with a value of more numbers grows no more."""
REDUCTIONS = "Sum Mean Max Min L1 L2 Prod SumSquare LogSumExp".split()


@dataclass
class Growing:
    """A graph that grows operator by operator; values are named in order, each a row of real numbers."""

    random: np.random.Generator
    ml: int = 3
    """Version of ai.onnx.ml: its fifth has one form of trees, that before two others."""
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=lambda: {"x": 6})
    labels: list[str] = field(default_factory=list)
    """Classes that classifiers told."""
    quantised: dict[str, str] = field(default_factory=dict)
    """Values that were quantised, and their whole numbers."""

    def pick(self) -> str:
        """Any value there is."""
        return str(self.random.choice(list(self.widths)))

    def exact(self) -> str:
        """Any value that has no rounding of sums in it: the input, or what was quantised."""
        return self.one_of(["x", *self.quantised])

    def one_of(self, names: list[str]) -> str:
        """Any of some."""
        return str(self.random.choice(names))

    def below(self, end: int) -> int:
        """A whole number from 0."""
        return int(self.random.integers(0, end))

    def constant(self, array: Any, kind: Any = None) -> str:
        """A constant."""
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(array, dtype=kind)
        return name

    def real(self, *shape: int) -> str:
        """A constant of small real numbers."""
        return self.constant((self.random.normal(size=shape) * 0.5).astype(np.float32))

    def positive(self, *shape: int) -> str:
        """A constant of numbers from 0.5 to 2."""
        return self.constant(self.random.uniform(0.5, 2, shape).astype(np.float32))

    def add(self, width: int, op: str, *inputs: str, **attributes: Any) -> str:
        """Append an operator that makes a row of real numbers."""
        name = f"v{len(self.widths)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        self.widths[name] = width
        return name

    def inner(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Append an operator whose value is no row of real numbers."""
        name = f"i{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def classified(self) -> list[str]:
        """Names for the class and the scores of a classifier."""
        self.labels.append(f"l{len(self.nodes)}")
        return [self.labels[-1], f"v{len(self.widths)}"]

    def kind_of(self, whole: str) -> int:
        """The type of quantised numbers, which their zero point tells."""
        maker = {o: n for n in self.nodes for o in n.output}
        while maker[whole].op_type == "Flatten":
            whole = maker[whole].input[0]
        return helper.np_dtype_to_tensor_dtype(self.constants[maker[whole].input[2]].dtype)

    def apart(self, x: str) -> str:
        """A value with equal numbers held apart: which of two is the largest is no matter of their last bit."""
        return self.inner("Add", x, self.constant(0.013 * np.arange(1, self.widths[x] + 1)[None], np.float32))

    def tame(self, x: str) -> str:
        """The size of a value, plus one: for what does not take 0 or less."""
        return self.inner("Add", self.inner("Abs", x), self.constant(1, np.float32))

    def asked(self, x: str) -> str:
        """A truth for every number."""
        return self.inner(self.one_of(COMPARISONS), x, self.real(1, self.widths[x]))


def elementwise(g: Growing, x: str, n: int) -> None:
    """One number to one."""
    op = g.one_of(list(UNARY))
    g.add(n, op, x, **UNARY[op])


def arithmetic(g: Growing, x: str, n: int) -> None:
    """Two numbers to one."""
    others = [v for v, w in g.widths.items() if w in (1, n)]
    g.add(n, g.one_of(BINARY), x, g.one_of(others) if g.below(5) else g.real(1, n))


def several(g: Growing, x: str, n: int) -> None:
    """Many numbers to one."""
    others = [v for v, w in g.widths.items() if w in (1, n)]
    g.add(n, g.one_of(["Sum", "Mean", "Max", "Min"]), x, g.one_of(others), g.real(1, n))


def roots(g: Growing, x: str, n: int) -> None:
    """What wants positive numbers."""
    op = g.one_of(["Sqrt", "Log", "Reciprocal", "Pow", "Div", "PRelu"])
    if op in ("Sqrt", "Log", "Reciprocal"):
        g.add(n, op, g.tame(x))
    elif op == "Pow":
        g.add(n, op, g.tame(x), g.constant(g.random.choice([-1.5, 0.5, 2, 3]), np.float32))
    else:
        g.add(n, op, x, g.positive(1, n))


def truths(g: Growing, x: str, n: int) -> None:
    """Comparisons, joined, choose."""
    joined = g.inner(g.one_of(["And", "Or", "Xor"]), g.asked(x), g.asked(x))
    chosen = g.inner("Not", joined) if g.below(2) else joined
    g.add(n, "Where", chosen, x, g.real(1, n))


def odd_numbers(g: Growing, x: str, n: int) -> None:
    """What is no number, and what is infinite, is replaced."""
    large = g.inner("Exp", g.inner("Mul", x, g.constant(100, np.float32)))
    ends = g.inner("IsInf", large)
    none = g.inner("IsNaN", g.inner("Sub", large, large))
    g.add(n, "Where", g.inner("Or", ends, none), x, g.real(1, n))


def dense(g: Growing, x: str, n: int) -> None:
    """Matrices, one in four of them wide."""
    out = 1 + g.below(6) if g.below(4) else 20 + g.below(230)
    weights = g.constant((g.random.normal(size=(n, out)) / max(2.0, n**0.5)).astype(np.float32))
    if g.below(2):
        g.add(out, "Gemm", x, weights, g.real(out))
    else:
        g.add(out, "MatMul", x, weights)


def reduction(g: Growing, x: str, n: int) -> None:
    """All of a row to one number."""
    op = g.one_of([*REDUCTIONS, "LogSum"])
    g.add(1, f"Reduce{op}", g.tame(x) if op == "LogSum" else x, g.constant([1]), keepdims=1)


def shares(g: Growing, x: str, n: int) -> None:
    """Softmax and its logarithm."""
    g.add(n, g.one_of(["Softmax", "LogSoftmax"]), x, axis=-1)


def joined(g: Growing, x: str, n: int) -> None:
    """Two rows in one."""
    other = g.pick()
    g.add(n + g.widths[other], "Concat", x, other, axis=1)


def parts(g: Growing, x: str, n: int) -> None:
    """A part of a row."""
    match g.below(5):
        case 0:
            places = g.random.integers(-n, n, 1 + g.below(4))
            g.add(len(places), "Gather", x, g.constant(places), axis=1)
        case 1:
            g.add(1, "GatherElements", x, g.inner("ArgMin", g.apart(x), axis=1, keepdims=1), axis=1)
        case 2:
            first = g.below(n)
            g.add(n - first, "Slice", x, g.constant([first]), g.constant([n]), g.constant([1]))
        case 3:
            places = g.random.integers(0, n, 1 + g.below(4))
            g.add(len(places), "ArrayFeatureExtractor", x, g.constant(places), domain="ai.onnx.ml")
        case _:
            twice = g.add(2 * n, "Concat", x, x, axis=1)
            names = [f"v{len(g.widths)}", f"v{len(g.widths) + 1}"]
            g.nodes.append(helper.make_node("Split", [twice, g.constant([1, 2 * n - 1])], names, axis=1))
            g.widths |= {names[0]: 1, names[1]: 2 * n - 1}


def shapes(g: Growing, x: str, n: int) -> None:
    """The same numbers in other shapes, repeated or with a margin."""
    match g.below(6):
        case 0:
            wide = g.inner("Unsqueeze", x, g.constant([2]))
            turned = g.inner("Transpose", wide, perm=[0, 2, 1])
            g.add(n, "Squeeze", turned, g.constant([1]))
        case 1:
            g.add(2 * n, "Tile", x, g.constant([1, 2]))
        case 2:
            wide = g.inner("Expand", g.inner("Unsqueeze", x, g.constant([1])), g.constant([1, 2, n]))
            g.add(2 * n, "Flatten", wide, axis=1)
        case 3:
            g.add(n + 3, "Pad", x, g.constant([0, 1, 0, 2]), g.constant(0.25, np.float32))
        case 4:
            g.add(n, "CastLike", g.inner("Cast", x, to=TensorProto.DOUBLE), x)
        case _:
            g.add(n, "FeatureVectorizer", x, domain="ai.onnx.ml", inputdimensions=[n])


def windows(g: Growing, x: str, n: int) -> None:
    """Convolutions, perhaps round a shortcut, and pools over a row as a signal."""
    wide = g.inner("Reshape", x, g.constant([-1, 1, n]))
    kernel = 1 + g.below(min(n, 3))
    seen = g.inner("Conv", wide, g.real(2, 1, kernel), g.real(2), pads=[kernel - 1, 0])
    if g.below(2):
        mean = g.real(2)
        seen = g.inner("BatchNormalization", seen, g.positive(2), g.real(2), mean, g.positive(2))
    if g.below(2):
        first = g.inner("Relu", g.inner("Conv", seen, g.real(2, 2, kernel), pads=[kernel - 1, 0]))
        last = g.inner("Conv", first, g.real(2, 2, kernel), g.real(2), pads=[0, kernel - 1])
        seen = g.inner("Add", *((last, seen) if g.below(2) else (seen, last)))
        seen = g.inner("Relu", seen) if g.below(2) else seen
    match g.below(4):
        case 0:
            pooled, size = g.inner("MaxPool", seen, kernel_shape=[1], strides=[1]), 2 * n
        case 1:
            pooled, size = g.inner("AveragePool", seen, kernel_shape=[min(n, 2)], strides=[1]), 2 * (n - min(n, 2) + 1)
        case k:
            pooled, size = g.inner(["GlobalMaxPool", "GlobalAveragePool"][k - 2], seen), 2
    g.add(size, "Reshape", pooled, g.constant([-1, size]))


def places(g: Growing, x: str, n: int) -> None:
    """Where the largest lie, as numbers or as ones."""
    match g.below(4):
        case 0 | 1:
            best = g.inner(g.one_of(["ArgMax", "ArgMin"]), g.apart(x), axis=1, keepdims=1)
            g.add(1, "Cast", best, to=TensorProto.FLOAT)
        case 2:
            best = g.inner("ArgMax", g.apart(x), axis=1, keepdims=0)
            g.add(n, "OneHot", best, g.constant(n), g.real(2), axis=1)
        case _:
            k = 1 + g.below(n)
            names = [f"v{len(g.widths)}", f"i{len(g.nodes)}"]
            g.nodes.append(helper.make_node("TopK", [x, g.constant([k])], names, axis=1))
            g.widths[names[0]] = k


def whole(g: Growing, x: str, n: int) -> None:
    """Whole numbers: parts of a count, and codes."""
    x = g.exact()
    n = g.widths[x]
    # What becomes of no number and of what 64 bits do not hold is up to the machine.
    bounds = g.constant(-1e6, np.float32), g.constant(1e6, np.float32)
    sound = g.inner("Where", g.inner("IsNaN", x), g.constant(0, np.float32), g.inner("Clip", x, *bounds))
    count = g.inner("Cast", g.inner("Mul", sound, g.constant(20, np.float32)), to=TensorProto.INT64)
    rest = g.inner("Mod", g.inner("Add", count, g.constant(1 + g.below(9))), g.constant(3 + g.below(4)))
    if g.below(2):
        coded = g.inner("LabelEncoder", rest, domain="ai.onnx.ml", keys_int64s=[0, 1, 2], values_int64s=[5, 2, 7])
        g.add(n, "Cast", coded, to=TensorProto.FLOAT)
    else:
        ones = g.inner("OneHotEncoder", rest, domain="ai.onnx.ml", cats_int64s=[0, 1, 2])
        g.add(3 * n, "Reshape", ones, g.constant([-1, 3 * n]))


def known(g: Growing, x: str, n: int) -> None:
    """What depends on shapes alone."""
    size = g.inner("Cast", g.inner("Size", g.constant(np.zeros((1, n), np.float32))), to=TensorProto.FLOAT)
    shape = g.inner("Slice", g.inner("Shape", x), g.constant([1]), g.constant([2]), g.constant([0]))
    filled = g.inner("ConstantOfShape", shape, value=helper.make_tensor("", TensorProto.FLOAT, [1], [0.5]))
    steps = g.inner(
        "Range", g.constant(0.0, np.float32), g.constant(n * 0.25, np.float32), g.constant(0.25, np.float32)
    )
    held = g.inner("Constant", value_float=0.125)
    total = g.inner("Sum", filled, steps, held, g.inner("Reciprocal", size))
    g.add(n, "Add", x, total)


def quantised(g: Growing, x: str, n: int) -> None:
    """To a whole number and back; steps are coarse."""
    x = g.exact()
    n = g.widths[x]
    held = g.inner("Clip", x, g.constant(-3, np.float32), g.constant(3, np.float32))
    ends = g.constant(0.05, np.float32), g.constant(120 + g.below(9), np.uint8)
    whole = g.inner("QuantizeLinear", held, *ends)
    g.quantised[g.add(n, "DequantizeLinear", whole, *ends)] = whole


def prepared(g: Growing, x: str, n: int) -> None:
    """The preparation of ai.onnx.ml."""
    numbers = [round(float(v), 3) for v in g.random.uniform(0.5, 2, n)]
    match g.below(4):
        case 0:
            g.add(n, "Scaler", x, domain="ai.onnx.ml", offset=numbers, scale=numbers[::-1])
        case 1:
            sound = g.inner("Where", g.inner("IsNaN", x), g.real(1, n), x)
            g.add(n, "Binarizer", sound, domain="ai.onnx.ml", threshold=0.25)
        case 2:
            g.add(n, "Normalizer", x, domain="ai.onnx.ml", norm=g.one_of(["MAX", "L1", "L2"]))
        case _:
            none = float("nan")
            g.add(n, "Imputer", x, domain="ai.onnx.ml", imputed_value_floats=numbers, replaced_value_float=none)


def lines(g: Growing, x: str, n: int) -> None:
    """Linear models of ai.onnx.ml."""
    weights = [float(v) for v in g.random.normal(size=3 * n).astype(np.float32)]
    told: dict[str, Any] = {"domain": "ai.onnx.ml", "coefficients": weights, "intercepts": [0.1, 0.2, 0.3]}
    if g.below(2):
        g.add(3, "LinearRegressor", x, **told, targets=3)
        return
    how = g.one_of(["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"])
    names = g.classified()
    g.nodes.append(
        helper.make_node("LinearClassifier", [x], names, **told, classlabels_ints=[0, 1, 2], post_transform=how)
    )
    g.widths[names[1]] = 3


def machines(g: Growing, x: str, n: int) -> None:
    """Support vector machines."""
    count = 3 + g.below(5)
    told: dict[str, Any] = {
        "domain": "ai.onnx.ml",
        "kernel_type": g.one_of(["LINEAR", "POLY", "RBF", "SIGMOID"]),
        "kernel_params": [0.1, 0.5, 2.0],
        "support_vectors": [float(v) for v in g.random.normal(size=count * n)],
    }
    weights = [float(v) for v in g.random.normal(size=2 * count)]
    if g.below(2):
        g.add(1, "SVMRegressor", x, **told, coefficients=weights[:count], rho=[0.2], n_supports=count)
        return
    told |= {"coefficients": weights, "rho": [0.1, -0.1, 0.2], "vectors_per_class": [1, 1, count - 2]}
    names = g.classified()
    g.nodes.append(helper.make_node("SVMClassifier", [x], names, **told, classlabels_ints=[0, 1, 2]))
    g.widths[names[1]] = 3


def trees(g: Growing, x: str, n: int) -> None:
    """One tree of one question, in each of the three forms."""
    feature, split = g.below(n), float(np.float32(g.random.normal()))
    form = 2 if g.ml > 3 else g.below(2)
    if form == 2:
        arrays: dict[str, Any] = {
            "nodes_splits": helper.make_tensor("", TensorProto.FLOAT, [1], [split]),
            "nodes_modes": helper.make_tensor("", TensorProto.UINT8, [1], [0]),
            "leaf_weights": helper.make_tensor("", TensorProto.FLOAT, [2], [0.5, -1.5]),
        }
        ends = {"nodes_truenodeids": [0], "nodes_falsenodeids": [1], "nodes_trueleafs": [1], "nodes_falseleafs": [1]}
        g.add(1, "TreeEnsemble", x, domain="ai.onnx.ml", n_targets=1, tree_roots=[0], nodes_featureids=[feature],
              leaf_targetids=[0, 0], **arrays, **ends)  # fmt: skip
        return
    told: dict[str, Any] = {
        "domain": "ai.onnx.ml",
        "nodes_treeids": [0] * 3,
        "nodes_nodeids": [0, 1, 2],
        "nodes_featureids": [feature, 0, 0],
        "nodes_modes": [g.one_of(["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE"]), "LEAF", "LEAF"],
        "nodes_values": [split, 0.0, 0.0],
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0],
    }
    prefix = ("target", "class")[form]
    ids = [0, 0] if form == 0 else [0, 1, 2] * 2
    told |= {f"{prefix}_treeids": [0] * len(ids), f"{prefix}_nodeids": sorted([1, 2] * (len(ids) // 2))}
    told |= {f"{prefix}_ids": ids, f"{prefix}_weights": [float(v) for v in g.random.normal(size=len(ids))]}
    if form == 0:
        g.add(1, "TreeEnsembleRegressor", x, **told, n_targets=1)
        return
    names = g.classified()
    g.nodes.append(helper.make_node("TreeEnsembleClassifier", [x], names, **told, classlabels_int64s=[0, 1, 2]))
    g.widths[names[1]] = 3


STEPS: tuple[Callable[[Growing, str, int], None], ...] = (
    *(elementwise, elementwise, arithmetic, arithmetic, several, roots, truths, odd_numbers, dense, reduction, shares),
    *(
        joined,
        parts,
        shapes,
        windows,
        places,
        whole,
        known,
        quantised,
        prepared,
        lines,
        machines,
        trees,
        layers,
        layers,
    ),
)


def grown(seed: int, size: int) -> bytes:
    """A graph of so many steps whose last value comes out; values stay small, so that sums can be compared.

    One in four has an input of up to 300 numbers. One in three also gives a label, that of a classifier or the place of
    the largest, and one with quantised layers may give whole numbers.
    """
    random = np.random.default_rng(seed)
    g = Growing(
        random, ml=(3, 5)[seed % 2], widths={"x": 6 if random.random() < 0.75 else int(random.integers(7, 300))}
    )
    for _ in range(size):
        x = g.pick()
        STEPS[g.below(len(STEPS))](g, x, g.widths[x])
        if max(g.widths.values()) > WIDEST:
            break
    wide = g.widths["x"]
    if not g.below(4):
        layers(g, "x", g.widths["x"])
    last = list(g.widths)[-1] if not g.quantised or g.below(2) else g.one_of(list(g.quantised))
    ends = (g.constant(k, np.float32) for k in (-50, 50))
    kinds: dict[str, int] = {}
    if last in g.quantised:
        g.nodes.append(helper.make_node("Identity", [last], ["y"]))
    if last in g.quantised and g.below(2):
        g.nodes.append(helper.make_node("Identity", [g.quantised[last]], ["whole"]))
        kinds["whole"] = g.kind_of(g.quantised[last])
    if last not in g.quantised:
        g.nodes.append(helper.make_node("Clip", [last, *ends], ["y"]))
    if not g.below(3):
        found = g.one_of(g.labels) if g.labels and g.below(2) else g.inner("ArgMax", g.apart(last), axis=1, keepdims=0)
        g.nodes.append(helper.make_node("Identity", [found], ["label"]))
        kinds["label"] = TensorProto.INT64
    inputs = {"x": (TensorProto.FLOAT, ["N", wide])}
    return bytes(model(g.nodes, inputs, ["y", *kinds], g.constants, opset=21, ml=g.ml, kinds=kinds))
