"""Prove: compile the model for the device of the spec, run it there, and compare."""

from __future__ import annotations

import msgspec
import polars as pl
from msgspec import structs

from volvelle.compiler import prove as proving
from volvelle.compiler.device import asked
from volvelle.compiler.parity import Rows
from volvelle.compiler.records import Device, Footprint, Goal
from volvelle.data.versions import from_bytes
from volvelle.deploy.packages import cmake
from volvelle.deploy.packing import MODEL, Packing
from volvelle.evaluate.budget import Budget
from volvelle.evaluate.records import Scored
from volvelle.flow.context import Context
from volvelle.model.encode import encode
from volvelle.spec.requirements import Spec
from volvelle.train.records import Model


def prove(spec: Spec, model: Model, scored: Scored, budget: Budget, context: Context) -> Footprint:
    """Flash, memory, stack and instructions, and the answers of the C beside those of the ONNX file on all test rows.

    Without a device nothing is compiled. The seal stays closed: the rows are those of `validate`.

    Raises:
        ModelError: the model cannot be compiled.
        MissingExtra: the `device` extra is not installed.
    """
    if spec.device is None:
        return proving.NOWHERE
    wanted = asked(spec.device)
    if proving.cold(wanted):
        context.notify("stage", {"stage": "prove", "state": "cold", "reason": proving.FIRST_TIME})
    content = context.get(model.onnx)
    rows: pl.DataFrame = from_bytes(context.get(scored.rows))
    inputs = encode(rows, model.signature)
    made, found = _proven(content, spec, wanted, inputs, budget)
    golden = proving.vectors(content, made, inputs, spec.search.seed)
    title, statement = spec.problem.name or spec.problem.target, spec.problem.statement
    written = cmake.write(Packing(made.sources, content, golden, made.onnx, found, title, statement))
    texts = {name: text.decode() for name, text in written.items() if name != MODEL}
    return structs.replace(found, files=context.put(msgspec.json.encode(texts, order="deterministic")))


def _proven(
    content: bytes, spec: Spec, wanted: Device, inputs: Rows, budget: Budget
) -> tuple[proving.Compiled, Footprint]:
    """The C and what it takes, written for what the spec wants, or for what meets its gates."""
    room = min((int(limit.most) for limit in budget.limits if limit.name == "ram"), default=None)

    def of(goal: Goal) -> tuple[proving.Compiled, Footprint]:
        name = spec.problem.name or spec.problem.target
        made = proving.compiled(content, name, goal, rows=inputs, ram=room, narrow=wanted.narrow)
        return made, proving.prove(content, made, wanted, inputs, spec.search.seed)

    found = of(budget.goals()[0])
    for goal in budget.wanting(found[1]):
        other = of(goal)
        found = other if budget.nearer(found[1], other[1]) else found
    return found
