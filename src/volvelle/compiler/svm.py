"""Support vector machines of ai.onnx.ml: kernels between a row and the support vectors.

Parameters are those of LIBSVM (C.-C. Chang and C.-J. Lin, ACM Transactions on Intelligent Systems and Technology 2,
2011), signs those of onnxruntime: the sums have ``rho`` added.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain
from volvelle.errors import ModelError

KINDS = ("LINEAR", "POLY", "RBF", "SIGMOID")


@dataclass(frozen=True, slots=True)
class Machine:
    """A kernel and what it is taken with.

    Attributes:
        kind: one of `KINDS`.
        gamma, coef0, degree: of the kernel.
        vectors: float32 ``[vectors, features]``.
        coefficients: float32 ``[sums, vectors]``.
        rho: float32 ``[decisions]``.
    """

    kind: str
    gamma: np.float32
    coef0: np.float32
    degree: np.float32
    vectors: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    rho: NDArray[np.float32]


def machine(node: Node, shape: tuple[int, ...], count: int) -> Machine:
    """The machine of a node.

    Args:
        node: SVMClassifier or SVMRegressor.
        shape: of the rows it takes.
        count: of its support vectors.

    Raises:
        ModelError: another kernel, no support vectors, or numbers that do not fit each other.
    """
    given = node.attributes
    told = given.get("kernel_type", b"LINEAR")
    kind = told.decode() if isinstance(told, bytes) else str(told)
    if kind not in KINDS:
        raise ModelError(f"kernel {kind} is not supported", next_move=f"those that are: {', '.join(KINDS)}")
    if count < 1 or len(shape) != 2 or shape[0] != 1:
        raise ModelError(
            "a machine without support vectors, or over several rows at once, is not supported",
            next_move="export it as LinearClassifier or LinearRegressor",
        )
    gamma, coef0, degree = np.array([*(given.get("kernel_params") or ()), 0.0, 0.0, 0.0][:3], np.float32)
    arrays = {k: np.asarray(given.get(k) or (), dtype=np.float32) for k in ("support_vectors", "coefficients", "rho")}
    if arrays["support_vectors"].size != count * shape[1] or not arrays["rho"].size:
        raise ModelError(f"{arrays['support_vectors'].size} numbers are not {count} vectors of {shape[1]} features")
    return Machine(
        kind,
        gamma,
        coef0,
        degree,
        arrays["support_vectors"].reshape(count, -1),
        arrays["coefficients"].reshape(-1, count),
        arrays["rho"],
    )


def closeness(m: Machine, x: NDArray[Any]) -> NDArray[Any]:
    """The kernel between rows ``[n, features]`` and every support vector: ``[n, vectors]``."""
    if m.kind == "RBF":
        return np.asarray(np.exp(-m.gamma * ((x[:, None, :] - m.vectors) ** 2).sum(axis=2)))
    product = x @ m.vectors.T
    if m.kind == "LINEAR":
        return np.asarray(product)
    scaled = product * m.gamma + m.coef0
    return np.asarray(np.tanh(scaled) if m.kind == "SIGMOID" else scaled**m.degree)


def decided(near: NDArray[Any], weights: NDArray[Any], rho: NDArray[Any], sizes: tuple[int, ...]) -> NDArray[Any]:
    """Only vectors of the two classes speak; the weights of a class against another stand in the other's row.

    >>> near, weights = np.array([[1.0, 0.0, 0.5]]), np.array([[2.0, 1.0, -4.0]])
    >>> decided(near, weights, np.array([0.25]), (2, 1)).tolist()
    [[0.25]]
    """
    ends = np.cumsum((0, *sizes))
    part = [slice(ends[k], ends[k + 1]) for k in range(len(sizes))]
    return np.stack(
        [
            near[:, part[i]] @ weights[j - 1, part[i]] + near[:, part[j]] @ weights[i, part[j]] + rho[k]
            for k, (i, j) in enumerate(combinations(range(len(sizes)), 2))
        ],
        axis=1,
    )


def summed(m: Machine, made: Chain, x: str, sizes: tuple[int, ...]) -> str:
    """The scores of all pairs of classes as operators; of a linear kernel as one matrix product."""
    if m.kind == "LINEAR":
        lines = decided(m.vectors.T.astype(np.float64), m.coefficients, np.zeros(len(m.rho)), sizes).T
        return made(
            "gemm", made("cast", x, to=TensorProto.FLOAT), lines.astype(np.float32), m.rho, transB=1, added_up=1
        )
    return made("duels", _written(m, made, x), m.coefficients, m.rho, sizes=sizes)


def _written(m: Machine, made: Chain, x: str) -> str:
    """The same as operators; gives the name of the value."""
    real = made("cast", x, to=TensorProto.FLOAT)
    if m.kind == "RBF":
        return made("exp", made("mul", made("squared_distances", real, m.vectors), float(-m.gamma)))
    product = made("gemm", real, m.vectors, transB=1)
    scaled = made("add", made("mul", product, float(m.gamma)), float(m.coef0))
    if m.kind == "SIGMOID":
        return made("tanh", scaled)
    if m.degree in (2, 3):
        square = made("mul", scaled, scaled)
        return square if m.degree == 2 else made("mul", square, scaled)
    return made("pow", scaled, float(m.degree))
