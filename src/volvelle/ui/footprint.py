"""The footprint of a model on a device, as lines for a terminal."""

from __future__ import annotations

from volvelle.compiler import memory
from volvelle.compiler.records import Device, Footprint
from volvelle.spec.units import show

_BAR, _PARTS, _VALUES = 24, 4, 6
"""Characters of a bar; how many parts of the C, and values in working memory, are listed."""


WRITTEN_FOR = {"size": "little flash", "tight": "the least flash", "speed": "few instructions"}
_FORMS = {"marks": "marked zeros", "gaps": "lengths of zeros", "prefix": "Huffman code"}


def board(found: Footprint, device: Device) -> str:
    """Memory as bars against the board, cost of a row, and how the answers compare."""
    core = "" if device.core == device.name else f" ({device.core})"
    lines = [f"{device.name}{core}", ""]
    lines.append(_line("flash", found.flash, device.flash, device.name))
    lines.append(_line("RAM", found.ram, device.ram, device.name))
    lines += [f"    {line}" for line in memory.lines(found.memory, memory.parts(found.layers), _VALUES)]
    lines += [f"  weights       {line}" for line in stored(found)]
    lines.append(f"  stack         {found.stack:>10,} bytes{bound(found)}")
    spread = found.instructions
    lines.append(f"  instructions  {spread.median:>10,} a row (median), {spread.least:,} to {spread.most:,}")
    if found.real is not None:
        real = found.real
        lines.append(f"    {'real rows':<11} {real.median:>10,} a row (median), {real.least:,} to {real.most:,}")
    whole = sum(layer.instructions for layer in found.layers)
    for at, layer in enumerate(sorted(found.layers, key=lambda layer: -layer.instructions)[:_PARTS]):
        label = "" if at else "of which"
        lines.append(f"    {label:<11} {layer.instructions:>10,}  {layer.instructions / whole:>4.0%} in {layer.name}")
    seconds = found.latency()
    time = f", {show(seconds, 'seconds')} at {found.clock / 1e6:g} MHz" if seconds and found.clock else ""
    lines.append(f"  cycles        {found.cycles.most:>10,} at most, an estimate{time}")
    lines.append("")
    for one in found.parity:
        told = f"{one.label_differences} label differences, largest difference {one.largest:.1g}"
        told += {True: ", the bits of this machine", False: ", other bits than this machine's", None: ""}[one.same]
        mark = "✗" if one.differs() else "✓"
        lines.append(f"  {mark} {one.where}: {one.rows:,} rows, {told}")
    lines.append(f"  written for {WRITTEN_FOR[found.goal]}; {found.compiler}, {found.emulator}")
    return "\n".join(lines)


def stored(found: Footprint) -> list[str]:
    """How packed weights lie, by layer."""
    return [
        f"{one.flash:>10,} bytes of {one.plain:,} in {one.part}: {_FORMS[one.how]}, "
        + ("unpacked once into RAM" if one.kept else "unpacked in every row")
        for one in found.weights
    ]


def bound(found: Footprint) -> str:
    """What is told behind the deepest mark on the stack."""
    if found.stack_bound is None:
        return ", the deepest mark that a row left; no bound is proven"
    return f", the deepest mark that a row left; {found.stack_bound:,} are the proven bound"


def _line(name: str, took: int, limit: int | None, device: str) -> str:
    text = f"  {name:<13} {took:>10,} bytes"
    if limit is None:
        return text
    if took > limit:
        return f"{text}  ✗ {took - limit:,} bytes more than {device} has"
    filled = min(_BAR, -(-took * _BAR // limit))
    return f"{text}  {'█' * filled}{'·' * (_BAR - filled)}  {100 * took / limit:.1f} % of {show(float(limit), 'bytes')}"
