"""Small models with signatures, for the kit and the tests of packages: all kinds of features, hard names."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec
import numpy as np

from volvelle.compiler.prove import compiled, vectors
from volvelle.deploy.packing import Packing
from volvelle.deploy.records import Release
from volvelle.deploy.release import MANIFEST, hashes
from volvelle.deploy.shipping import Shipping
from volvelle.deploy.wheels import archive
from volvelle.model.graph import Graph, Value
from volvelle.model.signature import Feature, ModelTask, Signature

HARD = (
    '*/ "; #error </script><script>alert(1)</script> \\',
    "new",
    "New",
    "1st \u202e half",
    "größe \U0001f600",
    "lambda",
    "row",
    "numbers new",
)
"""Names of columns that end comments, strings and tags, repeat each other, or are words of C, C++ and Python."""
_PLAIN = ("heat", "turns", "pump age", "site", "colour", "on", "since", "seen")
_MISSING_TIME = -(2**63)


def signature_of(task: ModelTask, *, hard: bool = False, refuse: bool = False) -> Signature:
    """Three numbers, two categories, a flag and two times.

    Args:
        task: what is predicted.
        hard: whether the names are those of `HARD`.
        refuse: whether the first number may not be missing, nor the first category unknown.
    """
    n = HARD if hard else _PLAIN
    policy: Literal["allow", "refuse"] = "refuse" if refuse else "allow"
    odd = ("missing", "Unknown", 'b"*/</script>', "?") if hard else ("north", "south")
    features = (
        Feature(name=n[0], kind="number", unit="*/ °C" if hard else "°C", low=-5.0, high=90.5, missing=policy),
        Feature(name=n[3], kind="category", categories=odd, unseen=policy),
        Feature(name=n[1], kind="integer", unit="rpm", low=0.0, high=3000.0, bounded=True),
        Feature(name=n[6], kind="time", low=1.6e9, high=1.7e9),
        Feature(name=n[2], kind="number", low=0.0, high=1e4, bounded=True),
        Feature(name=n[4], kind="category", categories=("a b", "a-b", "A_B")),
        Feature(name=n[5], kind="boolean", categories=("false", "true")),
        Feature(name=n[7], kind="time", low=1.6e9, high=1.7e9),
    )
    classes = {"binary": ("no", "yes"), "multiclass": ("a", HARD[0] if hard else "b", "ö"), "regression": ()}[task]
    positive = 1 if task == "binary" else None
    return Signature(features=features, target=n[0][:20] + "!", task=task, classes=classes, positive=positive)


def model_of(signature: Signature) -> bytes:
    """An ONNX file that takes all of a signature of `signature_of` and answers differently to all of it."""
    graph = Graph("named")
    x = graph.input("numbers", "float", signature.width("numbers"))
    codes = graph.input("codes", "int64", signature.width("codes"))
    times = graph.input("times", "int64", signature.width("times"))
    missing = graph.node("IsNaN", x, kind="bool")
    known = graph.node("Where", missing, _real(graph, 0.5), x, kind="float")
    scaled = graph.node("Mul", known, _real(graph, 0.1, 0.002, 0.0003))
    hours = graph.node("Mod", graph.node("Div", times, _whole(graph, 3600)), _whole(graph, 24))
    absent = graph.node("Equal", times, _whole(graph, _MISSING_TIME), kind="bool")
    day = graph.node("Where", absent, _real(graph, -1.0), graph.cast(hours, "float"), kind="float")
    day = graph.node("Mul", day, _real(graph, 0.05))
    joined = graph.concat([scaled, graph.cast(codes, "float"), day])
    wide = max(len(signature.classes), 1)
    weights = np.sin(1 + np.arange(joined.width * wide, dtype=np.float32)).reshape(joined.width, wide)
    _close(graph, graph.node("MatMul", joined, graph.constant(weights), width=wide), signature)
    return graph.finish({"signature": msgspec.json.encode(signature).decode()})


def spoken() -> bytes:
    """An ONNX file that answers differently to every word of a text, and to a number."""
    features = (
        Feature(name="said", kind="text", length=8),
        Feature(name="heat", kind="number", low=-5.0, high=90.5),
        Feature(name="note", kind="text", length=3, missing="refuse"),
    )
    signature = Signature(features=features, target="spam", task="binary", classes=("ham", "spam"), positive=1)
    graph = Graph("spoken")
    x = graph.input("numbers", "float", 1)
    words = graph.input("words", "int64", signature.width("words"))
    missing = graph.node("IsNaN", x, kind="bool")
    known = graph.node("Where", missing, _real(graph, 0.5), x, kind="float")
    rest = graph.cast(graph.node("Mod", words, _whole(graph, 1009)), "float")
    joined = graph.concat([graph.node("Mul", known, _real(graph, 0.02)), graph.node("Mul", rest, _real(graph, 0.001))])
    weights = np.sin(1 + np.arange(joined.width * 2, dtype=np.float32)).reshape(joined.width, 2)
    _close(graph, graph.node("MatMul", joined, graph.constant(weights), width=2), signature)
    return graph.finish({"signature": msgspec.json.encode(signature).decode()})


def packing_of(task: ModelTask, name: str, **parts: Any) -> Packing:
    """A model of `signature_of` compiled and ready to be packed; `parts` are those of `Packing`."""
    return packed(model_of(signature_of(task, hard=parts.pop("hard", False))), name, **parts)


def packed(content: bytes, name: str, **parts: Any) -> Packing:
    """An ONNX file compiled and ready to be packed."""
    made = compiled(content, name)
    return Packing(made.sources, content, vectors(content, made), made.onnx, **{"title": name, **parts})


def shipping_of(name: str, **parts: Any) -> Shipping:
    """A release of a model of `signature_of`, with a small wheel in the place of Volvelle's own; `parts` as above."""
    files = {"model.onnx": model_of(signature_of("binary")), "volvelle.toml": b'[problem]\ntarget = "fails"\n'}
    made = Release(
        name=f"{name}-1",
        run=1,
        made="2026-01-01T00:00:00Z",
        by="ana",
        model=hashlib.sha256(files["model.onnx"]).hexdigest(),
        dataset="",
        accepted=(),
        reason="",
        files=hashes(files),
    )
    files[MANIFEST] = msgspec.json.encode(made)
    wheel = archive({"volvelle/__init__.py": b""}, "volvelle", "0.1.0")
    pins = {"msgspec": "0.22.0", "onnxruntime": "1.31.1"}
    return Shipping(files, ("volvelle-0.1.0-py3-none-any.whl", wheel), pins, "3.11.9", **{"title": name, **parts})


def nameless() -> bytes:
    """An ONNX file without a signature."""
    graph = Graph("nameless")
    x = graph.input("x", "float", 3)
    graph.output("y", graph.node("Mul", x, _real(graph, 1, 2, -1)))
    return graph.finish()


def unnamed() -> bytes:
    """An ONNX file without a signature, of real and of whole numbers."""
    graph = Graph("unnamed")
    x = graph.input("lambda", "float", 3)
    places = graph.input("places", "int64", 2)
    graph.output("y", graph.node("Mul", x, _real(graph, 1, 2, -1)))
    graph.output("rest", graph.node("Mod", places, _whole(graph, 7)))
    return graph.finish()


def _real(graph: Graph, *values: float) -> Value:
    return graph.constant(np.array(values, dtype=np.float32))


def _whole(graph: Graph, value: int) -> Value:
    return graph.constant(np.array([value], dtype=np.int64))


def _close(graph: Graph, answers: Value, signature: Signature) -> None:
    if signature.task == "regression":
        graph.output("prediction", answers)
        return
    scores = graph.node("Softmax", answers, axis=1)
    graph.output("label", graph.node("ArgMax", scores, kind="int64", width=1, axis=1, keepdims=0), vector=True)
    graph.output("scores", scores)
