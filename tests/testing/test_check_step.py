"""The kit passes every step of ours and refuses steps that break a promise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from volvelle.catalog import STEPS
from volvelle.prepare.steps import impute_median, log1p, one_hot, product, scale_standard
from volvelle.testing.check_step import check_step


@pytest.mark.parametrize("name", STEPS.names())
def test_our_steps_keep_the_contract(name: str) -> None:
    """Every step in the catalogue passes the kit that third parties use."""
    check_step(STEPS.load(name))


def altered(module: Any, **changes: Any) -> Any:
    parts = {n: getattr(module, n) for n in ("TAKES", "GIVES", "fit", "emit", "names")}
    return SimpleNamespace(__name__="altered", **(parts | changes))


def forgets_rows(block: Any) -> dict[str, Any]:
    block[0] = 0.0
    return {}


def mixes_columns(block: Any) -> dict[str, Any]:
    whole = np.asarray(block, dtype=np.float64)
    mean = float(whole[np.isfinite(whole)].mean()) if np.isfinite(whole).any() else 0.0
    return {"fill": [mean] * block.shape[1]}


def counts_calls() -> Any:
    calls: list[int] = []

    def fit(block: Any) -> dict[str, Any]:
        calls.append(0)
        return {"calls": len(calls)}

    return fit


def divides(graph: Any, x: Any, params: Any) -> Any:
    return graph.node("Div", x, graph.constant(np.asarray(params["spread"], dtype=np.float32)))


def compares_rows(graph: Any, x: Any, params: Any) -> Any:
    return graph.node("Sub", x, graph.node("ReduceMax", x, graph.constant(np.asarray([0])), keepdims=1))


def around(graph: Any, x: Any, params: Any) -> Any:
    return graph.columns(product.emit(graph, x, params), [*range(1, x.width // 2), 0])


def squares(graph: Any, x: Any, params: Any) -> Any:
    return graph.node("Mul", x, x)


def drops_missing(graph: Any, x: Any, params: Any) -> Any:
    return impute_median.emit(graph, x, {"fill": [0.0] * x.width})


def unknown_operator(graph: Any, x: Any, params: Any) -> Any:
    return graph.node("Erf", x)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (SimpleNamespace(__name__="empty", TAKES="number"), "lacks GIVES, fit, emit, names"),
        (altered(log1p, TAKES="text"), "TAKES is 'text'"),
        (altered(log1p, OPTION=2.0, OPTION_RANGE=(0.0, 1.0)), "outside OPTION_RANGE"),
        (altered(log1p, OPTION=0.5), "fit fails with TypeError"),
        (altered(log1p, fit=forgets_rows), "fit changes the block"),
        (altered(log1p, fit=lambda block: {"fill": float("nan")}), "change through JSON"),
        (altered(log1p, fit=lambda block: {"mean": block.mean()}), "cannot be written as JSON"),
        (altered(log1p, fit=lambda block: {"last": str(block[1, 0])}), "fit fails with IndexError"),
        (altered(log1p, fit=counts_calls()), "learns something else the second time"),
        (altered(impute_median, fit=mixes_columns, FILLS=True), "columns depend on each other"),
        (altered(log1p, emit=compares_rows), "row 0 alone gets another answer"),
        (altered(log1p, emit=squares), "finite input becomes infinite"),
        (altered(scale_standard, emit=divides), "finite input becomes infinite"),
        (altered(log1p, emit=drops_missing), "missing does not stay missing"),
        (altered(log1p, emit=unknown_operator), "emit fails with ContractBroken"),
        (altered(log1p, FILLS=True), "FILLS is promised"),
        (altered(product, PAIRS=True, emit=around), "columns depend on each other"),
        (altered(log1p, GIVES="code"), "but GIVES is 'code'"),
        (altered(log1p, names=lambda columns, params: columns[:1]), "3 columns come out, but 1 are named"),
        (altered(log1p, names=lambda columns, params: ("a",) * len(columns)), "two columns have one name"),
        (altered(one_hot, names=lambda columns, params: columns), "columns come out, but 3 are named"),
    ],
)
def test_a_broken_promise_is_named(step: Any, sentence: str) -> None:
    """Each broken promise is refused with the sentence that tells it from the others."""
    with pytest.raises(AssertionError, match=sentence.replace("(", r"\(")):
        check_step(step)
