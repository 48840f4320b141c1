"""Split: hold back the test side and seal it."""

from __future__ import annotations

import msgspec

from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes, to_bytes
from volvelle.flow.context import Context
from volvelle.model.derive import known_target
from volvelle.prepare import split as splitting
from volvelle.prepare.split import Split
from volvelle.spec.requirements import Spec


def split(spec: Spec, dataset: Dataset, context: Context) -> Split:
    """Two tables in the store; the test side lies sealed until evaluation opens it.

    Raises:
        DataError: the rows cannot be split as asked.
    """
    frame, dropped = known_target(from_bytes(context.get(dataset.version)), spec.problem.target)
    sides = splitting.sides(
        frame,
        method=spec.split.method,
        test=spec.split.test,
        seed=spec.search.seed,
        target=spec.problem.target,
        time=spec.data.time,
        group=spec.data.group,
        task=spec.problem.task,
    )
    train = context.put(to_bytes(frame[sides.train.tolist()]))
    test = context.put(to_bytes(frame[sides.test.tolist()]), sealed=True)
    note = f"{dropped} rows without target left out" if dropped else ""
    notes = "; ".join(filter(None, (sides.note, note)))
    return msgspec.structs.replace(splitting.record(sides, train, test), note=notes)
