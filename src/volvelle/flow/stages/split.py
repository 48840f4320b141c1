"""Split: hold back the test side and seal it."""

from __future__ import annotations

from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes, to_bytes
from volvelle.flow.context import Context
from volvelle.flow.lesson import keys
from volvelle.model.derive import known_target, task_of
from volvelle.prepare import split as splitting
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec


def split(spec: Spec, dataset: Dataset, context: Context) -> Split:
    """Two tables in the store; the test side lies sealed until evaluation opens it.

    Raises:
        DataError: the rows cannot be split as asked.
    """
    task = task_of(spec, dataset)
    frame, dropped = known_target(from_bytes(context.get(dataset.version)), spec.problem.target)
    seed, share = spec.search.seed, spec.split.test
    sides = splitting.sides(frame, keys(spec, frame), task=task, method=spec.split.method, test=share, seed=seed)
    train, test = frame[sides.train], frame[sides.test]
    note = f"{dropped} rows without target left out" if dropped else ""
    return Split(
        method=sides.method,
        seed=seed,
        test_share=share,
        rows_train=len(train),
        rows_test=len(test),
        train=context.put(to_bytes(train)),
        test=context.put(to_bytes(test), sealed=True),
        duplicates=sides.duplicates,
        groups=sides.groups,
        left_out=sides.left_out,
        note="; ".join(filter(None, (sides.note, note))),
    )
