"""The evidence: every metric on both sides, every slice, every gate, and the comparison with the baseline."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from volvelle.catalog import GATES, METRICS
from volvelle.compiler.records import Footprint
from volvelle.errors import ContractBroken, SpecError
from volvelle.evaluate.compare import better, difference
from volvelle.evaluate.contract import Facts, Side
from volvelle.evaluate.counts import confusion
from volvelle.evaluate.judge import judge
from volvelle.evaluate.measure import fitting, load, measure, value
from volvelle.evaluate.records import Evidence, Identity, Measured, MetricResult, Verdict
from volvelle.evaluate.resample import RESAMPLES
from volvelle.evaluate.sides import class_names, constant, part
from volvelle.evaluate.slices import rows, values
from volvelle.model.signature import ModelTask, Signature
from volvelle.spec.gates import Gate, parse, slice_text

PRIMARY: dict[ModelTask, tuple[str, ...]] = {
    "binary": ("accuracy", "precision", "recall", "specificity", "roc_auc"),
    "multiclass": ("accuracy", "balanced_accuracy", "f1"),
    "regression": ("rmse", "mae"),
}
"""What is also shown for each value of a sensitive column, besides the search metric."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that evidence is measured from.

    Attributes:
        signature: of the model.
        train, test: by `sides.side`, so that class 1 is the positive one.
        frame: the raw columns of the test rows, in the same order: slices are cut from it.
        shares: class shares of the training side by the signature's positions, or its mean.
        metric: what the search optimised.
        model_size: bytes of the ONNX file.
        parity: largest difference between the library's scores and the ONNX file's.
        level: of the intervals.
        seed: of the resamples.
        resamples: behind each interval, at most.
    """

    signature: Signature
    train: Side
    test: Side
    frame: pl.DataFrame
    shares: tuple[float, ...]
    metric: str
    model_size: int
    parity: float
    footprint: Footprint | None = None
    level: float = 0.95
    seed: int = 0
    resamples: int = RESAMPLES

    def __post_init__(self) -> None:
        if self.frame.height != len(self.test.y):
            raise ContractBroken(f"the frame has {self.frame.height} rows, the test side {len(self.test.y)}")

    @property
    def task(self) -> ModelTask:
        """Of the model."""
        return self.signature.task

    def measured(self, metric: str, side: Side) -> Measured:
        """One metric with its interval."""
        return measure(metric, side, self.task, level=self.level, seed=self.seed, resamples=self.resamples)

    def facts(self) -> Facts:
        """What gates see."""
        return Facts(
            task=self.task,
            metric=self.metric,
            train=self.train,
            test=self.test,
            model_size=self.model_size,
            parity=self.parity,
            footprint=self.footprint,
            level=self.level,
            seed=self.seed,
        )


def evidence(case: Case, gates: tuple[str, ...], sensitive: tuple[str, ...], about: Identity) -> Evidence:
    """Measure all metrics, cut the slices, judge the gates.

    Raises:
        SpecError: a gate names a metric that does not fit the task or a slice of unknown columns, or a
            sensitive column does not exist.
    """
    checked = tuple(check(text, case.task) for text in gates)
    metrics = measure_side(case, "train") + measure_side(case, "test") + slice_results(case, sensitive)
    known = {(m.metric, m.slice): m for m in metrics if m.side == "test"}
    gain = difference(
        case.metric,
        case.test,
        constant(case.shares, case.test, case.signature),
        case.task,
        level=case.level,
        seed=case.seed,
        resamples=case.resamples,
    )
    used = [m.resamples for m in metrics if m.resamples]
    return Evidence(
        task=case.task,
        target=case.signature.target,
        model=about.model,
        estimator=about.estimator,
        dataset=about.dataset,
        metrics=metrics,
        baseline=measure_baseline(case),
        verdicts=tuple(judge(gate, _known_or_measured(case, gate, known)) for gate in checked),
        classes=class_names(case.signature),
        confusion=confusion_table(case),
        openings=about.openings,
        rows_train=len(case.train.y),
        rows_test=len(case.test.y),
        level=case.level,
        resamples=min(used, default=0),
        seed=case.seed,
        versions=about.versions,
        metric=case.metric,
        gain=gain,
        beats_baseline=better(case.metric, gain, case.task),
    )


def check(text: str, task: ModelTask) -> Gate:
    """Parse a gate and refuse it where it does not fit the task.

    Raises:
        SpecError: it is not a gate, names a metric of another task, or slices what has no rows.
    """
    gate = parse(text)
    if gate.name in METRICS:
        try:
            load(gate.name, task)
        except SpecError as error:
            raise SpecError(error.problem, where=f"gate {text!r}", next_move=error.next_move) from error
    elif gate.where:
        raise SpecError(
            f"{gate.name} is a fact of the whole model and has no slice",
            where=f"gate {text!r}",
            next_move=f"leave out 'where {slice_text(gate.where)}'",
        )
    return gate


def verdicts(case: Case, gates: tuple[str, ...]) -> tuple[Verdict, ...]:
    """Measure and judge each gate, in the order of the spec.

    Raises:
        SpecError: as `evidence`.
    """
    return tuple(judge(gate, _known_or_measured(case, gate, {})) for gate in [check(g, case.task) for g in gates])


def measure_side(case: Case, name: str) -> tuple[MetricResult, ...]:
    """Every metric that fits the task, on "train" (values only) or "test" (with intervals)."""
    if name == "train":
        return tuple(_alone(metric, "train", case.train, case.task) for metric in fitting(case.task))
    return tuple(_result(metric, case.measured(metric, case.test), "") for metric in fitting(case.task))


def measure_baseline(case: Case) -> tuple[MetricResult, ...]:
    """The same metrics for the constant baseline on the test side, values only."""
    same = constant(case.shares, case.test, case.signature)
    return tuple(_alone(metric, "test", same, case.task) for metric in fitting(case.task))


def slice_results(case: Case, sensitive: tuple[str, ...]) -> tuple[MetricResult, ...]:
    """The primary metrics and the search metric for each value of each sensitive column, on the test side.

    Rows whose cell is missing are in no slice.

    Raises:
        SpecError: a column does not exist.
    """
    names = dict.fromkeys((case.metric, *PRIMARY[case.task]))
    found: list[MetricResult] = []
    for column in sensitive:
        for where in values(case.frame, column):
            chosen = part(case.test, rows(case.frame, where))
            found += [_result(name, case.measured(name, chosen), slice_text(where)) for name in names]
    return tuple(found)


def confusion_table(case: Case) -> tuple[tuple[int, ...], ...]:
    """Test rows by true class (row) and predicted class (column), in the order of `class_names`."""
    if case.task == "regression":
        return ()
    table = confusion(case.test.y, case.test.labels, len(case.signature.classes))
    return tuple(tuple(int(cell) for cell in row) for row in table)


def _known_or_measured(case: Case, gate: Gate, known: dict[tuple[str, str], MetricResult]) -> Measured:
    if gate.name not in METRICS:
        found: Measured = GATES.load(gate.name).measure(case.facts())
        return found
    here = slice_text(gate.where)
    if (had := known.get((gate.name, here))) is not None:
        return Measured(
            value=had.value,
            low=had.low,
            high=had.high,
            rows=had.rows,
            note=had.note,
            sampled=True,
            resamples=had.resamples,
        )
    chosen = rows(case.frame, gate.where)
    if not chosen.any():
        return Measured(value=None, note=f"no test row has {here}" if here else "there are no test rows", sampled=True)
    return case.measured(gate.name, part(case.test, chosen))


def _alone(metric: str, name: str, side: Side, task: ModelTask) -> MetricResult:
    found = value(metric, side, task)
    shown = None if math.isnan(found) else found
    return MetricResult(metric=metric, side="train" if name == "train" else "test", value=shown, rows=len(side.y))


def _result(metric: str, found: Measured, where: str) -> MetricResult:
    return MetricResult(
        metric=metric,
        side="test",
        value=found.value,
        low=found.low,
        high=found.high,
        rows=found.rows,
        slice=where,
        note=found.note,
        resamples=found.resamples,
    )
