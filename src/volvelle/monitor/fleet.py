"""Many devices as one: their windows added up, each counted once, none heavier than the others allow.

A device that answers ten times as often as the rest would drown them, and a broken one would look like drift of all.
So there are two sums: `whole`, in which each row counts as one, and `fair`, in which a device counts for at most `CLIP`
times the median, and for nothing where it is unlike the others. Each device is held against all others, by the tests of
the policy, corrected for having looked at each thing of each device (Benjamini and Yekutieli, Annals of Statistics 29,
2001: the looks are not independent).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import median
from typing import NamedTuple

import numpy as np
from msgspec import structs

from volvelle.catalog import DRIFT
from volvelle.errors import InputError
from volvelle.monitor.look import Looks, looks
from volvelle.monitor.records import PREDICTION, SCORE, Counted, Edges, Policy, Sketch
from volvelle.monitor.sketch import total
from volvelle.monitor.wire import Received
from volvelle.spec.requirements import Record

CLIP = 4.0
"""Times the median number of rows that one device counts for, at most."""
FEWEST = 5
"""Devices below which no single one is shown: with so few a pseudonym hides nobody."""


class Member(Record, frozen=True):
    """One device among the others."""

    device: str
    windows: int
    rows: int
    weight: float
    """Share of its rows that `fair` counts."""
    feature: str = ""
    """What differs most from the other devices, where that is more than chance; empty where nothing does."""
    test: str = ""
    effect: float = 0.0
    """Share of its rows that would have to move."""
    p: float | None = None
    """Corrected for all that was looked at on all devices."""


class Fleet(Record, frozen=True):
    """What all devices counted."""

    whole: Sketch
    fair: Sketch
    devices: int
    members: tuple[Member, ...] = ()
    """The devices that differ most first; empty where they are fewer than `FEWEST`."""
    repeats: int = 0
    """Windows that came more than once."""
    conflicts: int = 0
    """Windows that came again with other counts, as from a device that lost its count of starts; the first counts."""
    uncounted: int = 0
    """Rows behind the 65,535 that a window holds."""

    @property
    def odd(self) -> tuple[Member, ...]:
        """The devices that differ from the others."""
        return tuple(m for m in self.members if m.feature)


def fleet(records: Iterable[Received], edges: Edges, policy: Policy, *, clip: float = CLIP) -> Fleet:
    """Add up what devices sent.

    Args:
        records: of one release, in any order.
        edges: of that release.
        policy: its drift tests, its rate of false discoveries and its smallest effect.
        clip: times the median number of rows that one device counts for, at most.

    Raises:
        InputError: there is no record, or they are of different edges.
    """
    kept: dict[tuple[str, int, int], Received] = {}
    repeats = conflicts = 0
    for one in records:
        again = one.key in kept
        known = kept.setdefault(one.key, one)
        repeats += again and known == one
        conflicts += again and known != one
    if not kept:
        raise InputError("no device sent anything", next_move="read a record with <name>_sketch_read on the device")
    by_device = groupby(sorted(kept.values(), key=lambda r: r.key), key=lambda r: r.device)
    windows = {device: [r.sketch for r in found] for device, found in by_device}
    sums = {device: total(found) for device, found in windows.items()}
    most = round(clip * median(s.rows for s in sums.values()))
    shares = {device: min(1.0, most / s.rows) if s.rows else 1.0 for device, s in sums.items()}
    members = [
        Member(device=device, windows=len(windows[device]), rows=s.rows, weight=shares[device])
        for device, s in sums.items()
    ]
    compared = _compared(members, sums, edges, policy) if len(sums) >= FEWEST else ()
    odd = {m.device for m in compared if m.feature}
    return Fleet(
        whole=total(sums.values()),
        fair=total(clipped(s, most) for device, s in sums.items() if device not in odd),
        devices=len(sums),
        members=compared,
        repeats=repeats,
        conflicts=conflicts,
        uncounted=sum(r.uncounted for r in kept.values()),
    )


def clipped(sketch: Sketch, most: int) -> Sketch:
    """A sketch of at most so many rows with the same shares, in whole numbers that still add up.

    >>> few = Sketch(edges="", rows=10, features={"t": Counted(bins=(4, 5), missing=1, outside=2)}, scores=((10, 0),))
    >>> clipped(few, 5).features["t"], clipped(few, 5).scores
    (Counted(bins=(2, 3), missing=0, outside=1, run=0), ((5, 0),))
    """
    if sketch.rows <= most:
        return sketch
    features = {}
    for name, counted in sketch.features.items():
        held = _shrunk((*counted.bins, counted.missing), most, sketch.rows)
        outside = round(counted.outside * most / sketch.rows)
        features[name] = Counted(bins=held[:-1], missing=held[-1], outside=outside, run=counted.run)
    flat = _shrunk([count for line in sketch.chosen for count in line], most, sketch.rows)
    wide = len(sketch.chosen[0]) if sketch.chosen else 1
    return structs.replace(
        sketch,
        rows=most,
        features=features,
        scores=tuple(_shrunk(line, most, sketch.rows) for line in sketch.scores),
        chosen=tuple(flat[at : at + wide] for at in range(0, len(flat), wide)),
        worth=(),
        errors=round(sketch.errors * most / sketch.rows),
        latency=_shrunk(sketch.latency, most, sketch.rows),
    )


def _shrunk(counts: Sequence[int], most: int, rows: int) -> tuple[int, ...]:
    """Counts times `most` / `rows`, rounded so that their sum is (largest remainders)."""
    parts = [divmod(count * most, rows) for count in counts]
    spare = round(sum(counts) * most / rows) - sum(whole for whole, _ in parts)
    order = sorted(range(len(parts)), key=lambda k: (-parts[k][1], k))
    more = set(order[:spare])
    return tuple(whole + (k in more) for k, (whole, _) in enumerate(parts))


def _compared(members: list[Member], sums: dict[str, Sketch], edges: Edges, policy: Policy) -> tuple[Member, ...]:
    """Every device beside the sum of all others, those that differ first.

    What differs most is named and left out of what the next ones are held against, for it would make all others odd.
    """
    seen = {device: looks(s, edges) for device, s in sums.items()}
    named: dict[str, _Odd] = {}
    while len(seen) - len(named) >= FEWEST:
        others = {device: found for device, found in seen.items() if device not in named}
        odd = max(_odd(others, policy), key=lambda o: o.effect, default=None)
        if odd is None:
            break
        named[odd.device] = odd
    made = [
        structs.replace(m, feature=o.feature, test=o.test, effect=o.effect, p=o.p) if (o := named.get(m.device)) else m
        for m in members
    ]
    return tuple(sorted(made, key=lambda m: (-m.effect, m.device)))


class _Odd(NamedTuple):
    """One test of one thing of one device."""

    p: float
    device: str
    feature: str
    test: str
    effect: float


def _odd(seen: dict[str, Looks], policy: Policy) -> list[_Odd]:
    """What is more than chance: of each device the input, or else the answer, that differs most."""
    tests = [(name, test) for name in policy.tests if (test := DRIFT.load(name)).EFFECT == "share"]
    whole = {key: sum(found[key] for found in seen.values()) for key in next(iter(seen.values()))}
    tried = []
    for device, found in seen.items():
        for key, now in found.items():
            others = whole[key] - now
            for name, test in tests:
                if key[1] in test.TAKES and np.count_nonzero(others + now) > 1:
                    score = test.score(others, now)
                    tried += [_Odd(score.p, device, key[0], name, score.effect)] if score.p is not None else []
    harmonic = sum(1 / k for k in range(1, len(tried) + 1))
    best: dict[str, _Odd] = {}
    # From the largest chance down, each corrected chance at most the one before.
    corrected = 1.0
    for place, odd in reversed(list(enumerate(sorted(tried), 1))):
        corrected = min(corrected, odd.p * len(tried) * harmonic / place)
        if corrected <= policy.fdr and odd.effect >= policy.effect:
            rivals = [odd._replace(p=corrected), *filter(None, [best.get(odd.device)])]
            best[odd.device] = max(rivals, key=lambda o: (o.feature not in (PREDICTION, SCORE), o.effect))
    return list(best.values())
