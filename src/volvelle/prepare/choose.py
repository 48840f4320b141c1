"""Which column goes through which steps: read from the spec, or chosen by the view.

A step is written as its name, with one argument after a colon where it takes one:
``"impute_constant:-1"``. Steps of one column must fit together and end as a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import STEPS
from volvelle.errors import SpecError, near
from volvelle.model.signature import TENSORS, Signature, Tensor
from volvelle.prepare.contract import AS_THEY_COME, Flow, View
from volvelle.prepare.pairs import Pair, preview
from volvelle.spec.requirements import Record

FLOWS: dict[Tensor, Flow] = {"numbers": "number", "codes": "code", "times": "time", "words": "words"}
DEFAULTS: dict[View, dict[Tensor, tuple[str, ...]]] = {
    "dense": {
        "numbers": ("impute_median", "scale_standard"),
        "codes": ("rare_categories", "one_hot"),
        "times": ("calendar", "impute_median", "scale_standard"),
    },
    "ordinal": {
        "numbers": ("impute_median",),
        "codes": ("ordinal",),
        "times": ("calendar", "impute_median"),
    },
    "raw": {"numbers": (), "codes": ("ordinal_or_missing",), "times": ("calendar",)},
    "means": {"numbers": (), "codes": ("ordinal_or_missing",), "times": ("calendar",)},
}
SKEWED = ("impute_median", "power", "scale_standard")
TERMS: dict[View, int] = {"dense": 1000, "ordinal": 500, "raw": 500, "means": 500}
TERM_CELLS, FEWEST_TERMS = 20_000_000, 100
"""Terms of a text that are counted; fewer where their matrix would have more cells than this, 80 MB."""
INDICATOR = ("missing_indicator",)
CYCLIC = ("calendar_cyclic",)
ENCODED: dict[View, tuple[str, ...]] = {
    "dense": ("target_mean", "scale_standard"),
    "ordinal": ("target_mean",),
    "raw": (),
    "means": ("target_mean",),
}
MANY, ROWS_EACH, MOST_TARGETS = 50, 5, 10
"""Columns of more than so many categories, with so many rows each, also go by the target, where it has no more columns
than the last: of fewer, one-hot and codes tell as much (on adult and bank marketing nothing was gained)."""
CROSS = "cross"
SKEW, SKEW_VALUES = 2.0, 10
"""Skewness beyond which `power` is put in, if a column has more than so many values."""


class Planned(Record, frozen=True):
    """Columns of one input matrix that go through the same steps, as one block."""

    columns: tuple[str, ...]
    tensor: Tensor
    steps: tuple[str, ...]
    """As written in the spec, argument included."""


def parse(text: str, where: str = "") -> tuple[str, float | None]:
    """A step as written in the spec: its name and its argument.

    >>> parse("rare_categories:0.02"), parse("power")
    (('rare_categories', 0.02), ('power', None))

    Raises:
        SpecError: no such step, an argument that it does not take, or one that is not in its range.
    """
    name, colon, argument = text.partition(":")
    name = name.strip()
    if name not in STEPS:
        raise SpecError(f"no step is called {name!r}", where=where, next_move=near(name, STEPS.names()))
    if not colon:
        return name, None
    default = STEPS.fact(name, "OPTION")
    if default is None:
        raise SpecError(
            f"step {name!r} takes no argument, found {argument!r}", where=where, next_move=f'write "{name}"'
        )
    low, high = STEPS.fact(name, "OPTION_RANGE") or (-np.inf, np.inf)
    example = f'write a number from {low:g} to {high:g}, for example "{name}:{default:g}"'
    try:
        number = float(argument)
    except ValueError as error:
        raise SpecError(f"{argument!r} is no number for step {name!r}", where=where, next_move=example) from error
    if not np.isfinite(number) or not low <= number <= high:
        raise SpecError(f"{argument.strip()} is out of range for step {name!r}", where=where, next_move=example)
    return name, number


def check_steps(steps: Sequence[str], flow: Flow, where: str = "") -> None:
    """Check that steps exist, fit one after another from `flow` on, and end as a number.

    Raises:
        SpecError: they do not; names the step and those that would fit.
    """
    for text in steps:
        name, _ = parse(text, where)
        if STEPS.fact(name, "PAIRS"):
            raise SpecError(
                f"step {name!r} joins two columns", where=where, next_move='name both in [prepare] pairs = ["a / b"]'
            )
        takes: Flow = STEPS.fact(name, "TAKES")
        if takes != flow:
            fitting = ", ".join(s for s in STEPS.names() if STEPS.fact(s, "TAKES") == flow)
            raise SpecError(
                f"step {name!r} takes a {takes}, but is given a {flow}",
                where=where,
                next_move=f"steps that take a {flow}: {fitting}",
            )
        flow = STEPS.fact(name, "GIVES")
    if flow != "number":
        ends = [s for s in STEPS.names() if (STEPS.fact(s, "TAKES"), STEPS.fact(s, "GIVES")) == (flow, "number")]
        found = f"end with {steps[-1]!r}, which gives a {flow}" if steps else f"are empty, but the column is a {flow}"
        raise SpecError(f"the steps {found}; a model takes numbers", where=where, next_move=f"end with {_any(ends)}")


def check_overrides(signature: Signature, overrides: Mapping[str, Sequence[str]]) -> None:
    """Check the steps that a spec states for single columns.

    Raises:
        SpecError: a column that is no feature, or steps that do not fit it.
    """
    features = {f.name: f for f in signature.features}
    for column, steps in overrides.items():
        where = f"features.{column}.steps"
        if column not in features:
            raise SpecError(
                f"steps are given for {column!r}, which is no feature", where=where, next_move=near(column, features)
            )
        check_steps(steps, FLOWS[TENSORS[features[column].kind]], where)


def plan(
    signature: Signature,
    inputs: Mapping[str, NDArray[Any]],
    view: View,
    overrides: Mapping[str, Sequence[str]],
    target: NDArray[np.float64] | None = None,
    pairs: Sequence[Pair] = (),
) -> tuple[Planned, ...]:
    """Which columns go through which steps, those with equal steps together.

    dense: numbers imputed by the median and scaled, after `power` where skewed; rare categories joined and one-hot;
    calendar parts imputed and scaled, and times as points on circles. ordinal: imputed only, codes as numbers. raw:
    as it comes; means: the same, but for categories of more than two, which go by the mean target alone. In dense
    and ordinal a number that is sometimes missing also gets an indicator, and a column of very many categories also
    goes by the mean target. Steps of the user's own replace all this for their column; where none of them fills
    what is missing, dense and ordinal append ``impute_median``.

    Args:
        signature: the features.
        inputs: encoded training rows by tensor name, ``[n, columns]`` each.
        view: what the estimator wants.
        overrides: column name to steps.
        target: of the training rows as steps see it, ``[n, t]``; without it no column goes by the target.
        pairs: columns that are joined two by two.

    Raises:
        SpecError: an override that does not fit.
    """
    encoded = ENCODED[view] if target is not None and target.shape[1] <= MOST_TARGETS else ()
    check_overrides(signature, overrides)
    key: tuple[Tensor, tuple[str, ...], str]
    chains: dict[tuple[Tensor, tuple[str, ...], str], list[str]] = {}
    for tensor in FLOWS:
        seats = signature.seats(tensor)
        for feature in signature.of(tensor):
            column = np.asarray(inputs[tensor])[:, seats[feature.name].start]
            own = overrides.get(feature.name)
            chosen = _steps(tensor, column, view, encoded) if own is None else [_filled(own, view)]
            for steps in chosen:
                alone = feature.name if tensor == "words" else ""
                chains.setdefault((tensor, steps, alone), []).append(feature.name)
    for pair in pairs:
        if pair.step == CROSS:
            # A cross is looked up in a table of its own, as large as its two columns need.
            after = encoded if view == "means" and encoded else DEFAULTS[view]["codes"]
            key = ("codes", (CROSS, *after), f"{pair.one} {pair.other}")
        else:
            key = ("numbers", (pair.step, *_steps("numbers", preview(pair, inputs, signature), view, ())[0]), "")
        chains.setdefault(key, []).extend((pair.one, pair.other))
    return tuple(Planned(columns=tuple(names), tensor=key[0], steps=key[1]) for key, names in chains.items())


def _filled(steps: Sequence[str], view: View) -> tuple[str, ...]:
    """The user's steps, and one that fills what they leave missing where the view needs it."""
    filled = view in AS_THEY_COME or any(STEPS.fact(parse(s)[0], "FILLS") for s in steps)
    return tuple(steps) if filled else (*steps, "impute_median")


def _steps(tensor: Tensor, column: NDArray[Any], view: View, encoded: tuple[str, ...]) -> list[tuple[str, ...]]:
    if tensor == "words":
        return [(f"tf_idf:{max(FEWEST_TERMS, min(TERMS[view], TERM_CELLS // max(1, len(column))))}",)]
    usual = DEFAULTS[view][tensor]
    if (tensor, view) == ("times", "dense"):
        return [usual, CYCLIC]
    if tensor == "codes" and encoded:
        known = column[column >= 0]
        if view == "means":
            return [encoded] if len(np.unique(known)) > 2 else [usual]
        many = MANY < len(np.unique(known)) <= len(known) / ROWS_EACH
        return [usual, encoded] if many else [usual]
    if tensor != "numbers" or view in AS_THEY_COME:
        return [usual]
    if view == "dense" and _skewed(column):
        usual = SKEWED
    missing = np.isnan(column)
    return [usual, INDICATOR] if missing.any() and not missing.all() else [usual]


def _skewed(column: NDArray[Any]) -> bool:
    """Whether the third standardised moment is beyond `SKEW` and the column is more than a few values."""
    values = np.asarray(column, dtype=np.float64)
    values = values[np.isfinite(values)]
    if len(values) < 3 or values.min() == values.max():
        return False
    centred = (values - values.mean()) / values.std()
    return abs(float((centred**3).mean())) > SKEW and len(np.unique(values)) > SKEW_VALUES


def _any(names: Sequence[str]) -> str:
    return " or ".join(f'"{n}"' for n in names)
