"""Budget: what the device of the spec has for a model, so that a changed floor of quality searches nothing again."""

from __future__ import annotations

from msgspec import structs

from volvelle.compiler.device import device
from volvelle.evaluate import budget as bounding
from volvelle.evaluate.budget import Budget
from volvelle.flow.context import Context
from volvelle.spec.gates import parse
from volvelle.spec.requirements import Spec
from volvelle.spec.units import quantity


def budget(spec: Spec, context: Context) -> Budget:
    """The limits of the gates and of the device; empty without a device, and then no gate is read.

    Raises:
        NotFound: no such device.
    """
    if spec.device is None:
        return bounding.NOWHERE
    wanted = device(spec.device.core, spec.device.clock)
    stated = {name: getattr(spec.device, name) for name in ("flash", "ram")}
    own = {name: round(quantity(text, "bytes")) for name, text in stated.items() if text is not None}
    return bounding.budget(structs.replace(wanted, **own), [parse(text) for text in spec.require.gates])
