"""The spec: everything a user may demand of a model, as frozen records.

The field descriptions below are the reference: the JSON Schema, ``docs/spec.md`` and the comments
that ``volvelle init`` writes are all made from them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct, field

T = TypeVar("T")
Task = Literal["classification", "regression", "forecast", "anomaly"]
Role = Literal["number", "integer", "category", "boolean", "time", "text", "ignore"]
Drop = Literal["duplicates", "invalid"]
Extra = Literal["ignore", "refuse"]
SplitMethod = Literal["auto", "stratified", "random", "group", "time", "hash", "marked"]


class Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A frozen record: unknown fields are refused, JSON in and out."""


class Problem(Record, frozen=True):
    """What the model is for."""

    target: Annotated[str, Meta(description="the column to predict")]
    task: Annotated[Task | None, Meta(description="found from the target when absent")] = None
    name: Annotated[
        str,
        Meta(
            description="short name: letters, digits, '-' and '_'; names the release",
            pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$",
        ),
    ] = "model"
    statement: Annotated[str, Meta(description="the problem in one sentence")] = ""
    intended_use: Annotated[str, Meta(description="who uses the answers, for what")] = ""
    out_of_scope: Annotated[str, Meta(description="uses that this model must not be put to")] = ""
    positive: Annotated[str | None, Meta(description="the class that metrics such as recall are about")] = None


class Data(Record, frozen=True):
    """What is known: where the rows come from and what they mean."""

    source: Annotated[
        str,
        Meta(
            description="a file, a folder with a slash at its end, a pattern like 'parts/*.csv', a database, or what "
            "volvelle listen receives, e.g. 'mqtt://broker:1883/plant/+/readings?id=seq'"
        ),
    ]
    time: Annotated[str | None, Meta(description="ordering column; the newest rows become the test side")] = None
    group: Annotated[str | None, Meta(description="rows of one group never straddle the split")] = None
    ignore: Annotated[tuple[str, ...], Meta(description="columns that are never a feature")] = ()
    sensitive: Annotated[
        tuple[str, ...], Meta(description="protected attributes; every metric is also shown per value")
    ] = ()
    accept: Annotated[
        tuple[str, ...],
        Meta(description="findings that are known and meant so, e.g. 'leak:duration'; volvelle explore names them"),
    ] = ()
    resolution: Annotated[str | None, Meta(description="time between two rows, e.g. '1 h'")] = None
    licence: Annotated[str, Meta(description="licence of the data")] = ""
    consent: Annotated[str, Meta(description="on what ground the data may be used")] = ""
    missing: Annotated[
        tuple[str, ...] | None,
        Meta(description="cell texts that mean 'missing'; the default list is in the documentation of the data room"),
    ] = None
    delimiter: Annotated[str | None, Meta(description="one character; sniffed when absent")] = None
    quoting: Annotated[
        Literal["double", "backslash", "single", "none"] | None,
        Meta(description="what quotes a cell, and how a quote is written inside; sniffed when absent"),
    ] = None
    encoding: Annotated[str | None, Meta(description="text encoding; sniffed when absent")] = None
    decimal: Annotated[Literal[".", ","] | None, Meta(description="decimal mark; sniffed when absent")] = None
    header: Annotated[
        bool | None, Meta(description="whether the first line names the columns; sniffed when absent")
    ] = None
    query: Annotated[
        str | None, Meta(description="one SELECT that a database answers; needed where it holds several tables")
    ] = None
    refresh: Annotated[
        Literal["always", "never"],
        Meta(
            description="whether a database, or what was received, is asked again on every turn; files when they change"
        ),
    ] = "always"


class FeatureSpec(Record, frozen=True):
    """What is declared about one column."""

    role: Annotated[Role | None, Meta(description="overrules the type that was found")] = None
    unit: Annotated[str, Meta(description="physical unit, for people")] = ""
    low: Annotated[float | None, Meta(description="lowest valid value; a number below it counts as missing")] = None
    high: Annotated[float | None, Meta(description="highest valid value; a number above it counts as missing")] = None
    categories: Annotated[tuple[str, ...], Meta(description="allowed values, in order")] = ()
    missing: Annotated[Literal["allow", "refuse"], Meta(description="what prediction does with a missing value")] = (
        "allow"
    )
    unseen: Annotated[
        Literal["allow", "refuse"],
        Meta(description="what prediction does with a category that training never saw"),
    ] = "allow"
    steps: Annotated[
        tuple[str, ...] | None,
        Meta(description="preparation steps of this column, in order; chosen when absent"),
    ] = None


class Require(Record, frozen=True):
    """What must be achieved. Each line is a gate: metric [where slice] comparison bound [unit]."""

    gates: Annotated[tuple[str, ...], Meta(description="e.g. \"recall where sex = 'Female' >= 0.75\"")] = ()
    confidence: Annotated[
        float,
        Meta(
            description="level of the intervals; a gate passes when the whole interval meets the bound",
            gt=0.5,
            lt=1.0,
        ),
    ] = 0.95
    costs: Annotated[
        tuple[tuple[float, ...], ...] | None,
        Meta(
            description="for the metric cost: a row for each true class, a column for each predicted one, in the order "
            "of the report's classes (the positive one last), e.g. [[0, 1], [20, 0]]"
        ),
    ] = None
    quantile: Annotated[
        Annotated[float, Meta(gt=0.0, lt=1.0)] | None,
        Meta(description="for the metric pinball: the quantile that is predicted"),
    ] = None
    top_k: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="for the metric top_k: how many classes may be named")
    ] = None


class Device(Record, frozen=True):
    """Where the model must run."""

    core: Annotated[str, Meta(description="processor core or board, e.g. 'cortex-m4f'")]
    clock: Annotated[str | None, Meta(description="clock rate, e.g. '80 MHz'")] = None
    flash: Annotated[
        str | None, Meta(description="program memory for the model, e.g. '64 KiB'; that of the board when absent")
    ] = None
    ram: Annotated[
        str | None, Meta(description="static memory for the model, e.g. '8 KiB'; that of the board when absent")
    ] = None
    goal: Annotated[
        Literal["auto", "size", "tight", "speed"],
        Meta(
            description="what the C is written for where there is a choice: size, little flash; tight, the least "
            "flash at any price in time; speed, few instructions; auto: size, but tight or speed where that meets a "
            "gate on flash or on work that size misses"
        ),
    ] = "auto"


class SplitSpec(Record, frozen=True):
    """How rows are held back as the sealed test side."""

    method: Annotated[
        SplitMethod,
        Meta(
            description="auto: marked if [split] column, time if [data] time, group if [data] group, else stratified "
            "or random"
        ),
    ] = "auto"
    column: Annotated[
        str | None, Meta(description="a column that says 'test' in the rows to hold back; it is no feature")
    ] = None
    test: Annotated[float, Meta(description="share of rows in the test side", gt=0.0, lt=0.9)] = 0.2


class PrepareSpec(Record, frozen=True):
    """How training rows and columns are made ready, beyond the steps of single columns."""

    drop: Annotated[
        tuple[Drop, ...],
        Meta(
            description="training rows not to learn from: duplicates equal an earlier row in every feature and the "
            "target; invalid ones hold a cell that [features] does not allow. Test rows are never dropped"
        ),
    ] = ()
    pairs: Annotated[
        tuple[str, ...] | Literal["auto", "none"],
        Meta(
            description="features made of two columns, e.g. ['rooms / households', 'city x shop']; auto: the search "
            "tries those that say most about the target, and keeps them where they are better"
        ),
    ] = "auto"


class Listed(Record, frozen=True):
    """One candidate by hand, or a grid of them."""

    estimator: Annotated[str, Meta(description="name of the estimator")]
    settings: Annotated[
        dict[str, Any],
        Meta(description="its settings, defaults elsewhere; with method 'grid' a list stands for each of its values"),
    ] = field(default_factory=dict)


class Search(Record, frozen=True):
    """How candidates are looked for."""

    budget: Annotated[str, Meta(description="wall-clock time to search and to train the winner, e.g. '2 min'")] = (
        "1 min"
    )
    trials: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="stop after so many trials, whatever the time; makes a run repeatable"),
    ] = None
    method: Annotated[
        Literal["auto", "random", "grid", "manual"],
        Meta(
            description="auto: defaults, portfolio, then TPE; random: defaults, then random points; grid: all points "
            "of [[search.candidates]], or of coarse grids over all estimators; manual: [[search.candidates]] alone"
        ),
    ] = "auto"
    candidates: Annotated[
        tuple[Listed, ...], Meta(description="for the methods manual and grid: tables of estimator and settings")
    ] = ()
    ensemble: Annotated[
        bool, Meta(description="whether several models may be averaged, where that is better by more than chance")
    ] = True
    prefer: Annotated[
        Literal["quality", "small"],
        Meta(
            description="quality: the best candidate that fits; small: of those within one standard error of it, the "
            "one that takes the least flash on the device, or the fewest bytes where there is none"
        ),
    ] = "quality"
    threshold: Annotated[
        float | str,
        Meta(
            description="of a binary task, the score above which a row is positive: a number, the name of a metric of "
            "labels to maximise out of fold, or auto: 0.5, moved where that brings the gates further inside; it is "
            "put behind the trained model, so that a changed floor trains nothing"
        ),
    ] = "auto"
    calibrate: Annotated[
        str,
        Meta(
            description="how scores are made better probabilities: none, the name of a calibrator, or auto: the one "
            "that lowers the log loss out of fold most, if that is more than chance"
        ),
    ] = "auto"
    metric: Annotated[str | None, Meta(description="what the search maximises; chosen by task when absent")] = None
    estimators: Annotated[tuple[str, ...] | None, Meta(description="only these; all that fit the task when absent")] = (
        None
    )
    folds: Annotated[
        Annotated[int, Meta(ge=2, le=20)] | None,
        Meta(description="cross-validation folds; when absent 5, or 3 of 10,000 training rows or more"),
    ] = None
    seed: Annotated[int, Meta(description="seed of every random choice", ge=0, lt=2**31)] = 7


class Serve(Record, frozen=True):
    """How a server answers."""

    extra: Annotated[
        Extra,
        Meta(
            description="what a server does with a field, or an input tensor, that the model does not know; read when "
            "the server starts, with each new champion, and by POST /v1/admin/reload"
        ),
    ] = "ignore"


class Explain(Record, frozen=True):
    """What is told about the result beyond what its predictions say."""

    deep: Annotated[
        bool,
        Meta(
            description="whether volvelle run also trains again for ablation, learning curve and seeds, and explains "
            "three rows, as volvelle explain --deep does; it takes some twenty fits of each fold, outside the budget "
            "of the search"
        ),
    ] = False


class Monitor(Record, frozen=True):
    """How the release is watched, and when the wheel turns again."""

    window: Annotated[
        Annotated[int, Meta(ge=20, le=1_000_000)] | None,
        Meta(description="rows in a window of watching; a tenth of the test side when absent, 100 to 5,000"),
    ] = None
    outcomes_after: Annotated[
        str | None,
        Meta(
            description="how long after a prediction its outcome is known, e.g. '7 d': younger rows are not judged; "
            "absent: judged as outcomes come"
        ),
    ] = None
    drift: Annotated[str, Meta(description="false-discovery rate among the features of a window, e.g. 'fdr 5 %'")] = (
        "fdr 5 %"
    )
    false_alarms: Annotated[
        str, Meta(description="how often a model that nothing happens to may alarm, e.g. '1 / year' or '2 / month'")
    ] = "1 / year"
    effect: Annotated[
        float,
        Meta(
            description="share of rows that must have moved for drift to be an alarm, however sure it is",
            ge=0.0,
            lt=1.0,
        ),
    ] = 0.02
    tests: Annotated[
        tuple[str, ...],
        Meta(description="drift tests on the counters of a window, by name; those of plugins too", min_length=1),
    ] = ("smooth", "chi_square", "missing_rate", "out_of_range")
    retrain: Annotated[
        str,
        Meta(
            description="when to retrain: never, or 'on drift', 'on loss' (a gate is no longer met), 'every 30 d' and "
            "conditions such as 'recall < 0.75', joined by 'or'"
        ),
    ] = "never"
    every: Annotated[str, Meta(description="how often volvelle serve --auto watches and acts, e.g. '1 h'")] = "1 d"
    margin: Annotated[
        float,
        Meta(
            description="by how much of the search metric a challenger must be better than the champion, with "
            "confidence; not asked for while the champion misses a gate",
            ge=0.0,
        ),
    ] = 0.0
    keep: Annotated[
        str | None,
        Meta(
            description="for how long days of the live log are kept, e.g. '90 d', at least outcomes_after; older ones "
            "are neither watched nor learnt from any more; absent: for good"
        ),
    ] = None
    on_device: Annotated[
        bool | Literal["int8"],
        Meta(
            description="whether a release holds C that counts on the [device] what a watcher of the fleet adds up; "
            "'int8': its numbers are read as int8, whole numbers from -128 to 127, and are counted by a shift"
        ),
    ] = False
    tell: Annotated[
        tuple[str, ...],
        Meta(
            description="who is told of alarms and decisions: 'log' (a file), 'https://...' (a webhook), "
            "'mailto:ana@example.com'; ${NAME} stands for an environment variable"
        ),
    ] = ("log",)


class Spec(Record, frozen=True):
    """One file of design requirements."""

    problem: Problem
    data: Data
    features: Annotated[dict[str, FeatureSpec], Meta(description="one table a column")] = field(default_factory=dict)
    split: SplitSpec = SplitSpec()
    prepare: PrepareSpec = PrepareSpec()
    require: Require = Require()
    device: Device | None = None
    search: Search = Search()
    explain: Explain = Explain()
    roles: Annotated[dict[str, str], Meta(description="role = who answers for it")] = field(default_factory=dict)
    serve: Serve = Serve()
    monitor: Monitor = Monitor()
