"""The records of explaining."""

from __future__ import annotations

from typing import Literal

from volvelle.evaluate.records import Measured
from volvelle.spec.requirements import Record

Weight = Literal["good", "note", "warn"]


class Finding(Record, frozen=True):
    """One answer in words."""

    topic: str
    """What was asked: learnt, fit, folds, imbalance, stability, simplest, calibration, leakage, labels."""
    weight: Weight
    headline: str
    detail: str = ""
    advice: str = ""
    """What to do about it; empty where there is nothing to do."""


class Importance(Record, frozen=True):
    """What shuffling one column costs, in the unit of the metric; positive: the model is worse without it."""

    column: str
    value: float | None
    low: float | None = None
    high: float | None = None


class Dependence(Record, frozen=True):
    """The mean answer when one column is set to each of a few values in every row."""

    column: str
    of: str
    """The class whose probability it is; empty for a value."""
    at: tuple[float, ...] = ()
    """Numbers, or seconds since 1970 UTC for a time; empty for categories."""
    labels: tuple[str, ...] = ()
    """Categories; empty for numbers."""
    time: bool = False
    mean: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    """First quartile of the rows, each moved to the same mean."""
    high: tuple[float, ...] = ()


class Bin(Record, frozen=True):
    """Rows that were told about the same: what was said, and what came true."""

    stated: float
    observed: float
    low: float
    high: float
    """Interval of what came true."""
    rows: int


class ThresholdLine(Record, frozen=True):
    """One metric over all thresholds, and the bounds of its gates."""

    metric: str
    values: tuple[float | None, ...]
    bounds: tuple[float, ...] = ()


class Thresholds(Record, frozen=True):
    """Metrics of labels against the threshold on the positive class's probability."""

    at: tuple[float, ...]
    lines: tuple[ThresholdLine, ...]
    shipped: float | None = None
    """The threshold of the shipped graph, as its labels show it."""
    meeting: tuple[float, float] | None = None
    """The widest range of thresholds at which the value of every such gate meets its bound."""
    gates: int = 0
    """How many gates were drawn in."""


class Simpler(Record, frozen=True):
    """The simplest candidate within one standard error of the winner."""

    estimator: str
    trial: int
    score: float
    spread: float
    winner: str
    """The winner's estimator; equal to `estimator` where nothing simpler is as good."""
    winner_score: float
    error: float
    """One standard error of the winner's mean over the folds."""


class Suspect(Record, frozen=True):
    """A row whose label a model that never saw it holds for another."""

    row: int
    """In the data, from 1."""
    label: str
    likely: str
    probability: float
    """Of the likely class."""


class Labels(Record, frozen=True):
    """Labels of the training side against out-of-fold predictions."""

    rows: int
    """Whose label is surprising."""
    promised: float
    """How many there would be if every probability were true."""
    suspects: tuple[Suspect, ...]
    """The most surprising first, at most ten."""


class Explanation(Record, frozen=True):
    """The cheap part of explaining: from the stored rows and predictions, without training anything."""

    metric: str
    """What importance is measured in."""
    importances: tuple[Importance, ...]
    """Most important first."""
    dependences: tuple[Dependence, ...]
    calibration: tuple[Bin, ...]
    thresholds: Thresholds | None
    simpler: Simpler | None
    findings: tuple[Finding, ...]
    rows: int
    """Test rows that importance was measured on."""
    repeats: int
    """Shuffles of each column."""
    notes: tuple[str, ...] = ()
    labels: Labels | None = None
    """Labels worth a second look; None for numbers."""


class Ablated(Record, frozen=True):
    """What training without some columns changes: the metric with them minus without, on the same rows."""

    columns: tuple[str, ...]
    value: float | None
    """The metric without them."""
    gain: Measured | None = None
    """Positive: the columns make the model better."""
    note: str = ""


class Ablation(Record, frozen=True):
    """Columns removed, one at a time, and the model trained again on the folds of the training side."""

    metric: str
    whole: Measured
    """The metric with all columns, out of fold."""
    removed: tuple[Ablated, ...]
    folds: int
    rows: int


class Lesson(Record, frozen=True):
    """Quality after learning from so many rows."""

    rows: int
    train: float | None
    """On the rows that were learnt from."""
    valid: Measured
    """On rows of the training side held back."""


class Learning(Record, frozen=True):
    """The learning curve of the candidate, and how much its seed matters."""

    metric: str
    lessons: tuple[Lesson, ...]
    seeds: tuple[float, ...]
    """The metric under other seeds, all rows learnt from."""
    findings: tuple[Finding, ...]
    folds: int


class Part(Record, frozen=True):
    """What one column contributes to one answer."""

    column: str
    cell: str
    """The value in the row, as text."""
    amount: float
    low: float | None = None
    high: float | None = None
    """Interval of a sampled amount; None where it is exact."""


class Said(Record, frozen=True):
    """What one word of a text changes, taken out alone."""

    column: str
    word: str
    amount: float
    """The answer with it minus the answer without: in the probability of the class that is explained, or the value."""


class Attribution(Record, frozen=True):
    """One answer taken apart: `base` and all parts add up to `answer`."""

    method: Literal["additive", "trees", "members", "sampled"]
    """Exact because the answer is a sum over columns; exact from the trees; exact as the mean of members that are;
    or sampled Shapley values."""
    unit: str
    """What is added up: the value, a probability, or log-odds; perhaps before calibration."""
    prediction: str
    of: str
    """The class that is explained; empty for a value."""
    probability: float | None
    base: float
    """The mean answer over the background rows."""
    answer: float
    parts: tuple[Part, ...]
    """Largest first."""
    background: int
    remainder: float = 0.0
    """`answer` minus the sum: rounding of the graph."""
    words: tuple[Said, ...] = ()
    """The words of its texts that move the answer most."""


Which = Literal["furthest off", "typical", "closest"]


class Reason(Record, frozen=True):
    """Why one row of the test side got its answer."""

    which: Which
    """Why this row is looked at: by how far off its answer is among all rows."""
    row: int
    """Of the test side, counted from 1."""
    truth: str
    attribution: Attribution


class Reasons(Record, frozen=True):
    """Why some rows of the test side got their answers."""

    reasons: tuple[Reason, ...]
