"""A broken contract: what no chance explains, so that one window is enough.

>>> from volvelle.monitor.records import Binned, Counted
>>> from volvelle.model.signature import Feature
>>> binned = Binned(feature=Feature(name="t", kind="number"), cuts=(1.0, 2.0))
>>> healthy, now = Counted(bins=(500, 300, 200), run=4), Counted(bins=(0, 0, 100), run=100)
>>> told(binned, healthy, 1000, now, 100)
('stuck', 'one value 100 times in a row, at most 4 times in the reference')
"""

from __future__ import annotations

from volvelle.monitor.records import Alarm, Binned, Counted, Reference, Sketch

_FEWEST, _LONGER = 20, 3
_NEARLY, _MOST, _FEW, _WIDE = 0.95, 0.5, 0.05, 8


def broken(reference: Reference, now: Sketch, window: int) -> list[Alarm]:
    """What is broken in one window; nothing below 20 rows."""
    found = []
    if now.errors > now.rows and now.errors >= _FEWEST:
        share = now.errors / (now.errors + now.rows)
        sentence = f"{share:.0%} of the requests were refused or failed"
        found.append(Alarm(severity="broken", window=window, what="errors", sentence=sentence, effect=share))
    for binned in reference.edges.features if now.rows >= _FEWEST else ():
        name = binned.feature.name
        reason = told(binned, reference.whole.features[name], reference.whole.rows, now.features[name], now.rows)
        if reason:
            what, sentence = reason
            found.append(
                Alarm(severity="broken", window=window, what=what, feature=name, sentence=f"{name}: {sentence}")
            )
    return found


def told(binned: Binned, healthy: Counted, whole: int, now: Counted, rows: int) -> tuple[str, str] | None:
    """What is broken about one feature and how one sees it, or None.

    A run is too long at three times the longest of the reference: runs of a value grow with the logarithm of the rows,
    so that independent or briefly sticky rows do not make one in very many windows. Of a column that the reference
    lacks nothing is known.
    """
    if now.missing >= _NEARLY * rows and healthy.missing <= _MOST * whole:
        return (
            "missing",
            f"{now.missing / rows:.0%} of the cells are missing, {healthy.missing / whole:.0%} in the reference",
        )
    present, before = rows - now.missing, whole - healthy.missing
    if before and present >= _FEWEST and (reason := _elsewhere(binned, healthy, before, now, present)):
        return reason
    if before and now.run >= max(_FEWEST, _LONGER * healthy.run):
        return "stuck", f"one value {now.run:,} times in a row, at most {healthy.run:,} times in the reference"
    return None


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
