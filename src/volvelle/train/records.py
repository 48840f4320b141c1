"""The records of the training room."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from volvelle.model.signature import ModelTask, Signature
from volvelle.spec.requirements import Record

BOOSTERS = "boosters"
"""The setting that tells how many models the last fit averages."""


class Trial(Record, frozen=True):
    """One candidate that the search tried."""

    number: int
    estimator: str
    settings: dict[str, Any]
    """As proposed."""
    status: Literal["done", "stopped", "failed", "out of time"]
    """stopped: given up before the last fold, because it could not catch up with the best."""
    score: float | None = None
    """Mean over the folds of the search metric. Of a stopped trial: the score of the best trial at that time plus
    the mean difference to it over the folds that both had."""
    spread: float | None = None
    """Standard deviation over its folds."""
    fold_scores: tuple[float, ...] = ()
    """The metric fold by fold; a stopped trial had fewer than the others."""
    seconds: float = 0.0
    """On the clock."""
    work: float = 0.0
    """Seconds of one core that its folds took, together."""
    answering: float = 0.0
    """Seconds of them that answering the held-out rows took."""
    settling: float = 0.0
    """Seconds of them that finding settings in the rows took."""
    found: dict[str, Any] = field(default_factory=dict)
    """Settings that the estimator took from the rows, such as the number of trees by early stopping."""
    predictions: str = ""
    """SHA-256 of its out-of-fold predictions in the store; empty unless it is done."""
    size: int = 0
    """Bytes of the ONNX file that the last fold's model makes; 0 unless it is done."""
    operations: int = 0
    """What that file computes for one row, counted by `volvelle.model.effort`."""
    foretold: dict[str, int] = field(default_factory=dict)
    """What that file will take on the device of the spec: flash, tables, ram, instructions, cycles, leaves."""
    fits: bool | None = None
    """Whether that keeps within the device's budget; None where there is none."""
    real: dict[str, float] = field(default_factory=dict)
    """Of a model in whole numbers, what the same one in real numbers gives: score, flash, ram, instructions."""
    unpruned: dict[str, float] = field(default_factory=dict)
    """Of a model with a share of its weights, the same of one with all of them."""
    note: str = ""

    def taken(self) -> dict[str, Any]:
        """The settings proposed, where the rows have changed some as they were then."""
        return {name: self.found.get(name, value) for name, value in self.settings.items()}

    def whole(self) -> dict[str, Any]:
        """All settings, proposed and found."""
        return {**self.settings, **self.found}

    def times(self) -> int:
        """How many models like a fold's the last fit averages."""
        return int(self.whole().get(BOOSTERS, 1))


class Searched(Record, frozen=True):
    """What a search found."""

    metric: str
    direction: Literal["up", "down"]
    trials: tuple[Trial, ...]
    best: int
    """Number of the best trial."""
    seed: int
    folds: int
    budget: float
    """Seconds asked for, the last fits included."""
    spent: float
    """Seconds that the trials used."""
    refit_within: float | None = None
    """Seconds that are there for fitting the winner, or all its members, again; None without a limit."""
    shares: tuple[float, ...] = ()
    """Of all rows, that each fold learns from."""
    layout: str = ""
    """SHA-256 of the table (row, fold, y) that out-of-fold predictions stand beside."""
    answers: Signature | None = None
    """Task and classes: the signature without its features."""


class Member(Record, frozen=True):
    """One model of an ensemble."""

    estimator: str
    settings: dict[str, Any]
    weight: float
    """Its share in the mean; the weights of an ensemble sum to one."""


class Candidate(Record, frozen=True):
    """The recipe of a model: all that is needed to train it again, bit for bit."""

    estimator: str
    """``ensemble`` where several members are averaged."""
    settings: dict[str, Any]
    """Empty for an ensemble."""
    seed: int
    metric: str
    score: float
    spread: float
    members: tuple[Member, ...] = ()
    """Empty for a single model."""
    predictions: str = ""
    """SHA-256 of its out-of-fold predictions in the store."""
    shares: tuple[float, ...] = ()
    """Of all rows, that each fold learns from."""
    layout: str = ""
    """SHA-256 of the table (row, fold, y) that they stand beside."""

    def parts(self) -> tuple[Member, ...]:
        """The members, or the single model as the only one."""
        return self.members or (Member(estimator=self.estimator, settings=self.settings, weight=1.0),)


class Calibration(Record, frozen=True):
    """What stands behind the scores of a graph."""

    method: str
    """Name of the calibrator."""
    params: dict[str, Any]
    """What it learnt."""


class Calibrated(Record, frozen=True):
    """Whether and how scores are made better probabilities."""

    method: str = "none"
    params: dict[str, Any] = field(default_factory=dict)
    """What it learnt from all out-of-fold rows."""
    why: str = ""
    before: dict[str, float] = field(default_factory=dict)
    """Log loss, Brier score and expected calibration error of the out-of-fold scores."""
    after: dict[str, float] = field(default_factory=dict)
    """The same of each fold's scores, calibrated by what the other folds taught."""

    @property
    def calibration(self) -> Calibration | None:
        """None where scores stay as they are."""
        return None if self.method == "none" else Calibration(method=self.method, params=self.params)


class Tuned(Record, frozen=True):
    """Where a binary model's yes begins."""

    threshold: float | None = None
    """None: the class of the highest score."""
    why: str = ""
    meets: bool | None = None
    """Whether every gate that it was chosen for is met there, out of fold; None where no gate was asked."""
    out_of_fold: dict[str, float] = field(default_factory=dict)
    """What the threshold was chosen for, measured there on out-of-fold predictions: metrics, perhaps of slices."""
    curve: dict[str, tuple[float | None, ...]] = field(default_factory=dict)
    """The same against ``threshold``, and precision, recall and F1 beside it; None where a metric is not defined."""


class Trained(Record, frozen=True):
    """The candidate, trained on the whole training side: one ONNX graph up to its answers."""

    onnx: str
    """SHA-256 of the ONNX bytes in the store; their one output is ``answers``."""
    answers: str
    """SHA-256 of the libraries' own answers for the training rows."""
    signature: Signature
    """Without a threshold."""
    estimator: str
    settings: dict[str, Any]
    seed: int
    dataset: str
    """Version of the data."""
    recipe: str
    """SHA-256 of the fitted recipe (JSON) in the store."""
    score: float | None = None
    """Of the candidate, by the metric of the search, over the folds."""
    feature_names: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    """Empty for a single model."""
    recipes: dict[str, str] = field(default_factory=dict)
    """For each view that a member takes, the SHA-256 of its fitted recipe; of one, the same as `recipe`."""
    notes: tuple[str, ...] = ()
    """Columns that are no feature, and why."""
    versions: dict[str, str] = field(default_factory=dict)
    """Versions of Python and of the packages that made it."""


class Model(Record, frozen=True):
    """The one artefact: an ONNX file, its signature and how it was made."""

    onnx: str
    """SHA-256 of the ONNX bytes in the store."""
    size: int
    """Bytes of the ONNX file."""
    signature: Signature
    estimator: str
    settings: dict[str, Any]
    task: ModelTask
    seed: int
    operators: int
    parity: float
    """Largest difference between the library's own scores and the ONNX file's, over the training rows."""
    label_differences: int
    """Training rows whose label differs between the library and the ONNX file."""
    recipe: str
    """SHA-256 of the fitted recipe (JSON) in the store."""
    operations: int = 0
    """What one row costs, counted by `volvelle.model.effort`."""
    dataset: str = ""
    """Version of the data."""
    calibration: Calibration | None = None
    """What stands behind its scores; None where they are the learner's own."""
    score: float | None = None
    """Of the candidate, by the metric of the search, over the folds."""
    feature_names: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    """Empty for a single model."""
    recipes: dict[str, str] = field(default_factory=dict)
    """For each view that a member takes, the SHA-256 of its fitted recipe; of one, the same as `recipe`."""
    notes: tuple[str, ...] = ()
    """Columns that are no feature, and why."""
    versions: dict[str, str] = field(default_factory=dict)
    """Versions of Python and of the packages that made it."""
