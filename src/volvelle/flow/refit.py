"""The candidate trained again on other rows or columns, as the stages `build` and `finish` make it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import polars as pl
from msgspec import structs

from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes, to_bytes
from volvelle.evaluate.contract import Side
from volvelle.evaluate.explain.shipped import Shipped
from volvelle.evaluate.measure import given
from volvelle.evaluate.sides import side
from volvelle.flow.context import Context
from volvelle.flow.ledger import Ledger
from volvelle.flow.lesson import fold_count, groups_of, keys
from volvelle.flow.stages.build import build
from volvelle.flow.stages.finish import finish
from volvelle.flow.store import Store
from volvelle.model.derive import target_codes
from volvelle.prepare import split as splitting
from volvelle.prepare.pairs import listed
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec, Task
from volvelle.train.records import Calibrated, Candidate, Model, Tuned

FOLDS = 3
"""At most so many, whatever the search used: everything here is trained once a fold."""


class Ground(NamedTuple):
    """What is trained on: the records of a run."""

    spec: Spec
    dataset: Dataset
    split: Split
    candidate: Candidate
    model: Model


class Refits:
    """Trains in an empty place beside the project; a context manager that clears it up."""

    def __init__(self, ground: Ground, context: Context) -> None:
        self._ground, self._context = ground, context
        self.frame = from_bytes(context.get(ground.split.train))
        self._groups = groups_of(self.frame, ground.spec.data.group)
        self._given = given(ground.spec.require)
        self._place = tempfile.TemporaryDirectory(prefix="volvelle-")
        self._store = Store(Path(self._place.name))
        self._ledger = Ledger(Path(self._place.name) / "ledger.db")

    def __enter__(self) -> Refits:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ledger.close()
        self._place.cleanup()

    def folds(self) -> list[tuple[Any, Any]]:
        """Row numbers to learn from and to hold back, as the search divides them."""
        spec, split = self._ground.spec, self._ground.split
        task: Task = "regression" if self._ground.model.task == "regression" else "classification"
        count = min(FOLDS, fold_count(spec, len(self.frame)))
        wanted = keys(spec, self.frame)
        return splitting.folds(self.frame, wanted, task=task, method=split.method, count=count, seed=split.seed)

    def sides(
        self, learn: Any, hold: Any, *, without: tuple[str, ...] = (), seed: int | None = None
    ) -> tuple[Side, Side]:
        """Train on some rows; the answers on them, and on those held back.

        Args:
            learn, hold: row numbers of the training side.
            without: columns that are made empty, so that they are no feature.
            seed: of training; the candidate's own by default.

        Raises:
            InputError: these rows cannot be learnt from.
        """
        ground = self._ground
        empty = [pl.lit(None).cast(self.frame.schema[c]).alias(c) for c in without]
        rows = self.frame[learn].with_columns(empty)
        split = structs.replace(ground.split, train=self._store.put(to_bytes(rows)), rows_train=len(rows))
        candidate = ground.candidate if seed is None else structs.replace(ground.candidate, seed=seed)
        context = Context(self._context.folder, self._store, self._ledger, 0, lambda event, facts: None)
        trained = build(self._spec(without), ground.dataset, split, candidate, context)
        made = ground.model.calibration
        calibrated = Calibrated(method=made.method, params=made.params) if made else Calibrated()
        model = finish(split, trained, calibrated, Tuned(threshold=ground.model.signature.threshold), context)
        shipped = Shipped(self._store.get(model.onnx), model.signature, self._given)
        return self._side(shipped, learn), self._side(shipped, hold)

    def _spec(self, without: tuple[str, ...]) -> Spec:
        """The spec without the pairs of columns that are taken away."""
        spec, written = self._ground.spec, self._ground.spec.prepare.pairs
        if isinstance(written, str) or not without:
            return spec
        pairs = listed(written, self._ground.model.signature)
        kept = tuple(t for t, p in zip(written, pairs, strict=True) if not {p.one, p.other}.intersection(without))
        return structs.replace(spec, prepare=structs.replace(spec.prepare, pairs=kept))

    def _side(self, shipped: Shipped, numbers: Any) -> Side:
        rows = self.frame[numbers]
        codes = target_codes(rows, shipped.signature)
        labels, scores = shipped.answers(shipped.encode(rows))
        groups = None if self._groups is None else self._groups[numbers]
        # Truth comes by the signature's positions, answers in the order of evaluation.
        truth = side(codes, codes, _blank(codes, shipped), shipped.signature).y
        return Side(y=truth, labels=labels, scores=scores, groups=groups, given=self._given)


def _blank(codes: Any, shipped: Shipped) -> Any:
    return pl.zeros(len(codes) * max(1, len(shipped.names)), eager=True).to_numpy().reshape(len(codes), -1)
