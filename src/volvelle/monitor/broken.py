"""A broken contract: what no chance explains, so that one window is enough.

>>> from volvelle.monitor.records import Binned, Counted
>>> from volvelle.model.signature import Feature
>>> binned = Binned(feature=Feature(name="t", kind="number"), cuts=(1.0, 2.0))
>>> healthy, now = Counted(bins=(500, 300, 200), run=4), Counted(bins=(0, 0, 100), run=100)
>>> told(binned, healthy, 1000, now, 100)
('stuck', 'one value 100 times in a row, at most 4 times in the reference')
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from scipy.special import gammaincinv

from volvelle.monitor.records import Alarm, Binned, Calibration, Counted, Reference, Sketch

FEWEST, _LONGER = 20, 3
_DOUBT, _NEVER = 0.01, 1e-9
_NEARLY, _MOST, _FEW, _WIDE = 0.95, 0.5, 0.05, 8
_RARE = 0.01
_SCHEMA = {"absent": "does not come in", "extra": "come in", "type": "has another type in"}


def broken(reference: Reference, now: Sketch, window: int) -> list[Alarm]:
    """What is broken in one window; nothing below 20 rows.

    Where rows resemble their neighbours, fewer rows than a window of the reference may all lie in an unusual place.
    """
    found = failing(now.errors, now.rows, window)
    for binned in reference.edges.features if now.rows >= FEWEST else ():
        name = binned.feature.name
        known = reference.features.get(name) or Calibration(lags={})
        alike = known.ranked if now.rows < reference.window else ()
        healthy, apart = reference.whole.features[name], known.onward or bool(alike)
        reason = told(binned, healthy, reference.whole.rows, now.features[name], now.rows, onward=apart)
        reason = reason or in_one_counter(reference, binned, now)
        if reason and not (reason[0] == "missing" in alike):
            what, sentence = reason
            found.append(
                Alarm(severity="broken", window=window, what=what, feature=name, sentence=f"{name}: {sentence}")
            )
    return found


def failing(errors: int, answered: int, window: int) -> list[Alarm]:
    """Whether more requests were refused than answered; nothing below 20."""
    if errors < FEWEST or errors <= answered:
        return []
    share = errors / (errors + answered)
    sentence = f"{share:.0%} of the requests were refused or failed"
    return [Alarm(severity="broken", window=window, what="errors", sentence=sentence, effect=share)]


def schema(refused: Mapping[tuple[str, str], int], answered: int, window: int) -> list[Alarm]:
    """Fields that requests do not send, or send as another type: at least 20 requests, and one in a hundred.

    A value that a policy refuses (missing, unseen) is no other schema.

    >>> [alarm.sentence for alarm in schema({("absent", "heat"): 30, ("missing", "heat"): 90}, 70, 0)]
    ['heat: does not come in 30 of 100 requests, which were refused']

    Args:
        refused: requests by reason (see `volvelle.serve.refusals`) and feature.
        answered: requests of the same time.
        window: its position.
    """
    found = []
    for (reason, name), count in refused.items():
        whole = count + answered
        if reason in _SCHEMA and count >= FEWEST and count >= _RARE * whole:
            about = name or "fields that the model does not know"
            sentence = f"{about}: {_SCHEMA[reason]} {count:,} of {whole:,} requests, which were refused"
            what, share = "schema", count / whole
            found.append(
                Alarm(severity="broken", window=window, what=what, feature=name, sentence=sentence, effect=share)
            )
    return found


def told(
    binned: Binned, healthy: Counted, whole: int, now: Counted, rows: int, *, onward: bool = False
) -> tuple[str, str] | None:
    """What is broken about one feature and how one sees it, or None.

    Of a column that the reference lacks nothing is known. One that goes on with time (a month, a year, a count of
    days) leaves the range of training without anything being broken: that is drift, and for the tests of drift.

    Args:
        binned: the feature.
        healthy: what was counted of it in the reference.
        whole: rows of the reference.
        now: what was counted of it in a window.
        rows: of the window.
        onward: whether its values go on with time.
    """
    if now.missing >= _NEARLY * rows and healthy.missing <= _MOST * whole:
        return (
            "missing",
            f"{now.missing / rows:.0%} of the cells are missing, {healthy.missing / whole:.0%} in the reference",
        )
    present, before = rows - now.missing, whole - healthy.missing
    moves = before and present >= FEWEST and not onward
    if moves and (reason := _elsewhere(binned, healthy, before, now, present)):
        return reason
    if before and now.run >= max(FEWEST, _LONGER * healthy.run) and _beyond_chance(healthy.run, before, now.run, rows):
        return "stuck", f"one value {now.run:,} times in a row, at most {healthy.run:,} times in the reference"
    return None


def in_one_counter(reference: Reference, binned: Binned, now: Sketch) -> tuple[str, str] | None:
    """Whether a number that a device counted is stuck: it keeps no runs, but all values lie in one counter.

    That happens to nobody by chance if no healthy window had more than half of its values in one. Where rows resemble
    their neighbours a shorter window than these may stay in one, and is not judged; nor is what goes on with time.

    Args:
        reference: with its healthy windows.
        binned: the feature.
        now: a window.
    """
    name, seen = binned.feature.name, now.features[binned.feature.name]
    present, known = sum(seen.bins), reference.features.get(name)
    if seen.run or binned.nominal or not present or max(seen.bins) < present:
        return None
    if known is not None and (known.onward or ("numbers" in known.ranked and now.rows < reference.window)):
        return None
    healthy = [w.features[name].bins for w in (reference.whole, *reference.windows)]
    most = max(max(bins) / sum(bins) if sum(bins) else 1.0 for bins in healthy)
    if most > _MOST or most**present >= _NEVER:
        return None
    return (
        "stuck",
        f"all {present:,} values lie in one of {len(seen.bins)} counters, at most {most:.0%} in the reference",
    )


def stays(longest: int, rows: int) -> float:
    """The greatest chance that a value stays for one more row that goes with a longest run of so many rows.

    At 99 %, in two ways, for a value that stays by chance from row to row. Rows in runs of at most `longest` hold at
    least ``rows / longest - 1`` changes, and so many changes bound their rate from beneath (the exact limit of
    Poisson's). And of the runs that begin in these rows none became longer: at a chance s that is about
    exp(-rows (1 - s) s ** longest), so that long runs of few rows teach little.

    References: Garwood, Biometrika 28, 1936 (limits of a rate); Arratia, Goldstein and Gordon, Statistical Science 5,
    1990, example 3 (the longest run).

    >>> round(stays(2, 10_000), 3), round(stays(24, 168), 3), stays(168, 168)
    (0.022, 0.989, 1.0)
    """
    changes = math.ceil(rows / longest) - 1
    if changes < 1:
        return 1.0
    most = 1 - float(gammaincinv(changes, _DOUBT)) / rows

    def unlikely(s: float) -> bool:
        return rows * (1 - s) * s**longest > -math.log(_DOUBT)

    if not unlikely(most):
        return most
    low, high = 0.0, min(most, longest / (longest + 1))
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if unlikely(middle) else (middle, high)
    return low


def _beyond_chance(longest: int, before: int, run: int, rows: int) -> bool:
    """Whether no window in very many would show a run like this, if values stayed as long as they did."""
    return rows * stays(longest, before) ** (run - 1) < _NEVER


def _elsewhere(binned: Binned, healthy: Counted, before: int, now: Counted, present: int) -> tuple[str, str] | None:
    """Most values lie where hardly any lay."""
    if now.outside >= _MOST * present and healthy.outside <= _FEW * before:
        share = f"{now.outside / present:.0%} of the values"
        if binned.nominal:
            return "categories", f"{share} are categories that training never saw"
        if binned.feature.kind == "time":
            return "clock", f"{share} lie before the first time of training"
        return "unit", f"{share} are out of the range of training, as if a unit had changed"
    if len(now.bins) >= _WIDE and not binned.nominal:
        for place in (0, -1):
            if now.bins[place] >= (1 - _FEW) * present and healthy.bins[place] <= _FEW * 4 * before:
                return "unit", f"{now.bins[place] / present:.0%} of the values are at one end, as if a unit had changed"
    return None
