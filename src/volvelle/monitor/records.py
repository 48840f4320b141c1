"""The records of monitoring. What is counted holds no row of anybody's, and adds up exactly."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

from volvelle.model.signature import Feature, ModelTask
from volvelle.spec.gates import Condition
from volvelle.spec.requirements import Record

BINS = 16
UNIT = 2**20
"""A chance of 1 as it is summed: in whole numbers, so that sums do not depend on their order."""
OWN = 63
"""Categories that have a counter of their own; all others share one."""
Severity = Literal["broken", "drift", "estimate", "measured"]
State = Literal["ok", "notice", "warning", "fail", "broken"]
Mode = Literal["independent", "ranked"]
PREDICTION, SCORE = "(prediction)", "(score)"
"""What is watched beside features: the classes or values that were given, and the score of the positive class."""


class Binned(Record, frozen=True):
    """Where the counters of one feature begin."""

    feature: Feature
    cuts: tuple[float, ...] = ()
    """Up to 15 rising float32 values; a number belongs to the counter of how many cuts it reaches."""
    own: tuple[int, ...] = ()
    """Positions in the feature's categories that have a counter of their own, most frequent first."""

    @property
    def nominal(self) -> bool:
        """Whether the counters stand for categories, which have no order."""
        return self.feature.kind in ("category", "boolean")

    @property
    def width(self) -> int:
        """How many counters there are; a time has none, a nominal feature one for all other categories."""
        if self.feature.kind == "time":
            return 0
        return len(self.own) + 1 if self.nominal else len(self.cuts) + 1


class Edges(Record, frozen=True):
    """How the rows of one model are counted. Sketches add up only where their edges are the same."""

    model: str
    """SHA-256 of the ONNX file."""
    task: ModelTask
    classes: tuple[str, ...]
    positive: int | None
    features: tuple[Binned, ...]
    scores: tuple[tuple[float, ...], ...]
    """Cuts of the scores, one line a class; of the prediction for regression."""
    worth: tuple[tuple[tuple[float, float], ...], ...] = ()
    """By class rising scores and the chance that each is worth, straight lines between them; empty where the truth was
    not known, and of the class that is not the positive one."""


class Counted(Record, frozen=True):
    """What was counted of one feature: ``sum(bins) + missing`` is the number of rows, but for times."""

    bins: tuple[int, ...]
    """Rows by counter; of a nominal feature the last one is for all other categories."""
    missing: int = 0
    """Null, not a number, infinite, or no cell at all."""
    outside: int = 0
    """Numbers outside the range of training, times before it, categories that training never saw; also in `bins`."""
    run: int = 0
    """The longest run of rows with one and the same value."""


class Sketch(Record, frozen=True):
    """One window of rows as counters."""

    edges: str
    """Hash of the `Edges` by which was counted; they hold the hash of the model."""
    rows: int
    features: dict[str, Counted]
    scores: tuple[tuple[int, ...], ...]
    """Rows by class and counter of that class's score; one line of predictions for regression."""
    chosen: tuple[tuple[int, ...], ...] = ()
    """The same for the rows that were given this class alone; each line adds up to the rows of its class."""
    worth: tuple[tuple[int, ...], ...] = ()
    """Of the counters of `scores` and then of `chosen` the chances that their rows are worth, summed in units of
    1 / `UNIT`; empty where nobody could tell, as on a device."""
    errors: int = 0
    """Requests that were refused or failed; they are no rows."""
    latency: tuple[int, ...] = ()
    """Rows by the time they took: below 16 us, 32 us, ... 262 ms, and above."""
    since: int | None = None
    """Microseconds since 1970 UTC of the first and of the last row, where known."""
    until: int | None = None

    def labels(self) -> tuple[int, ...]:
        """Rows by predicted class; empty for regression."""
        return tuple(map(sum, self.chosen))


def to_bytes(record: msgspec.Struct) -> bytes:
    """A record as JSON, always the same bytes for the same record."""
    return msgspec.json.encode(record)


def digest(record: msgspec.Struct) -> str:
    """SHA-256 of a record's bytes."""
    return hashlib.sha256(to_bytes(record)).hexdigest()


class Calibration(Record, frozen=True):
    """What one feature of the reference teaches about its own windows."""

    lags: dict[str, float]
    """Lag-1 autocorrelation by what is looked at: numbers (the largest of four), categories, missing, outside."""
    ranked: tuple[str, ...] = ()
    """Where rows resemble their neighbours: there windows are ranked among those of the reference."""
    onward: bool = False
    """Whether its values go on with time and do not come back, as a year or a count of days: then what training never
    saw is drift, and no broken contract."""


class Expected(Record, frozen=True):
    """What the truth of the reference teaches about a score or a prediction, one entry a counter."""

    mean: tuple[float, ...]
    """Share of rows that are of the class; mean absolute error for regression."""
    square: tuple[float, ...] = ()
    """Mean squared error, for regression."""
    within: tuple[float, ...] = ()
    """Chance that of two rows of the counter, one of the class and one not, the first has the higher score."""


class Reference(Record, frozen=True):
    """Healthy windows to compare with, cut from rows that the model has not learnt from."""

    edges: Edges
    whole: Sketch
    """All rows, also those that are too few for one more window."""
    windows: tuple[Sketch, ...]
    """Successive windows of `window` rows each, in the order of the rows."""
    window: int
    """Rows that a window was asked to have."""
    seed: int
    earlier: tuple[Sketch, ...] = ()
    """Where windows are ranked and those are few: windows of training rows just before. A model knows their answers too
    well, so that only features are compared, and only by rank."""
    resampled: bool = False
    """Whether the rows were fewer than one window, so that windows were drawn from them with replacement."""
    features: dict[str, Calibration] = msgspec.field(default_factory=dict)
    """By feature, and by `PREDICTION` and `SCORE`."""
    expected: tuple[Expected, ...] = ()
    """One entry a class, or one for regression; empty where the truth was not given."""
    spread: dict[str, float] = msgspec.field(default_factory=dict)
    """By metric: standard deviation of measured minus estimated quality over windows of `window` rows."""
    spread_of: int = 0
    """Windows behind `spread`."""
    notes: tuple[str, ...] = ()


class Floor(Record, frozen=True):
    """What quality must not fall below (or rise above, where lower is better)."""

    metric: str
    bound: float
    where: tuple[Condition, ...] = ()
    """Conditions of a slice; empty for all rows."""


class Policy(Record, frozen=True):
    """When to call."""

    false_alarms: float = 1.0
    """Windows a year that may call though nothing drifts, for the whole model."""
    windows_per_year: float = 365.0
    fdr: float = 0.05
    """Share of the features named in a window that may be named wrongly, on average."""
    window: int = 1000
    """Rows of a window."""
    effect: float = 0.02
    """Smallest share of rows that must have moved for drift to be worth a call."""
    floors: tuple[Floor, ...] = ()
    confidence: float = 0.95
    """Level of the intervals of measured quality."""
    coverage: float = 0.5
    """Share of a window's predictions whose outcomes must have come before its quality is judged."""
    tests: tuple[str, ...] = ("smooth", "chi_square", "missing_rate", "out_of_range")
    """Drift tests on counts, by name."""
    spans: tuple[int, ...] = (1, 2, 3, 5, 8)
    """Numbers of windows that are also looked at together."""
    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    """What `[require]` states for metrics that take parameters, by key."""


class Result(Record, frozen=True):
    """One metric of one window, over all rows or one slice."""

    metric: str
    where: tuple[Condition, ...] = ()
    value: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    note: str = ""


class Quality(Record, frozen=True):
    """What outcomes say of one window."""

    window: int
    rows: int
    outcomes: int
    """Rows whose outcome has come and is one of the classes, or a number."""
    strange: int
    """Outcomes that are neither."""
    mature: bool
    """Whether enough of the outcomes have come."""
    results: tuple[Result, ...] = ()


class Alarm(Record, frozen=True):
    """One thing that is wrong with one window."""

    severity: Severity
    window: int
    """Position of the window that called, from 0."""
    what: str
    """Name of the test or the metric; of a broken contract what is broken."""
    feature: str = ""
    sentence: str = ""
    statistic: float | None = None
    p: float | None = None
    """Corrected for all that was looked at in this window."""
    effect: float | None = None
    """Share of rows that have moved; or the estimated or measured quality."""
    sizes: dict[str, float] = msgspec.field(default_factory=dict)
    """Of drift, effect sizes of which chance is not taken off: ``psi`` and ``total_variation``."""
    span: int = 1
    """Windows that were looked at together, this one the last."""
    mode: Mode = "independent"
    importance: float | None = None
    """The feature's share of all importance, where known."""


class Window(Record, frozen=True):
    """What was seen of one window."""

    rows: int
    errors: int
    state: State
    since: int | None = None
    until: int | None = None
    smallest: float | None = None
    """The smallest corrected p; None where no test could be made."""
    moved: float = 0.0
    """Drift of all features together: importance times effect, summed over those that called."""
    estimates: dict[str, float] = msgspec.field(default_factory=dict)


class Report(Record, frozen=True):
    """What became of a release."""

    state: State
    """Of the last window."""
    windows: tuple[Window, ...]
    alarms: tuple[Alarm, ...]
    budget: str
    """How many false alarms were allowed, in words."""
    notes: tuple[str, ...] = ()
