"""The operators of ai.onnx.ml beside onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.compiler.host import Host
from volvelle.compiler.prove import compiled
from volvelle.errors import ModelError

RANDOM = np.random.default_rng(3)
REAL = RANDOM.normal(size=(30, 3)).astype(np.float32)
HOLES = np.where(RANDOM.random((30, 3)) < 0.3, np.nan, REAL).astype(np.float32)
ZERO = np.concatenate([REAL, np.zeros((1, 3), np.float32)])
CODES = RANDOM.integers(-1, 5, (30, 1))


def ml(op: str, outputs: int = 1, **attributes: Any) -> NodeProto:
    """One operator from x to y, and z."""
    return helper.make_node(op, ["x"], ["y", "z"][:outputs], domain="ai.onnx.ml", **attributes)


def stump(weights: list[float], ids: list[int], **more: Any) -> NodeProto:
    """One tree of one question that votes for classes."""
    half = len(ids) // 2
    return ml(
        "TreeEnsembleClassifier",
        2,
        nodes_treeids=[0] * 3,
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[1, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_values=[0.1, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 0],
        nodes_falsenodeids=[2, 0, 0],
        class_treeids=[0] * len(ids),
        class_nodeids=[1] * half + [2] * half,
        class_ids=ids,
        class_weights=weights,
        **more,
    )


TWO, THREE = [3, 5], [3, 5, 9]
LINES: dict[str, Any] = {"coefficients": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -1.0, -2.0, 1.0], "intercepts": [0.5, 0.7, 0.1]}
ONE_LINE: dict[str, Any] = {"coefficients": [1.0, 2.0, 3.0], "intercepts": [0.5]}
CASES: list[tuple[NodeProto, NDArray[Any]]] = [
    (ml("Imputer", imputed_value_floats=[1.0, 2.0, 3.0], replaced_value_float=float("nan")), HOLES),
    (ml("Imputer", imputed_value_int64s=[7], replaced_value_int64=-1), CODES),
    (ml("Scaler", offset=[1.0, 2.0, 3.0], scale=[0.1, 0.2, 0.3]), REAL),
    (ml("Binarizer", threshold=0.5), REAL),
    *((ml("Normalizer", norm=norm), ZERO) for norm in ("MAX", "L1", "L2")),
    (ml("OneHotEncoder", cats_int64s=[0, 1, 3]), CODES),
    (ml("LabelEncoder", keys_int64s=[0, 1, 3], values_floats=[0.5, 2.0, 7.0], default_float=-2.0), CODES),
    (ml("LabelEncoder", keys_int64s=[0, 1, 3], values_int64s=[5, 2, 7]), CODES),
    (ml("FeatureVectorizer", inputdimensions=[3]), REAL),
    (ml("LinearRegressor", **LINES, targets=3), REAL),
]
for how in ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"):
    CASES += [
        (stump([0.2, 0.7, 0.1, 0.5, 0.0, 0.9], [0, 1, 2] * 2, classlabels_int64s=THREE, post_transform=how), REAL),
    ]
for how in ("NONE", "SOFTMAX", "LOGISTIC"):
    CASES += [
        (ml("LinearClassifier", 2, **LINES, classlabels_ints=THREE, post_transform=how), REAL),
        (ml("LinearClassifier", 2, **ONE_LINE, classlabels_ints=TWO, post_transform=how), REAL),
        (stump([0.2, 0.8], [0, 0], classlabels_int64s=TWO, post_transform=how), REAL),
        (stump([-0.2, 0.8], [0, 0], classlabels_int64s=TWO, post_transform=how), REAL),
        (stump([-0.2, 0.8], [0, 0], classlabels_int64s=TWO, post_transform=how, base_values=[0.3]), REAL),
    ]


@pytest.mark.parametrize(("node", "rows"), CASES, ids=[f"{n.op_type}-{k}" for k, (n, _) in enumerate(CASES)])
def test_a_classical_operator_answers_as_onnxruntime(node: NodeProto, rows: NDArray[Any]) -> None:
    """Labels are equal and scores within one part in 10^5, for every transformation and both forms of two classes."""
    kind = helper.np_dtype_to_tensor_dtype(rows.dtype)
    content = model([node], {"x": (kind, ["N", rows.shape[1]])}, list(node.output))
    content = _untyped(content)
    wanted = onnxruntime.InferenceSession(content).run(None, {"x": rows})
    made = Host(compiled(content).sources).run([rows])
    for own, theirs in zip(made, wanted, strict=True):
        assert np.allclose(own, theirs.reshape(len(rows), -1), rtol=1e-5, atol=1e-6, equal_nan=True)


def test_a_map_of_scores_is_dropped() -> None:
    """ZipMap has no place in C: the scores behind it are what comes out."""
    nodes = [
        ml("Scaler", offset=[0.0] * 3, scale=[2.0] * 3),
        helper.make_node("ZipMap", ["y"], ["z"], domain="ai.onnx.ml"),
    ]
    content = model(nodes, {"x": (TensorProto.FLOAT, ["N", 3])}, ["z"])
    assert np.array_equal(Host(compiled(content).sources).run([REAL])[0], REAL * 2)


def test_texts_are_positions() -> None:
    """Texts in and behind encoders are positions in the list of words; what computes with one is refused."""
    encoder = ml("LabelEncoder", keys_int64s=[0, 1], values_strings=["no", "yes"], default_string="?")
    back = helper.make_node(
        "LabelEncoder", ["y"], ["z"], domain="ai.onnx.ml", keys_strings=["yes"], values_floats=[7.0]
    )
    codes = {"x": (TensorProto.INT64, ["N", 1])}
    made = compiled(_untyped(model([encoder, back], codes, ["y", "z"])))
    first, second = Host(made.sources).run([CODES])
    assert [made.graph.words[k] for k in first[:, 0]] == [{0: "no", 1: "yes"}.get(c, "?") for c in CODES[:, 0].tolist()]
    assert np.array_equal(second, np.where(CODES == 1, np.float32(7), np.float32(-0.0)))
    with pytest.raises(ModelError, match="is a text"):
        compiled(model([encoder, helper.make_node("Neg", ["y"], ["z"])], codes, ["z"]))


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (stump([0.2, 0.8, 0.6, 0.4], [0, 1] * 2, classlabels_int64s=TWO), "each of two classes"),
        (stump([0.2, 0.8], [1, 1], classlabels_int64s=TWO), "each of two classes"),
        (ml("LinearClassifier", 2, **ONE_LINE, classlabels_ints=TWO, post_transform="PROBIT"), "single score"),
        (ml("LinearClassifier", 2, **LINES, classlabels_ints=THREE, post_transform="CUBE"), "CUBE"),
        (ml("SVMRegressor", n_supports=1, support_vectors=[1.0], coefficients=[1.0], rho=[0.0]), "1 vectors of 3"),
        (ml("SVMRegressor", n_supports=0, coefficients=[1.0] * 3, rho=[0.0]), "without support vectors"),
        (ml("OneHotEncoder", cats_int64s=[0, 1], zeros=0), "unknown one"),
        (ml("LabelEncoder", keys_strings=["a"], values_int64s=[1]), "looks up texts"),
    ],
)
def test_what_is_not_claimed_is_refused(node: NodeProto, said: str) -> None:
    """Texts and transformations that are not written are told by name."""
    content = model([node], {"x": (TensorProto.FLOAT, ["N", 3])}, list(node.output))
    with pytest.raises(ModelError, match=said):
        compiled(content)


def _untyped(content: bytes) -> bytes:
    """The model with types of its outputs left open."""
    whole = onnx.load_from_string(content)
    for out in whole.graph.output:
        out.ClearField("type")
    return bytes(whole.SerializeToString())
