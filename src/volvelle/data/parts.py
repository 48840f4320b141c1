"""Columns that together make up the target: a sum of amounts, or flags of which any one sets it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.data.table import Table

_MOST = 8
_FEW = 30
"""Fewer rows prove nothing."""
_PURE, _WHOLE = 0.98, 0.9


class Sum(NamedTuple):
    """The target as a weighted sum of columns."""

    weights: dict[str, float]
    offset: float
    share: float
    """Of the sampled rows in which it holds exactly."""


class Flags(NamedTuple):
    """Yes-or-no columns, any of which sets one class of the target."""

    columns: tuple[str, ...]
    company: tuple[str, ...]
    """Columns that look like these and stand among them, but set nothing."""
    covered: int
    """Rows of the class in which one is set."""
    rows: int
    """Rows of the class."""
    code: int
    """The class."""


def exact_sum(table: Table, y: NDArray[np.float64]) -> Sum | None:
    """Two to eight columns whose weighted sum is the target, found by orthogonal matching pursuit.

    Source: Pati, Rezaiifar, Krishnaprasad, Orthogonal matching pursuit, 1993; at most 2,000 rows are fitted.
    """
    names = [n for n in table.candidates if table.numeric(n) and table.columns[n].kind != "time"]
    names = [n for n in names if not table.columns[n].constant]
    if len(y) < _FEW or len(names) < 2:
        return None
    x = np.column_stack([table.numbers(n) for n in names])
    full = ~np.isnan(x).any(1) & ~np.isnan(y)
    known = full if full.sum() >= _FEW else np.zeros(len(y), dtype=bool)
    rows = np.flatnonzero(known)[:: max(1, int(known.sum()) // 2000)]
    if len(rows) < _FEW:
        return None
    picked, weights = _pursue(x[rows], y[rows])
    if len(picked) < 2:
        return None
    made = x[:, picked] @ weights[:-1] + weights[-1]
    holds = np.abs(made - y) <= 1e-6 * max(1.0, float(np.nanmax(np.abs(y))))
    share = float(holds[~np.isnan(made)].mean())
    if share < 0.99:
        return None
    found = sorted(zip(picked, weights[:-1], strict=True))
    return Sum({names[k]: float(w) for k, w in found}, float(weights[-1]), share)


def setting_flags(table: Table) -> Flags | None:
    """Flags that are set almost only in one class and together cover it almost whole.

    A class that most rows have proves nothing and is not tried. One flag alone is no part but the whole.
    """
    set_ = {n: table.numbers(n) == 1 for n in table.candidates if _is_flag(table, n)}
    if len(table.y) < _FEW or len(set_) < 2:
        return None
    for code in range(len(table.labels)):
        inside = table.y == code
        if inside.mean() > 0.5 or inside.sum() < 10:
            continue
        pure = [n for n, s in set_.items() if s.sum() >= 5 and inside[s].mean() >= _PURE]
        chosen: list[str] = []
        covered = np.zeros(len(inside), dtype=bool)
        while pure and len(chosen) < _MOST:
            name = max(pure, key=lambda n: int((set_[n] & inside & ~covered).sum()))
            if not (set_[name] & inside & ~covered).any():
                break
            chosen.append(name)
            covered |= set_[name]
            pure.remove(name)
        if len(chosen) >= 2 and covered[inside].mean() >= _WHOLE:
            order = tuple(n for n in set_ if n in chosen or n in pure)
            company = _company(table, order, tuple(set_))
            return Flags(order, company, int(covered[inside].sum()), int(inside.sum()), code)
    return None


def _pursue(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[list[int], NDArray[np.float64]]:
    """Positions and weights (the last is the offset) of an exact fit; no position where there is none."""
    scale = max(1e-300, float(np.abs(y - y.mean()).max()))
    centred = x - x.mean(0)
    length = np.sqrt((centred**2).sum(0))
    picked: list[int] = []
    rest = y - y.mean()
    for _ in range(min(_MOST, x.shape[1], len(y) // 3)):
        with np.errstate(divide="ignore", invalid="ignore"):
            pull = np.nan_to_num(np.abs(centred.T @ rest) / length, posinf=0.0)
        pull[picked] = -1.0
        picked.append(int(pull.argmax()))
        design = np.column_stack([x[:, picked], np.ones(len(y))])
        weights = np.linalg.lstsq(design, y, rcond=None)[0]
        rest = y - design @ weights
        if np.abs(rest).max() <= 1e-7 * scale:
            used = np.abs(weights[:-1]) * length[picked] > 1e-6 * scale
            kept = [k for k, there in zip(picked, used, strict=True) if there]
            return kept, np.append(weights[:-1][used], weights[-1])
    return [], np.zeros(1)


def _is_flag(table: Table, name: str) -> bool:
    column = table.columns[name]
    if column.kind == "boolean":
        return True
    return column.kind in ("integer", "number") and column.distinct == 2 and (column.low, column.high) == (0.0, 1.0)


def _company(table: Table, members: tuple[str, ...], flags: tuple[str, ...]) -> tuple[str, ...]:
    """Flags beside the members whose names are built alike: same shape, and a first or last letter in common."""
    order = [n for n in table.frame.columns if n != table.target]
    near = {order[k] for m in members for k in (order.index(m) - 1, order.index(m) + 1) if 0 <= k < len(order)}
    shapes = {_shape(m) for m in members}
    first, last = {m[:1] for m in members}, {m[-1:] for m in members}
    alike = [n for n in flags if n in near and n not in members and _shape(n) in shapes]
    return tuple(n for n in alike if (len(first) == 1 and n[:1] in first) or (len(last) == 1 and n[-1:] in last))


def _shape(name: str) -> str:
    return "".join("A" if c.isupper() else "a" if c.isalpha() else c for c in name)
