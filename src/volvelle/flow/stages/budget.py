"""Budget: what the device of the spec has for a model, so that a changed floor of quality searches nothing again."""

from __future__ import annotations

from volvelle.compiler.device import asked
from volvelle.evaluate import budget as bounding
from volvelle.evaluate.budget import Budget
from volvelle.flow.context import Context
from volvelle.spec.gates import parse
from volvelle.spec.requirements import Spec


def budget(spec: Spec, context: Context) -> Budget:
    """The limits of the gates and of the device; empty without a device, and then no gate is read.

    Raises:
        NotFound: no such device.
    """
    if spec.device is None:
        return bounding.NOWHERE
    return bounding.budget(asked(spec.device), [parse(text) for text in spec.require.gates], spec.device.goal)
