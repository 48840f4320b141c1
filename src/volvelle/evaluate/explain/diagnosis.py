"""The diagnosis in words: what the numbers of a run mean, and what to do about them.

Everything is read off records: train, folds and test side by side. A gain is what the model has over the
constant baseline, in the good direction, so that all metrics are read alike. The rules of thumb, with their
thresholds, stand in the functions; each finding names the numbers that it rests on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from volvelle.evaluate.explain.records import Bin, Finding, Importance, Simpler
from volvelle.evaluate.explain.simplest import interpretable
from volvelle.evaluate.records import Evidence, MetricResult
from volvelle.train.records import Calibrated, Candidate

MAJORITY, GAP, DEEP_GAP, WEAK, UNSTABLE, ALONE = 0.8, 0.1, 0.3, 0.25, 0.25, 0.9


@dataclass(frozen=True, slots=True)
class Case:
    """What a diagnosis is read off.

    Attributes:
        evidence: metrics, baseline and confusion.
        candidate: score and spread over the folds.
        folds: their number.
        up: whether a higher search metric is better.
        perfect: the best value of the search metric; infinite where there is none.
        importances, bins, simpler: what explaining has found.
    """

    evidence: Evidence
    candidate: Candidate
    folds: int
    up: bool
    perfect: float
    importances: tuple[Importance, ...]
    bins: tuple[Bin, ...]
    simpler: Simpler | None

    def value(self, side: str, metric: str = "") -> float:
        """A metric over all rows of a side; NaN where it has none. Without a name: the search metric."""
        found = self.result(side, metric)
        return math.nan if found is None or found.value is None else found.value

    def result(self, side: str, metric: str = "") -> MetricResult | None:
        """The same with its interval; side "baseline" is the constant answer on the test side."""
        among = self.evidence.baseline if side == "baseline" else self.evidence.metrics
        wanted = "test" if side == "baseline" else side
        name = metric or self.evidence.metric
        return next((m for m in among if (m.metric, m.side, m.slice) == (name, wanted, "")), None)

    def gain(self, value: float) -> float:
        """How much better than the baseline a value of the search metric is."""
        return (value - self.value("baseline")) * (1.0 if self.up else -1.0)


def diagnose(case: Case) -> tuple[Finding, ...]:
    """All findings, in the order in which they should be read."""
    rules = (learnt, fit, folds, imbalance, never, stability, leakage, stated, simpler)
    return tuple(found for rule in rules if (found := rule(case)) is not None)


def learnt(case: Case) -> Finding | None:
    """Whether the model is better than the constant baseline at all."""
    value, base, name = case.value("test"), case.value("baseline"), case.evidence.metric
    numbers = f"{name} {_n(value)} on the test side, {_n(base)} for the constant baseline"
    if case.evidence.beats_baseline:
        return Finding(
            topic="learnt",
            weight="good",
            headline="The model has learnt something",
            detail=f"{numbers}; that is no chance",
        )
    if case.candidate.estimator == "constant" or case.evidence.beats_baseline is None:
        return Finding(
            topic="learnt",
            weight="warn",
            headline="Nothing was learnt that this test side can show",
            detail=f"{numbers}; the interval of the difference holds 0",
            advice="look for columns that tell more, collect more rows, or ask whether the target can be predicted",
        )
    return Finding(
        topic="learnt",
        weight="warn",
        headline="The model is worse than a constant answer",
        detail=numbers,
        advice="compare the two sides: the test rows may be of another time or another group than the training rows",
    )


def fit(case: Case) -> Finding | None:
    """Over- and underfitting: training, folds and test side by side."""
    train, test, among = case.value("train"), case.value("test"), case.candidate.score
    if not all(map(math.isfinite, (train, test, case.value("baseline")))):
        return None
    detail = f"{case.evidence.metric}: {_n(train)} in training, {_n(among)} over the folds, {_n(test)} on the test side"
    gained, lost = case.gain(train), case.gain(train) - case.gain(test)
    share = lost / gained if gained > 0 else 0.0
    result = case.result("test")
    apart = result is None or result.low is None or result.high is None or not result.low <= train <= result.high
    if share >= DEEP_GAP and apart:
        return Finding(
            topic="fit",
            weight="warn",
            headline=f"Overfitting: {share:.0%} of what it gains in training is lost on new rows",
            detail=detail,
            advice="collect more rows, leave out columns that carry nothing, or leave simpler [search] estimators only",
        )
    weak = _reached(case)
    if weak is not None and weak < WEAK and case.evidence.beats_baseline:
        return Finding(
            topic="fit",
            weight="warn",
            headline=f"Underfitting or little signal: the model covers {weak:.0%} of the way to a perfect answer",
            detail=f"{detail}; training is hardly better than the test side",
            advice="add columns or better ones, give the search more time, and let richer estimators take part",
        )
    if share >= GAP and apart:
        return Finding(
            topic="fit",
            weight="note",
            headline=f"The training rows are known better than new ones, by {share:.0%} of the gain",
            detail=f"{detail}; usual for trees and neighbours, which may learn rows by heart without harm",
        )
    if not case.evidence.beats_baseline:
        return None
    headline = "No overfitting: training, folds and test side agree"
    return Finding(topic="fit", weight="good", headline=headline, detail=detail)


def folds(case: Case) -> Finding | None:
    """Whether the test side agrees with what cross-validation promised."""
    result = case.result("test")
    score, error = case.candidate.score, 2 * case.candidate.spread / math.sqrt(max(1, case.folds - 1))
    if result is None or result.low is None or result.high is None or not math.isfinite(score):
        return None
    worse = result.high < score - error if case.up else result.low > score + error
    if not worse:
        return None
    return Finding(
        topic="folds",
        weight="warn",
        headline="The test side is worse than cross-validation promised",
        detail=f"{_n(score)} over the folds, {_n(result.value)} on the test side, with an interval from "
        f"{_n(result.low)} to {_n(result.high)}",
        advice="rows may belong together (set [data] group) or change over time (set [data] time); "
        "a very long search also fits the folds a little",
    )


def imbalance(case: Case) -> Finding | None:
    """Whether accuracy only repeats the share of the most frequent class."""
    if not case.evidence.confusion:
        return None
    rows = [sum(row) for row in case.evidence.confusion]
    share, top = max(rows) / max(1, sum(rows)), case.evidence.classes[rows.index(max(rows))]
    found = case.result("test", "accuracy")
    if share < MAJORITY or found is None or found.value is None:
        return None
    same = found.low is not None and found.low <= share
    read = "read PR-AUC, recall and precision instead"
    return Finding(
        topic="imbalance",
        weight="warn" if same else "note",
        headline=f"Accuracy {_n(found.value)} is the majority rate"
        if same
        else f"{share:.1%} of the rows are {top!r}: accuracy is high whatever the model does",
        detail=f"always saying {top!r} is right in {_n(share)} of the test rows",
        advice=f"{read}; state gates on them" if same else read,
    )


def never(case: Case) -> Finding | None:
    """Classes that the model never answers."""
    table = case.evidence.confusion
    silent = [
        n for k, n in enumerate(case.evidence.classes) if table and sum(table[k]) and not sum(r[k] for r in table)
    ]
    if not silent:
        return None
    names = ", ".join(repr(n) for n in silent[:5]) + (f" and {len(silent) - 5} more" if len(silent) > 5 else "")
    return Finding(
        topic="imbalance",
        weight="warn",
        headline=f"Never predicted: {names}",
        detail="the class with the largest probability is answered, and that is never one of these",
        advice="collect more rows of them, weigh classes alike (the setting 'balanced'), or lower the threshold",
    )


def stability(case: Case) -> Finding | None:
    """How much the score differs between folds, against what the model gains."""
    gained, spread = case.gain(case.candidate.score), case.candidate.spread
    if not math.isfinite(gained) or gained <= 0 or spread / gained < UNSTABLE:
        return None
    return Finding(
        topic="stability",
        weight="warn",
        headline="The result depends much on which rows are learnt from",
        detail=f"{_n(case.candidate.score)} ± {_n(spread)} over {case.folds} folds, of a gain of {_n(gained)}",
        advice="collect more rows or use more [search] folds; volvelle explain --deep shows whether seeds matter",
    )


def leakage(case: Case) -> Finding | None:
    """One column that carries nearly all that the model knows."""
    known = [i for i in case.importances if i.value is not None]
    gained = case.gain(case.value("test"))
    if len(known) < 2 or not case.evidence.beats_baseline or not gained > 0:
        return None
    first, second = known[0].value or 0.0, known[1].value or 0.0
    whole = _reached(case)
    if first < ALONE * gained or second > (1 - ALONE) * gained or whole is None or whole < ALONE:
        return None
    return Finding(
        topic="leakage",
        weight="warn",
        headline=f"Nearly everything comes from {known[0].column!r}",
        detail=f"shuffling it costs {_n(first)} of a gain of {_n(gained)}; {known[1].column!r}, the next, {_n(second)}",
        advice="ask whether it is known when the answer is needed; if not, put it into [data] ignore",
    )


def stated(case: Case) -> Finding | None:
    """Whether the probabilities can be taken at their word."""
    if case.evidence.task == "regression" or len(case.bins) < 3 or not case.evidence.beats_baseline:
        return None
    off = [b for b in case.bins if not b.low <= b.stated <= b.high]
    rows = sum(b.rows for b in case.bins)
    gap = sum(abs(b.stated - b.observed) * b.rows for b in case.bins) / max(1, rows)
    what = "the positive class" if case.evidence.task == "binary" else "the answered class"
    if len(off) * 3 < len(case.bins):
        return Finding(
            topic="calibration",
            weight="good",
            headline="The probabilities can be taken at their word",
            detail=f"what was said of {what} and what came true differ by {_n(gap)} on average; "
            f"{len(case.bins) - len(off)} of {len(case.bins)} bins agree within their interval",
        )
    bias = sum((b.stated - b.observed) * b.rows for b in case.bins) / max(1, rows)
    side = "too high" if bias > 0.25 * gap else "too low" if bias < -0.25 * gap else "too extreme or too timid"
    return Finding(
        topic="calibration",
        weight="warn",
        headline=f"The probabilities are {side}, by {_n(gap)} on average",
        detail=f"{len(off)} of {len(case.bins)} bins lie outside their interval",
        advice=_advice(case.evidence.calibrated),
    )


def _advice(calibrated: Calibrated | None) -> str:
    """What is left to do, after what calibrating has done."""
    left = "rank rows by them, do not read them as risks, and gate on brier, log_loss or ece if that matters"
    if calibrated is None or not calibrated.before:
        return left
    if calibrated.method == "none":
        return f"out of fold no calibration was better by more than chance, so the test rows may differ; {left}"
    return (
        f"{calibrated.method} calibration is in the graph and helped out of fold, so the test rows may differ; {left}"
    )


def simpler(case: Case) -> Finding | None:
    """The simplest model within one standard error of the winner."""
    found = case.simpler
    if found is None or not case.evidence.beats_baseline:
        return None
    scores = f"{_n(found.winner_score)} over the folds, one standard error is {_n(found.error)}"
    if found.estimator == found.winner:
        simple = interpretable(found.winner)
        return Finding(
            topic="simplest",
            weight="good" if simple else "note",
            headline=f"{found.winner} wins and is easy to follow"
            if simple
            else f"No simpler model is as good as {found.winner}",
            detail=scores,
        )
    return Finding(
        topic="simplest",
        weight="note",
        headline=f"{found.estimator} is as good within one standard error, and simpler than {found.winner}",
        detail=f"{found.estimator} {_n(found.score)}, {found.winner} {scores}",
        advice=f'take it with [search] estimators = ["{found.estimator}"] where answers must be understood or small',
    )


def _reached(case: Case) -> float | None:
    """The share of the way from the baseline to a perfect answer; None where there is none."""
    base, test = case.value("baseline"), case.value("test")
    if not all(map(math.isfinite, (base, test, case.perfect))) or math.isclose(base, case.perfect):
        return None
    share = abs(test - base) / abs(case.perfect - base)
    # An RMSE of half the spread explains three quarters of the variance.
    return 1 - (1 - share) ** 2 if case.evidence.metric == "rmse" else share


def _n(number: float | None) -> str:
    if number is None or not math.isfinite(number):
        return "none"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
