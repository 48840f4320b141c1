"""The device that a spec or a command names."""

from __future__ import annotations

from msgspec import structs

from volvelle.catalog import DEVICES, EMULATORS, TOOLCHAINS
from volvelle.compiler.records import Device
from volvelle.errors import NotFound, near
from volvelle.spec.requirements import Device as Asked
from volvelle.spec.units import quantity


def asked(wanted: Asked) -> Device:
    """The device of a spec, with the memory that it states.

    Raises:
        NotFound: no such device.
        SpecError: the clock or a size is no quantity.
    """
    stated = {name: getattr(wanted, name) for name in ("flash", "ram")}
    own = {name: round(quantity(text, "bytes")) for name, text in stated.items() if text is not None}
    return structs.replace(device(wanted.core, wanted.clock), **own)


def device(name: str, clock: str | None = None) -> Device:
    """A core or a board.

    Args:
        name: as in the spec, such as ``cortex-m4f``.
        clock: such as ``80 MHz``; that of the board where it is left out.

    Raises:
        NotFound: no such device; near names are offered.
        SpecError: the clock is no frequency.
    """
    plain = name.lower().replace("-", "_")
    if plain not in DEVICES:
        known = [n.replace("_", "-") for n in DEVICES.names()]
        raise NotFound(f"no device is called {name!r}", where="device.core", next_move=near(name, known))
    core = DEVICES.fact(plain, "CORE")
    way = DEVICES.fact(core, "WAY")
    made = Device(
        name=plain.replace("_", "-"),
        core=core.replace("_", "-"),
        target=DEVICES.fact(core, "TARGET"),
        machine=DEVICES.fact(core, "MACHINE"),
        cycles=DEVICES.fact(core, "CYCLES"),
        flash=DEVICES.fact(plain, "FLASH"),
        ram=DEVICES.fact(plain, "RAM"),
        clock=round(quantity(clock, "1/seconds")) if clock else DEVICES.fact(plain, "CLOCK"),
    )
    made = structs.replace(made, narrow=bool(DEVICES.fact(core, "NARROW")))
    return structs.replace(made, way=way) if way else made


def missing(wanted: Device) -> str:
    """Debian's names of what the tools of a device still need; empty where they are there, or come from pip."""
    pairs = zip((TOOLCHAINS, EMULATORS), wanted.way, strict=True)
    modules = [kind.load(name) for kind, name in pairs if kind.fact(name, "PACKAGES")]
    return " ".join(filter(None, (module.missing() for module in modules)))
