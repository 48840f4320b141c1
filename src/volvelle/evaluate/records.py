"""The records of evaluation: what was measured and how it was judged."""

from __future__ import annotations

from typing import Literal

from volvelle.compiler.records import Footprint
from volvelle.evaluate.budget import Limit
from volvelle.model.signature import ModelTask
from volvelle.spec.requirements import Record
from volvelle.train.records import Calibrated, Tuned

VerdictKind = Literal["pass", "fail", "not proven", "not measured"]


class Measured(Record, frozen=True):
    """One value with its interval; None where nothing could be measured, and why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    note: str = ""
    sampled: bool = False
    """Whether the value is an estimate from a sample of rows: then it proves nothing without its interval."""
    resamples: int = 0
    """Resamples behind the interval; 0 where it has a closed form."""
    refuted: bool = False
    """Whether it fails whatever the bound is; `note` says why."""


class MetricResult(Record, frozen=True):
    """One metric on one side, over all rows or one slice."""

    metric: str
    side: Literal["train", "test"]
    value: float | None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    slice: str = ""
    """Condition in the gate grammar, e.g. ``sex = 'Female'``; empty for all rows."""
    note: str = ""
    """Why there is no value or no interval."""
    resamples: int = 0


class Verdict(Record, frozen=True):
    """One gate, judged."""

    gate: str
    """The line of the spec."""
    name: str
    """Metric or gate name."""
    slice: str
    comparison: str
    bound: float
    unit: str
    verdict: VerdictKind
    value: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    shortfall: float | None = None
    """How far the value misses the bound; None when it does not."""
    reason: str = ""


class Weighed(Record, frozen=True):
    """One candidate by what it achieves and what it costs."""

    estimator: str
    score: float
    """The search metric over the folds."""
    size: int
    """Bytes of its ONNX file."""
    operations: int
    """What that file computes for one row."""
    trial: int | None = None
    """None for an ensemble."""
    shipped: bool = False
    """Whether it became the model; then size and operations are the model's own."""
    flash: int | None = None
    """Bytes on the device of the spec: foretold, and measured of what is shipped. None where there is no device, or the
    candidate cannot be compiled; so are the two that follow."""
    ram: int | None = None
    instructions: int | None = None
    fits: bool | None = None
    """Whether it is foretold to keep within the device's budget; None where there is none."""
    form: str = ""
    """How it was made smaller: in int8, with a share of its weights, or both."""


class Constrained(Record, frozen=True):
    """What the budget of a device decided."""

    device: str
    limits: tuple[Limit, ...]
    candidates: int
    """Finished ones."""
    fitting: int
    """Those of them that are foretold to fit."""
    free: Weighed | None = None
    """The best single candidate of all."""
    within: Weighed | None = None
    """The best single candidate that fits."""
    small: Weighed | None = None
    """The smallest single candidate that fits, of those within one standard error of the best that does."""
    relax: tuple[str, ...] = ()
    """Which requirement to relax by how much, where a gate has not passed that the budget stands against."""


class Scored(Record, frozen=True):
    """Predictions of a model on both sides. Making it opens the sealed test side."""

    model: str
    """SHA-256 of the ONNX file."""
    predictions: str
    """SHA-256 of a Parquet table in the store: side, y, label (not for regression), score_0, score_1, ..."""
    rows: str
    """SHA-256 of the raw test rows, in the order of the predictions."""
    openings: int
    """How often the test side had been opened, this time included."""
    digest: str
    """SHA-256 of the predictions alone, for comparing runs."""
    rows_train: int
    rows_test: int
    baseline: tuple[float, ...]
    """Class shares of the training side, or its mean: the constant baseline's answer."""


class Evidence(Record, frozen=True):
    """All that is proved about a model."""

    task: ModelTask
    target: str
    model: str
    estimator: str
    dataset: str
    """Version of the data."""
    metrics: tuple[MetricResult, ...]
    baseline: tuple[MetricResult, ...]
    """The same metrics for the constant baseline, on the test side."""
    verdicts: tuple[Verdict, ...]
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Test rows by true class (row) and predicted class (column); empty for regression."""
    openings: int
    """How often this test side had been opened when the predictions were made, this time included."""
    rows_train: int
    rows_test: int
    level: float
    resamples: int
    """Fewest resamples behind an interval; fewer than asked for when there are many rows."""
    seed: int
    versions: dict[str, str]
    """Versions of Python and of the packages that made it."""
    metric: str = ""
    """What the search optimised."""
    gain: Measured | None = None
    """The search metric of the model minus that of the constant baseline, on the same test rows."""
    beats_baseline: bool | None = None
    """Whether it is better than the baseline with confidence; None where the interval leaves it open."""
    front: tuple[Weighed, ...] = ()
    """The candidates that no other one beats in score, size and operations at once, and the model; best score first."""
    weighed: int = 0
    """Candidates among which they are."""
    calibrated: Calibrated | None = None
    """How scores were made better probabilities, on out-of-fold rows."""
    constrained: Constrained | None = None
    """What the budget of the device decided; None without one."""
    tuned: Tuned | None = None
    """Where a binary model's yes begins, and why there, on out-of-fold rows."""
    footprint: Footprint | None = None
    """What the model takes on the device and how its C answers, with the tools that measured it; None without one."""


class Identity(Record, frozen=True):
    """What evidence is about, as the stages before it know it."""

    model: str
    estimator: str
    dataset: str
    openings: int
    versions: dict[str, str]
