"""Features made of two columns: as the spec writes them, or those that say most about the target.

A pair is written with its sign between blanks: ``rooms / households``, ``torque * speed``, ``inside - outside``,
``gain + loss`` for numbers, ``city x shop`` for categories.

Which pairs say most is measured as in an analysis of variance: how much of the target's variance lies between 16
quantile groups of the made number, against the groups of either column and those of a 4 by 4 grid of both, adjusted
for the number of groups (R. A. Fisher, Statistical Methods for Research Workers, 1925; T. L. Kelley, An unbiased
correlation ratio measure, PNAS 21, 1935). A cross is held against the sum of what its columns say alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.errors import SpecError, near
from volvelle.model.signature import TENSORS, Signature
from volvelle.prepare.target import target_columns

STEPS = {"/": "ratio", "*": "product", "-": "difference", "+": "total", "x": "cross"}
MOST, COLUMNS, ROWS, CATEGORIES = 8, 8, 5_000, 40
"""Pairs that are kept; columns among which they are looked for; rows and categories that are looked at, at most."""
GAIN = 0.005
"""Of the target's variance a pair must explain so much more than its columns do."""
_BINS, _GRID = 16, 4
_LIKE = {"ratio": np.divide, "product": np.multiply, "difference": np.subtract, "total": np.add}

Numbers = NDArray[np.float64]
Groups = NDArray[np.int64]


class Pair(NamedTuple):
    """Two columns and the step that joins them."""

    step: str
    one: str
    other: str


def read(text: str, signature: Signature, where: str = "") -> Pair:
    """A pair as the spec writes it.

    Raises:
        SpecError: there is no sign, a side is no feature, or the columns are of kinds that the sign does not join.
    """
    kinds = {f.name: TENSORS[f.kind] for f in signature.features}
    parts = text.split(" ")
    cuts = [at for at, part in enumerate(parts) if part in STEPS and 0 < at < len(parts) - 1]
    if not cuts:
        signs = ", ".join(STEPS)
        raise SpecError(f"{text!r} joins no two columns", where=where, next_move=f"write 'a / b'; signs: {signs}")
    # Names may hold signs too: the cut at which both sides are columns is meant.
    found = [(" ".join(parts[:at]).strip(), parts[at], " ".join(parts[at + 1 :]).strip()) for at in cuts]
    one, sign, other = next((f for f in found if f[0] in kinds and f[2] in kinds), found[0])
    for name in (one, other):
        if name not in kinds:
            raise SpecError(f"{name!r} in {text!r} is no feature", where=where, next_move=near(name, kinds))
    wanted, noun = ("codes", "categories") if sign == "x" else ("numbers", "numbers")
    if {kinds[one], kinds[other]} != {wanted}:
        raise SpecError(f"{sign!r} joins {noun}, but {text!r} names others", where=where, next_move="use another sign")
    return Pair(STEPS[sign], one, other)


def pairs_of(
    written: Sequence[str] | str,
    bought: bool,
    inputs: Mapping[str, NDArray[Any]],
    signature: Signature,
    target: NDArray[Any],
) -> tuple[Pair, ...]:
    """The pairs of one candidate: those that the spec lists, or with "auto", where it buys them, the best ones.

    Raises:
        SpecError: the spec lists a pair that does not fit.
    """
    if not isinstance(written, str):
        return tuple(read(text, signature, f"prepare.pairs[{at}]") for at, text in enumerate(written))
    return best(inputs, signature, target_columns(target, signature)) if bought and written == "auto" else ()


def best(inputs: Mapping[str, NDArray[Any]], signature: Signature, target: Numbers) -> tuple[Pair, ...]:
    """The pairs that say clearly more about the target than their columns do, the best first; often none.

    Args:
        inputs: encoded training rows by tensor name, ``[n, columns]`` each.
        signature: the features.
        target: of these rows as steps see it, ``[n, t]``.
    """
    rows = np.random.default_rng(len(target)).permutation(len(target))[:ROWS]
    y = target[rows]
    found: list[tuple[float, Pair]] = []
    if signature.of("numbers"):
        found += _of_numbers(np.asarray(inputs["numbers"])[rows], [f.name for f in signature.of("numbers")], y)
    if signature.of("codes"):
        found += _of_codes(np.asarray(inputs["codes"])[rows], [f.name for f in signature.of("codes")], y)
    found.sort(key=lambda f: (-f[0], f[1]))
    clear: dict[tuple[str, frozenset[str]], Pair] = {}
    for gain, pair in found:
        if gain >= GAIN:
            clear.setdefault((pair.step, frozenset(pair[1:])), pair)
    return tuple(clear.values())[:MOST]


def explained(groups: Groups, y: Numbers) -> float:
    """The share of the target's variance that lies between groups, adjusted for their number; the mean over columns.

    >>> explained(np.array([0, 0, 1, 1]), np.array([[1.0], [1.0], [5.0], [5.0]]))
    1.0
    """
    counts = np.bincount(groups)
    there = counts > 0
    sums = np.stack([np.bincount(groups, column) for column in y.T], axis=1)[there]
    sizes = counts[there][:, None]
    between = (sizes * (sums / sizes - y.mean(axis=0)) ** 2).sum(axis=0)
    whole = ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    share = np.divide(between, whole, out=np.zeros_like(between), where=whole > 0)
    left = len(y) - len(sizes)
    return float((1 - (1 - share) * (len(y) - 1) / left).mean()) if left > 0 else 0.0


def _of_numbers(x: NDArray[np.float32], names: list[str], y: Numbers) -> Iterator[tuple[float, Pair]]:
    """The best sign and order of each two numbers, with what it gains."""
    columns = x.astype(np.float64).T
    alone = [explained(_bins(c, _BINS), y) for c in columns]
    chosen = sorted(np.argsort([-a for a in alone], kind="stable")[:COLUMNS].tolist())
    grids = {c: _bins(columns[c], _GRID) for c in chosen}
    for one, other in itertools.combinations(chosen, 2):
        both = explained(grids[one] * (_GRID + 1) + grids[other], y)
        known = max(both, alone[one], alone[other])
        for sign, first, second in (("/", one, other), ("/", other, one), *((s, one, other) for s in "*-+")):
            gain = explained(_bins(_made(STEPS[sign], columns[first], columns[second]), _BINS), y) - known
            yield gain, Pair(STEPS[sign], names[first], names[second])


def _of_codes(codes: NDArray[np.int64], names: list[str], y: Numbers) -> Iterator[tuple[float, Pair]]:
    """Each cross of two columns of a few categories, with what it gains."""
    groups = {c: codes[:, c] - codes[:, c].min() for c in range(codes.shape[1])}
    few = {c: g for c, g in groups.items() if 1 < len(np.unique(g)) <= CATEGORIES}
    alone = {c: explained(g, y) for c, g in few.items()}
    chosen = sorted(sorted(few, key=lambda c: (-alone[c], c))[:COLUMNS])
    for one, other in itertools.combinations(chosen, 2):
        both = explained(few[one] * (int(few[other].max()) + 1) + few[other], y)
        yield both - alone[one] - alone[other], Pair("cross", names[one], names[other])


def preview(pair: Pair, inputs: Mapping[str, NDArray[Any]], signature: Signature) -> Numbers:
    """About what the step of two numbers gives, float64 ``[n]``: for looking at it, the step itself is a graph."""
    seats = signature.seats("numbers")
    one, other = (np.asarray(inputs["numbers"])[:, seats[c].start].astype(np.float64) for c in (pair.one, pair.other))
    return _made(pair.step, one, other)


def _made(step: str, one: Numbers, other: Numbers) -> Numbers:
    with np.errstate(all="ignore"):
        made = _LIKE[step](one, other)
    return np.where(np.isfinite(made), made, np.nan)


def _bins(values: Numbers, count: int) -> Groups:
    """Quantile groups from 0, with missing in a group of its own, the last."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.full(len(values), count, dtype=np.int64)
    edges = np.unique(np.quantile(known, np.arange(1, count) / count))
    found = np.searchsorted(edges, np.nan_to_num(values), side="right")
    return np.where(np.isfinite(values), found, count).astype(np.int64)
