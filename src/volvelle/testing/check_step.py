"""The promises of a preparation step, checked over blocks of numbers that look for trouble.

A third party's test is one line: ``check_step(my_step)``. What the step writes is run by onnxruntime and by
the reference evaluator of the ONNX project, which share no code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray
from onnx import load_from_string
from onnx.reference import ReferenceEvaluator

from volvelle.errors import VolvelleError
from volvelle.model.graph import Graph, Kind
from volvelle.model.session import Session
from volvelle.model.signature import MISSING_TIME
from volvelle.model.word_codes import NO_WORD
from volvelle.prepare.contract import Flow, Params

Block = NDArray[Any]
WIDTH = 3
RELATIVE, ABSOLUTE = 1e-5, 1e-5
"""Two runtimes may round powers and logarithms differently in the last places of float32."""
KINDS: dict[Flow, Kind] = {"number": "float", "code": "int64", "time": "int64", "words": "int64"}
TYPES: dict[Flow, type[np.generic]] = {"number": np.float32, "code": np.int64, "time": np.int64, "words": np.int64}
FAILURES = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, VolvelleError)


def check_step(step: Any, *, seed: int = 0) -> None:
    """Check that a step keeps the contract of `volvelle.prepare.contract`.

    - `fit` copes with constant, missing, infinite, extreme and single-row columns, changes nothing that it is given,
      and learns the same twice; its parameters survive JSON exactly.
    - `emit` writes the same bytes twice, also from parameters read back from JSON; onnxruntime and the ONNX reference
      agree on the result; each row and each column is worked on by itself (a step over words is given one column).
    - `names` names each column that comes out, once.
    - With ``FILLS`` everything that comes out is finite. Without, a number step keeps finite numbers finite and
      missing numbers missing, and no step gives an infinite number for finite input.

    Args:
        step: the module, or any object with the same attributes.
        seed: of the fuzzed blocks.

    Raises:
        AssertionError: a promise is broken; says which, and on what input.
    """
    name = str(getattr(step, "__name__", type(step).__name__)).rpartition(".")[2]
    _check_literals(step, name)
    asked = [(label, _joined(step, block)) for label, block in _asked(step.TAKES, seed)]
    for label, block in _learnt(step.TAKES, seed):
        block = _joined(step, block)
        for option in _options(step):
            where = f"step {name!r}, fitted on {label}" + ("" if option is None else f" with option {option:g}")
            params = _check_fit(step, block, option, where)
            run = _check_emit(step, params, where)
            _check_names(step, params, run(block[:1]).shape[1], where)
            for asked_label, rows in [("its own rows", block), *asked]:
                _check_answer(step, rows, run, f"{where}, asked for {asked_label}")
            if step.TAKES != "words":  # one column's words are a block
                _check_columns(step, block, option, run, where)


def _check_literals(step: Any, name: str) -> None:
    absent = [n for n in ("TAKES", "GIVES", "fit", "emit", "names") if not hasattr(step, n)]
    assert not absent, f"step {name!r} lacks {', '.join(absent)}"
    for fact in ("TAKES", "GIVES"):
        value = getattr(step, fact)
        assert value in get_args(Flow), f"step {name!r}: {fact} is {value!r}, not one of {get_args(Flow)}"
    option, bounds = getattr(step, "OPTION", None), getattr(step, "OPTION_RANGE", None)
    assert option is None or isinstance(option, float), f"step {name!r}: OPTION is {option!r}, not a float"
    if bounds is not None:
        assert option is not None, f"step {name!r} has an OPTION_RANGE but no OPTION"
        assert bounds[0] <= option <= bounds[1], f"step {name!r}: OPTION {option} lies outside OPTION_RANGE {bounds}"


def _check_fit(step: Any, block: Block, option: float | None, where: str) -> Params:
    given = block.copy()
    params = _fit(step, given, option, where)
    assert np.array_equal(given, block, equal_nan=block.dtype.kind == "f"), f"{where}: fit changes the block"
    assert isinstance(params, dict), f"{where}: fit gives {type(params).__name__}, not a dict"
    try:
        text = msgspec.json.encode(params)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{where}: the parameters cannot be written as JSON: {error}") from error
    assert msgspec.json.decode(text) == params, f"{where}: the parameters change through JSON (tuple, NaN, infinite?)"
    again = msgspec.json.encode(_fit(step, block.copy(), option, where))
    assert again == text, f"{where}: fit learns something else the second time"
    return params


def _check_emit(step: Any, params: Params, where: str) -> Callable[[Block], Block]:
    """A function that runs the step's graph in both runtimes and returns the answer, once they agree."""
    content = _bytes(step, params, where)
    assert content == _bytes(step, params, where), f"{where}: emit writes other bytes the second time"
    read_back = msgspec.json.decode(msgspec.json.encode(params))
    assert content == _bytes(step, read_back, where), f"{where}: parameters read back from JSON write other bytes"
    session, reference = Session(content), ReferenceEvaluator(load_from_string(content))
    kind = TYPES[step.GIVES]

    def run(rows: Block) -> Block:
        answer = session.run({"x": rows})["y"]
        assert answer.dtype == kind, f"{where}: what comes out is {answer.dtype}, but GIVES is {step.GIVES!r}"
        with np.errstate(all="ignore"):
            expected = next(iter(reference.run(None, {"x": rows})))
        assert answer.shape == expected.shape, f"{where}: onnxruntime gives {answer.shape}, ONNX {expected.shape}"
        assert _same(answer, expected), (
            f"{where}: onnxruntime and the ONNX reference disagree by {_gap(answer, expected)}"
        )
        return np.asarray(answer)

    return run


def _check_names(step: Any, params: Params, width: int, where: str) -> None:
    names = step.names(_columns(step), params)
    assert isinstance(names, tuple), f"{where}: names gives {type(names).__name__}, not a tuple"
    assert len(names) == width, f"{where}: {width} columns come out, but {len(names)} are named"
    assert len(set(names)) == len(names), f"{where}: two columns have one name: {names}"
    assert all(isinstance(n, str) and n for n in names), f"{where}: a name is empty or no text: {names}"


def _check_answer(step: Any, rows: Block, run: Callable[[Block], Block], where: str) -> None:
    answer = run(rows)
    assert len(answer) == len(rows), f"{where}: {len(rows)} rows go in, {len(answer)} come out"
    for row in {0, len(rows) // 2, len(rows) - 1}:
        alone = run(rows[row : row + 1])
        assert _same(alone, answer[row : row + 1]), f"{where}: row {row} alone gets another answer than among others"
    if step.GIVES != "number":
        assert (answer >= -2).all() or step.GIVES == "time", f"{where}: a code under -2 comes out"
        return
    if getattr(step, "FILLS", False):
        assert np.isfinite(answer).all(), f"{where}: FILLS is promised, but what comes out is not finite"
        return
    harmless = np.isfinite(rows.astype(np.float64)).all(axis=1)
    assert not np.isinf(answer[harmless]).any(), f"{where}: finite input becomes infinite"
    if step.TAKES == "number" and answer.shape == rows.shape:
        changed = np.isnan(rows) != np.isnan(answer)
        assert not changed[np.isfinite(rows) | np.isnan(rows)].any(), f"{where}: missing does not stay missing, alone"


def _check_columns(step: Any, block: Block, option: float | None, run: Callable[[Block], Block], where: str) -> None:
    """Three columns at once must be the same as each by itself, side by side."""
    parts = []
    unit = 2 if getattr(step, "PAIRS", False) else 1
    for position in range(0, block.shape[1], unit):
        column = np.ascontiguousarray(block[:, position : position + unit])
        content = _bytes(step, _fit(step, column, option, where), where, width=unit)
        parts.append(Session(content).run({"x": column})["y"])
    beside = np.concatenate(parts, axis=1)
    answer = run(block)
    assert answer.shape == beside.shape, f"{where}: columns depend on each other ({answer.shape}, alone {beside.shape})"
    assert _same(answer, beside), f"{where}: columns depend on each other, by {_gap(answer, beside)}"


def _fit(step: Any, block: Block, option: float | None, where: str) -> Params:
    given: dict[str, Any] = {} if option is None else {"option": option}
    if getattr(step, "TARGET", False):
        given["target"] = np.random.default_rng(len(block)).normal(size=(len(block), 2))
    try:
        params: Params = step.fit(block, **given)
    except FAILURES as error:
        raise AssertionError(f"{where}: fit fails with {type(error).__name__}: {error}") from error
    return params


def _bytes(step: Any, params: Params, where: str, width: int | None = None) -> bytes:
    graph = Graph("step")
    width = width or (2 * WIDTH if getattr(step, "PAIRS", False) else WIDTH)
    try:
        graph.output("y", step.emit(graph, graph.input("x", KINDS[step.TAKES], width), params))
    except FAILURES as error:
        raise AssertionError(f"{where}: emit fails with {type(error).__name__}: {error}") from error
    return graph.finish()


def _options(step: Any) -> list[float | None]:
    if getattr(step, "OPTION", None) is None:
        return [None]
    return [None, *sorted({float(o) for o in (step.OPTION, *getattr(step, "OPTION_RANGE", ()))})]


def _columns(step: Any) -> tuple[str, ...]:
    if getattr(step, "PAIRS", False):
        return tuple("abbcca")
    return ("a",) if step.TAKES == "words" else tuple("abc"[:WIDTH])


def _joined(step: Any, block: Block) -> Block:
    """For a step that joins columns two by two: the first with the second, the second with the third, and around."""
    return np.ascontiguousarray(block[:, [0, 1, 1, 2, 2, 0]]) if getattr(step, "PAIRS", False) else block


def _same(one: Block, other: Block) -> bool:
    if one.dtype.kind != "f":
        return bool(np.array_equal(one, other))
    return bool(np.allclose(one, other, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True))


def _gap(one: Block, other: Block) -> str:
    with np.errstate(all="ignore"):
        gap = np.abs(one.astype(np.float64) - other.astype(np.float64))
    differs = ~np.isclose(one, other, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    return f"{gap[differs].max()} in {int(differs.sum())} of {differs.size} places"


def _learnt(flow: Flow, seed: int) -> Iterator[tuple[str, Block]]:
    """Training blocks with a label for messages."""
    rng = np.random.default_rng(seed)
    kind = TYPES[flow]
    missing = {"number": np.nan, "code": -1, "time": MISSING_TIME, "words": NO_WORD}[flow]
    plain = _plain(flow, rng)
    yield "plain values", plain
    yield "every third value missing", np.where(rng.random(plain.shape) < 1 / 3, missing, plain).astype(kind)
    yield "one column of three missing", np.where(np.arange(WIDTH) == 1, missing, plain).astype(kind)
    yield "nothing but missing values", np.full((5, WIDTH), missing, dtype=kind)
    yield "one row", plain[:1]
    yield "one missing row", np.full((1, WIDTH), missing, dtype=kind)
    yield "constant columns", np.repeat(plain[:1], 7, axis=0)
    yield "two values", plain[rng.integers(0, 2, 40)]
    if flow == "number":
        largest = np.finfo(np.float32).max
        yield "a long tail", np.exp(3 * plain).astype(kind)
        yield "a large offset", (1e6 + plain).astype(kind)
        yield "tiny values", (1e-30 * plain).astype(kind)
        yield "infinite values", np.where(rng.random(plain.shape) < 0.2, np.inf, plain).astype(kind)
        yield "both infinities only", np.resize(np.array([np.inf, -np.inf]), (6, WIDTH)).astype(kind)
        yield "the largest values of float32", np.resize(np.array([largest, -largest]), (7, WIDTH)).astype(kind)
        yield "the smallest values of float32", np.resize(np.array([1e-45, 0, -1e-45]), (8, WIDTH)).astype(kind)
    if flow == "code":
        yield "nothing but unseen values", np.full((4, WIDTH), -2, dtype=kind)
        yield "one frequent and many rare codes", np.maximum(rng.integers(-60, 12, (200, WIDTH)), -1).astype(kind)


def _asked(flow: Flow, seed: int) -> Iterator[tuple[str, Block]]:
    """Blocks to answer, none of which was learnt from."""
    rng = np.random.default_rng(seed + 1)
    yield "other plain values", _plain(flow, rng)
    special: dict[Flow, list[float]] = {
        "number": [np.nan, 0.0, -0.0, 1.0, -1.0, 1e-45, -1e-38, 1e20, -1e20, 3.4028234e38, -3.4028234e38, 16777217.0],
        "code": [-2, -1, 0, 1, 2, 3, 7, 8, 9, 12, 999, 10**9, 2**62],
        "time": [MISSING_TIME, 0, -1, 1, 86399, 86400, -86401, 2**62, -(2**62), 2**63 - 1, MISSING_TIME + 1],
        "words": [NO_WORD, 0, 1, 2, 3, 5, 8, 2**31 - 1, 2**31 - 2, 2**30],
    }
    column = np.array(special[flow], dtype=TYPES[flow])
    yield "special values", np.stack([np.roll(column, shift) for shift in range(WIDTH)], axis=1)
    if flow == "number":
        infinite = np.array([np.inf, -np.inf, np.nan], dtype=np.float32)
        yield "infinite values", np.stack([np.roll(infinite, shift) for shift in range(WIDTH)], axis=1)


def _plain(flow: Flow, rng: np.random.Generator) -> Block:
    if flow == "number":
        return rng.normal(size=(50, WIDTH)).astype(np.float32)
    if flow == "code":
        return rng.integers(0, 9, size=(50, WIDTH))
    if flow == "words":
        return np.where(
            np.arange(WIDTH) < rng.integers(0, WIDTH + 1, (50, 1)), rng.integers(0, 9, (50, WIDTH)), NO_WORD
        )
    return rng.integers(-(2**31), 2**32, size=(50, WIDTH))
