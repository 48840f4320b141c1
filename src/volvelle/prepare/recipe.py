"""The recipe: fitted steps that turn a model's inputs into one float32 matrix of features.

A recipe is numbers and names only. `emit` writes it into a graph, in front of an estimator; `features` runs
that very graph, also for training rows. There is no second implementation of any step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from volvelle.catalog import STEPS
from volvelle.errors import ContractBroken, DataError
from volvelle.model.graph import Graph, Kind, Value
from volvelle.model.session import Session
from volvelle.model.signature import Signature, Tensor
from volvelle.prepare.choose import Planned, parse
from volvelle.prepare.choose import plan as plan
from volvelle.prepare.contract import Params, View
from volvelle.prepare.pairs import Pair
from volvelle.prepare.target import parts, target_columns
from volvelle.spec.requirements import Record

Block = NDArray[Any]
KINDS: dict[Tensor, Kind] = {"numbers": "float", "codes": "int64", "times": "int64", "words": "int64"}
TYPES = {"float": np.float32, "int64": np.int64}
ROWS_AT_ONCE = 16_384


class FittedStep(Record, frozen=True):
    """A step with what it learnt."""

    name: str
    params: Params


class Chain(Record, frozen=True):
    """Columns of one input matrix, the fitted steps they go through, and the features that come out."""

    columns: tuple[str, ...]
    tensor: Tensor
    steps: tuple[FittedStep, ...]
    features: tuple[str, ...]
    """Names of the features, for people."""


class Recipe(Record, frozen=True):
    """All chains of one view; their outputs side by side are the features."""

    view: View
    chains: tuple[Chain, ...]
    bought: bool = False
    """Whether the search bought features made of two columns."""

    @property
    def key(self) -> str:
        """What tells the recipes of one model apart."""
        return f"{self.view} with pairs" if self.bought else self.view


def fit(
    inputs: Mapping[str, NDArray[Any]],
    signature: Signature,
    view: View,
    overrides: Mapping[str, Sequence[str]] | None = None,
    words: Mapping[str, Mapping[int, str]] | None = None,
    target: NDArray[Any] | None = None,
    pairs: Sequence[Pair] = (),
) -> Recipe:
    """Fit every step on the training rows, each on the output of the steps before it.

    Args:
        inputs: encoded TRAINING rows: ``numbers`` float32, ``codes``, ``times`` and ``words`` int64,
            ``[n, columns]`` each. A tensor that no feature travels in may be absent.
        signature: the features.
        view: what the estimator wants.
        overrides: column name to steps as written in the spec.
        words: text column to the words behind its hashes, for the names of features.
        target: class positions int64 ``[n]`` or values float64 ``[n]``; without it no step that looks at the target
            is chosen.
        pairs: columns that are joined two by two.

    Raises:
        SpecError: an override that does not fit.
        DataError: no row, or no feature is left.
        ContractBroken: an override that looks at the target, which is not given.
    """
    return _fitted(inputs, signature, view, overrides or {}, words or {}, target, pairs)[0]


def learn(
    inputs: Mapping[str, NDArray[Any]],
    signature: Signature,
    view: View,
    target: NDArray[Any],
    overrides: Mapping[str, Sequence[str]] | None = None,
    words: Mapping[str, Mapping[int, str]] | None = None,
    pairs: Sequence[Pair] = (),
) -> tuple[Recipe, NDArray[np.float32]]:
    """`fit`, and the features of the training rows for a model to learn from.

    They are what `features` gives, but for steps that look at the target: there each row's are made by the step as
    fitted on other rows, the rows being dealt into five parts, classes evenly.

    Raises:
        SpecError, DataError: as `fit`.
    """
    recipe, apart = _fitted(inputs, signature, view, overrides or {}, words or {}, target, pairs)
    made, start = features(recipe, signature, inputs), 0
    for chain, block in zip(recipe.chains, apart, strict=True):
        if block is not None:
            made[:, start : start + len(chain.features)] = block
        start += len(chain.features)
    return recipe, made


def _fitted(
    inputs: Mapping[str, NDArray[Any]],
    signature: Signature,
    view: View,
    overrides: Mapping[str, Sequence[str]],
    words: Mapping[str, Mapping[int, str]],
    target: NDArray[Any] | None,
    pairs: Sequence[Pair],
) -> tuple[Recipe, list[Block | None]]:
    """The recipe, and for each chain that looks at the target the out-of-fold features of the training rows."""
    rows = {len(inputs[t]) for t in KINDS if signature.of(t)}
    if rows == {0}:
        raise DataError("there is no row to fit the preparation on", next_move="check the filters of the data")
    taught = None if target is None else target_columns(target, signature)
    found = [
        _fit_chain(planned, inputs, signature, words, taught)
        for planned in (plan(signature, inputs, view, overrides, taught, pairs) if signature.features else ())
    ]
    found = [(chain, block) for chain, block in found if chain.features]
    if not found:
        raise DataError(
            "no feature is left to learn from",
            next_move="take columns out of [data] ignore, or give a column another role in [features]",
        )
    return Recipe(view=view, chains=_told_apart([chain for chain, _ in found])), [block for _, block in found]


def told(recipe: Recipe) -> bool:
    """Whether a step looked at the target, so that a model learns from other features than the graph gives."""
    return any(STEPS.fact(step.name, "TARGET") for chain in recipe.chains for step in chain.steps)


def graph_inputs(graph: Graph, signature: Signature) -> dict[str, Value]:
    """Declare the inputs of a model: only those matrices that a feature travels in."""
    return {t: graph.input(t, kind, signature.width(t)) for t, kind in KINDS.items() if signature.of(t)}


def emit(graph: Graph, inputs: Mapping[str, Value], recipe: Recipe, signature: Signature) -> Value:
    """Write the recipe into the graph: the inputs to float32 ``[N, features]``.

    Raises:
        ContractBroken: a step gave another number of columns than it names.
    """
    parts = []
    for chain in recipe.chains:
        x = graph.columns(inputs[chain.tensor], _positions(chain, signature))
        for step in chain.steps:
            x = STEPS.load(step.name).emit(graph, x, step.params)
        if (x.kind, x.width) != ("float", len(chain.features)):
            raise ContractBroken(f"{chain.steps} give {x}, but name {len(chain.features)} features")
        parts.append(x)
    return graph.concat(parts)


def feature_names(recipe: Recipe) -> tuple[str, ...]:
    """The names of the features, in the order of the columns that `emit` gives."""
    return tuple(name for chain in recipe.chains for name in chain.features)


def categorical(recipe: Recipe) -> tuple[int, ...]:
    """Positions of the features that hold category codes; none in the dense view."""
    if recipe.view == "dense":
        return ()
    flags: list[bool] = []
    for chain in recipe.chains:
        last = STEPS.load(chain.steps[-1].name) if chain.steps else None
        flags += [getattr(last, "CATEGORICAL", False) is True] * len(chain.features)
    return tuple(position for position, flag in enumerate(flags) if flag)


def features(recipe: Recipe, signature: Signature, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """The features of encoded rows, float32 ``[n, features]``: the graph that ships, run."""
    graph = Graph("features")
    graph.output("features", emit(graph, graph_inputs(graph, signature), recipe, signature))
    session = Session(graph.finish())
    taken: dict[str, NDArray[Any]] = {
        t: np.ascontiguousarray(inputs[t], dtype=TYPES[KINDS[t]]) for t in KINDS if signature.of(t)
    }
    rows = len(next(iter(taken.values())))
    made = np.empty((rows, len(feature_names(recipe))), dtype=np.float32)
    # One-hot of many categories passes through int64: blocks of rows keep that small.
    for start in range(0, rows, ROWS_AT_ONCE):
        block = {t: x[start : start + ROWS_AT_ONCE] for t, x in taken.items()}
        made[start : start + ROWS_AT_ONCE] = session.run(block)["features"]
    return made


def _fit_chain(
    planned: Planned,
    inputs: Mapping[str, NDArray[Any]],
    signature: Signature,
    words: Mapping[str, Mapping[int, str]],
    target: NDArray[np.float64] | None,
) -> tuple[Chain, Block | None]:
    """The fitted chain, and what comes out of it for the training rows where a step looked at the target."""
    chosen = {f.name: f for f in signature.of(planned.tensor)}
    positions = _positions(planned, signature)
    block = np.asarray(inputs[planned.tensor], dtype=TYPES[KINDS[planned.tensor]])[:, positions]
    names = planned.columns
    known = [dict(words.get(c, enumerate(chosen[c].categories))) for c in planned.columns]
    fitted: list[FittedStep] = []
    told, waiting, spoken = False, False, planned.columns
    for text in planned.steps:
        name, option = parse(text)
        step = STEPS.load(name)
        if waiting:
            block = _apply(fitted[-1], block)
        params = _learnt(step, option, block, target)
        fitted.append(FittedStep(name=name, params=params))
        waiting = not getattr(step, "TARGET", False)
        if not waiting and target is not None:
            told, block = True, _out_of_fold(name, option, block, target)
        if hasattr(step, "labels"):
            known = step.labels(known, params)
        names = step.names(names, params)
        if step.GIVES == "code":
            spoken = names
        if not names:
            break
    labels = dict(zip(spoken, known, strict=True))
    readable = tuple(_readable(n, labels) for n in names)
    chain = Chain(columns=planned.columns, tensor=planned.tensor, steps=tuple(fitted), features=readable)
    if not told:
        return chain, None
    return chain, _apply(fitted[-1], block) if waiting else block


def _learnt(step: Any, option: float | None, block: Block, target: NDArray[np.float64] | None) -> Params:
    given = {} if option is None else {"option": option}
    if not getattr(step, "TARGET", False):
        params: Params = step.fit(block, **given)
        return params
    if target is None:
        raise ContractBroken(f"step {step.__name__} looks at the target, which is not given")
    return dict(step.fit(block, target, **given))


def _out_of_fold(name: str, option: float | None, block: Block, target: NDArray[np.float64]) -> Block:
    """Each part of the rows as the step gives it when fitted on the other parts."""
    rows, step = len(block), STEPS.load(name)
    part = parts(target)
    made: list[tuple[NDArray[np.int64], Block]] = []
    for number in range(int(part.max()) + 1):
        held, others = np.flatnonzero(part == number), part != number
        # A single row has no others: it is told the mean of nothing but itself either way.
        learnt = others if others.any() else part == number
        params = _learnt(step, option, block[learnt], target[learnt])
        made.append((held, _apply(FittedStep(name=name, params=params), block[held])))
    whole = np.empty((rows, made[0][1].shape[1]), dtype=made[0][1].dtype)
    for held, answer in made:
        whole[held] = answer
    return whole


def _told_apart(chains: list[Chain]) -> tuple[Chain, ...]:
    """The same chains, with " (2)" and so on behind the name of a feature that another one has already."""
    taken: set[str] = set()
    made = []
    for chain in chains:
        names = []
        for name in chain.features:
            number, free = 1, name
            while free in taken:
                number, free = number + 1, f"{name} ({number + 1})"
            names.append(free)
            taken.add(free)
        made.append(structs.replace(chain, features=tuple(names)))
    return tuple(made)


def _apply(step: FittedStep, block: NDArray[Any]) -> NDArray[Any]:
    """The output of one fitted step, by its own graph."""
    graph = Graph(step.name)
    kind: Kind = "float" if block.dtype == np.float32 else "int64"
    x = graph.input("x", kind, block.shape[1])
    graph.output("y", STEPS.load(step.name).emit(graph, x, step.params))
    session = Session(graph.finish())
    parts = [
        session.run({"x": np.ascontiguousarray(block[start : start + ROWS_AT_ONCE])})["y"]
        for start in range(0, len(block), ROWS_AT_ONCE)
    ]
    return np.concatenate(parts)


def _positions(chain: Chain | Planned, signature: Signature) -> list[int]:
    seats = signature.seats(chain.tensor)
    return [position for column in chain.columns for position in seats[column]]


def _readable(name: str, labels: Mapping[str, Mapping[int, str]]) -> str:
    """``sex=1`` with the category's name instead of its code, where `name` ends in one.

    >>> _readable("sex=1", {"sex": {0: "Female", 1: "Male"}})
    'sex=Male'
    >>> _readable("text=7+9", {"text": {7: "call", 9: "now"}})
    'text=call now'
    """
    found = re.fullmatch(r"(.*)=(\d+(?:\+\d+)?)", name, flags=re.DOTALL)
    if found is None:
        return name
    column, codes = found.groups()
    return f"{column}={' '.join(labels.get(column, {}).get(int(code), code) for code in codes.split('+'))}"
