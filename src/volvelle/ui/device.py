"""The device part of the report: what the model takes there, and how its answers compare."""

from __future__ import annotations

from typing import Any

from volvelle.compiler.device import asked, device
from volvelle.compiler.records import Footprint, Layer, Placed
from volvelle.evaluate.records import Constrained
from volvelle.flow.result import Result
from volvelle.spec.units import show
from volvelle.ui import charts
from volvelle.ui.footprint import WRITTEN_FOR, bound
from volvelle.ui.pages import drawn
from volvelle.ui.scales import number
from volvelle.ui.wording import clean, show_value, size, title

_ROW, _MOST, _PARTS = 22, 24, 10
"""Height of a line of a drawing; how many values of memory, and parts of the C, are drawn."""

_BITS = {True: "the same", False: "others", None: "–"}


def placed(result: Result) -> dict[str, Any]:
    """Facts, bars, memory and parity; None for a run without a device."""
    found = result.footprint
    if found is None:
        return {"device": None}
    bounded = result.evidence.constrained
    wanted = asked(result.spec.device) if result.spec.device else device(found.device)
    limits: dict[str, int | None] = {"flash": wanted.flash, "ram": wanted.ram}
    limits |= {limit.name: round(limit.most) for limit in (bounded.limits if bounded else ())}
    seconds = found.latency()
    facts = [
        ("Device", found.device if wanted.core == found.device else f"{found.device} ({wanted.core})"),
        ("Stack", f"{found.stack:,} bytes{bound(found)}"),
        ("Instructions a row", _spread(found.instructions)),
        *([("Of real rows alone", _spread(found.real))] if found.real else ()),
        ("Cycles a row", f"{_spread(found.cycles)}; an estimate from the table of the core"),
        ("Latency", f"{show(seconds, 'seconds')} at {found.clock / 1e6:g} MHz, an estimate")
        if seconds and found.clock
        else ("Latency", "no clock is stated"),
        *_decided(bounded, result.evidence.metric),
        ("Written for", WRITTEN_FOR[found.goal]),
        ("Made with", f"{found.compiler}, {found.emulator}"),
    ]
    return {
        "device": {
            "facts": facts,
            "relax": bounded.relax if bounded else (),
            "beside": _beside(result),
            "metric": title(result.evidence.metric),
            "figures": [f for f in (_budget(found, limits), _costs(found.layers), _memory(found.memory)) if f],
            "parity": [
                (p.where, f"{p.rows:,}", f"{p.label_differences:,}", f"{p.largest:.1g}", _BITS[p.same], p.differs())
                for p in found.parity
            ],
        }
    }


def _beside(result: Result) -> list[tuple[str, ...]]:
    """A model that was made smaller, and what it was before: in real numbers, with all its weights."""
    shipped = next((p for p in result.evidence.front if p.shipped), None)
    trials = {t.number: t for t in result.searched.trials}
    if not shipped or shipped.trial is None:
        return []
    trial = trials[shipped.trial]
    others = {"in float32": trial.real, "with all its weights": trial.unpruned}
    others = {name: told for name, told in others.items() if "flash" in told}
    if not others:
        return []
    taken = {"score": shipped.score, "flash": shipped.flash, "ram": shipped.ram, "instructions": shipped.instructions}
    forms: dict[str, dict[str, Any]] = {
        f"{shipped.form}: shipped, measured": taken,
        **{f"the same {name}: foretold": told for name, told in others.items()},
    }
    return [(name, *_cells({key: float(value or 0) for key, value in told.items()})) for name, told in forms.items()]


def _cells(told: dict[str, float]) -> tuple[str, ...]:
    flash, ram, work = (round(told[name]) for name in ("flash", "ram", "instructions"))
    return show_value(told["score"]), size(flash), show(float(ram), "bytes"), f"{work:,}"


def _decided(bounded: Constrained | None, metric: str) -> list[tuple[str, str]]:
    """What the search gave up for the budget."""
    if bounded is None:
        return []
    rows = [
        ("Fit the device", f"{bounded.fitting} of {bounded.candidates} candidates, foretold before any was compiled")
    ]
    points = {
        "Best that fits": bounded.within,
        "Smallest within one standard error": bounded.small,
        "Best without the budget": bounded.free,
    }
    for label, point in points.items():
        if point is not None:
            took = f", {size(point.flash)} of flash" if point.flash is not None else ", which cannot be compiled"
            rows.append(
                (label, f"{title(point.estimator)}: {title(metric)} {show_value(point.score)} over the folds{took}")
            )
    return rows


def _spread(spread: Any) -> str:
    return f"{spread.median:,} (median), {spread.least:,} to {spread.most:,}"


def _budget(found: Footprint, limits: dict[str, int | None]) -> dict[str, Any]:
    """A track for what is allowed, filled by what is taken; one that is overrun is another colour."""
    left, wide, body = 50.0, 110.0, ""
    for at, (name, took) in enumerate((("flash", found.flash), ("ram", found.ram))):
        y, limit = 4 + _ROW * at, limits[name]
        share = min(took / limit, 1.0) if limit else 0.0
        of = f" of {show(float(limit), 'bytes')}, {100 * took / limit:.1f} %" if limit else ""
        label, text = name if name == "flash" else "RAM", f"{show(float(took), 'bytes')}{of}"
        body += f"<g><title>{label}: {charts.safe(text)}</title>"
        body += f'<text class="end" x="{number(left - 6)}" y="{y + 14}">{label}</text>'
        if limit:
            body += charts.box(left, y + 3, wide, 14, "fq", 'opacity=".25"')
            body += charts.box(left, y + 3, max(share * wide, 2), 14, "f1" if took <= limit else "f2")
        body += f'<text class="strong" x="{number(left + (wide if limit else 0) + 6)}" y="{y + 14}">'
        body += f"{charts.safe(text)}</text></g>"
    name = "Memory of the device"
    note = "Filled: taken. The track is what the gates, or the board, allow."
    return {"title": name, "note": note, "svg": drawn(charts.drawing(charts.WIDTH, 8 + 2 * _ROW, name, note, body))}


def _costs(layers: tuple[Layer, ...]) -> dict[str, Any] | None:
    """What each part of the C takes of the slowest row's instructions, dearest first."""
    whole = sum(layer.instructions for layer in layers)
    if not whole:
        return None
    shown = sorted(layers, key=lambda layer: -layer.instructions)[:_PARTS]
    left, body = 150.0, ""
    wide = charts.WIDTH - left - 60
    for at, layer in enumerate(shown):
        y, share = 4 + _ROW * at, layer.instructions / whole
        body += f"<g><title>{charts.safe(clean(layer.name, 80))}: {layer.instructions:,} instructions</title>"
        body += f'<text class="end" x="{number(left - 6)}" y="{y + 14}">{charts.safe(clean(layer.name, 20))}</text>'
        body += charts.box(left, y + 3, max(share * wide, 2), 14, "f1")
        body += f'<text x="{number(left + max(share * wide, 2) + 6)}" y="{y + 14}">{100 * share:.1f} %</text></g>'
    name = "What each part costs"
    note = (
        f"Of {whole:,} instructions of the slowest row. Parts are numbered as in the C and named by their operators; "
        f"{len(shown)} of {len(layers)}, the dearest first."
    )
    svg = charts.drawing(charts.WIDTH, 8 + _ROW * len(shown), name, note, body)
    return {"title": name, "note": note, "svg": drawn(svg)}


def _memory(plan: tuple[Placed, ...]) -> dict[str, Any] | None:
    """Each value as a bar from the step that makes it to the last that reads it."""
    if not plan:
        return None
    shown = sorted(sorted(plan, key=lambda p: -p.bytes)[:_MOST], key=lambda p: (p.first, p.pool, p.offset))
    last = max(p.last for p in plan) + 1
    left = 150.0
    wide = (charts.WIDTH - left - 10) / last
    body = ""
    for at, one in enumerate(shown):
        y = 4 + _ROW * at
        words = f"{one.bytes:,} bytes at {one.offset} of {one.pool}, steps {one.first} to {one.last}"
        body += f"<g><title>{charts.safe(clean(one.name, 60))}: {charts.safe(words)}</title>"
        label = f"{one.pool} +{one.offset}, {show(float(one.bytes), 'bytes')}"
        body += f'<text class="end" x="{number(left - 6)}" y="{y + 14}">{charts.safe(label)}</text>'
        body += charts.box(left + one.first * wide, y + 3, max((one.last + 1 - one.first) * wide, 2), 14, "f1")
        body += "</g>"
    name = "Working memory over one row"
    note = f"From the step that makes a value to the last that reads it; {len(shown)} of {len(plan)} values."
    svg = charts.drawing(charts.WIDTH, 8 + _ROW * len(shown), name, note, body)
    return {"title": name, "note": note, "svg": drawn(svg)}
