"""Watch: what a row of sketches says about a release, with a bound on how often it calls for nothing.

One window is looked at by every test that fits (see ``monitor/drift/``), alone and together with the windows before it
(sums of 1, 2, 3, 5 and 8 windows: slow drift needs many rows, sudden drift few). A chance is corrected three times: for
the sums by their number (Bonferroni), for the features and tests by Benjamini and Hochberg, and for the windows of a
year by the level at which a window may call at all: false alarms a year over windows a year. Only when something
reaches that level are all named that the rate of false discoveries allows, and only if the share of rows that moved is
worth it. By the union bound the expected number of false alarms a year is at most the stated one, whatever the windows
have in common.

What they have in common is the reference, which is a sample too. A share that was counted in N healthy rows and in the
m = s n rows of s windows differs by chance with a variance of p (1 - p) (1 / m + 1 / N). The second part is one and the
same error in all windows of a release: two windows correlate by n / (n + N), sums of windows by m / (m + N), so that
an unlucky reference would call again and again if it were taken for the truth, and the more the longer the sum. Here it
is not: every test pools both samples and takes the N of the reference into its variance, so that each chance is right
over all references that could have been drawn, and the bound holds for any joint law.

References: two samples: Lehmann and Romano, Testing Statistical Hypotheses, 2005, 5.8; sums of the last windows: Lai,
Sequential changepoint detection in quality control and dynamical systems, JRSS B 57, 1995 (window-limited likelihood
ratios); a gate and then a selection: Heller, Chatterjee, Krieger and Shi, Post-selection inference following aggregate
level hypothesis testing, JASA 113, 2018.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import DRIFT
from volvelle.errors import InputError
from volvelle.monitor.broken import broken
from volvelle.monitor.contract import DriftTest, Found
from volvelle.monitor.estimate import beneath, estimated
from volvelle.monitor.look import Looks, looks
from volvelle.monitor.policy import budget, level
from volvelle.monitor.ranks import FEWEST, Healthy, healthy
from volvelle.monitor.records import (
    PREDICTION,
    SCORE,
    Alarm,
    Calibration,
    Mode,
    Policy,
    Reference,
    Report,
    Sketch,
    State,
    Window,
    digest,
)
from volvelle.monitor.tails import adjusted

BLIND = (
    "estimated quality reads the scores alone: it does not see a change in what the same inputs lead to (concept "
    "drift); only outcomes show that"
)
_STATES: dict[str, State] = {"drift": "notice", "estimate": "warning", "measured": "fail", "broken": "broken"}
_ORDER: tuple[State, ...] = ("ok", "notice", "warning", "fail", "broken")
_RATES = 0.25
"""Weight of a test of one share (missing, out of range): what moves by enough rows to matter stands far out there."""


SIZES = ("psi", "total_variation")
"""Effect sizes that stand beside an alarm of drift."""


class _Seen(NamedTuple):
    """One test of one thing in one window, over the number of windows that tells most."""

    feature: str
    what: str
    """What was looked at, as in `contract.Takes`."""
    test: str
    span: int
    mode: Mode
    found: Found
    p: float


def watch(
    reference: Reference,
    sketches: Sequence[Sketch],
    policy: Policy,
    *,
    importance: Mapping[str, float] | None = None,
    measured: Sequence[Alarm] = (),
    first: int = 0,
) -> Report:
    """What became of a release.

    Args:
        reference: its healthy windows.
        sketches: successive windows of what it answered, oldest first.
        policy: when to call.
        importance: of features, on any scale; features that matter more are tested with more power.
        measured: alarms of measured quality, and of requests that were refused, on the same windows.
        first: the first window to judge; those before it only count where windows are looked at together.

    Raises:
        InputError: a sketch was counted by other edges, or of another model.
        NotFound: there is no such drift test.
    """
    _require(reference, sketches)
    judge = _Judge(reference, sketches, policy, importance or {})
    alarms: list[Alarm] = []
    windows: list[Window] = []
    for at in range(first, len(sketches)):
        found, window = judge.window(at, [m for m in measured if m.window == at])
        alarms += found
        windows.append(window)
    return Report(
        state=windows[-1].state if windows else "ok",
        windows=tuple(windows),
        alarms=tuple(alarms),
        budget=budget(policy),
        notes=(*reference.notes, *((BLIND,) if reference.expected else ())),
    )


def worst(alarms: Sequence[Alarm]) -> State:
    """The state that the gravest alarm makes."""
    return max((_STATES[alarm.severity] for alarm in alarms), key=_ORDER.index, default="ok")


class _Judge:
    """The tests of a policy over the windows of one release."""

    def __init__(
        self, reference: Reference, sketches: Sequence[Sketch], policy: Policy, importance: Mapping[str, float]
    ) -> None:
        self._policy = policy
        self._sketches = sketches
        self._reference, self._calibrated = reference, reference.features
        self._whole = looks(reference.whole, reference.edges)
        self._sums = _sums([looks(s, reference.edges) for s in sketches], self._whole)
        self._earlier = [looks(s, reference.edges) for s in reference.earlier]
        self._windows: dict[tuple[str, str], NDArray[Any]] = {}
        self._healthy: dict[tuple[str, str, str, int], Healthy] = {}
        self._tests: list[tuple[str, DriftTest]] = [(name, DRIFT.load(name)) for name in policy.tests]
        whole = sum(importance.values())
        self._importance = {name: value / whole for name, value in importance.items()} if whole > 0 else {}

    def window(self, at: int, measured: Sequence[Alarm]) -> tuple[list[Alarm], Window]:
        """Everything that is wrong with one window, the gravest first, and what was seen of it."""
        sketch, seen = self._sketches[at], self.seen(at)
        drift, estimates = self.alarms(at, seen), estimated(self._reference, sketch)
        guessed = beneath(self._reference, estimates, sketch, self._policy, at)
        found = [*broken(self._reference, sketch, at), *measured, *guessed, *drift]
        return found, Window(
            rows=sketch.rows,
            errors=sketch.errors,
            state=worst(found),
            since=sketch.since,
            until=sketch.until,
            smallest=min((p for _, p in seen), default=None),
            moved=sum((a.importance or 0.0) * (a.effect or 0.0) for a in drift),
            estimates=estimates,
        )

    def seen(self, at: int) -> list[tuple[_Seen, float]]:
        """All that was tested in one window, with its chance corrected for all of them."""
        found = [best for key in self._whole for name, test in self._tests if (best := self._best(key, name, test, at))]
        if not found:
            return []
        chances = adjusted([s.p for s in found], self._weights(found))
        return list(zip(found, map(float, chances), strict=True))

    def alarms(self, at: int, seen: Sequence[tuple[_Seen, float]]) -> list[Alarm]:
        """Drift that the budget and the rate of false discoveries let through, the weightiest first."""
        large = [(s, p) for s, p in seen if s.found.effect >= self._policy.effect]
        if not any(p <= level(self._policy) for _, p in large):
            return []
        named = [(s, p) for s, p in large if p <= self._policy.fdr]
        named.sort(key=lambda entry: -entry[0].found.effect * (self._importance.get(entry[0].feature) or 1.0))
        return [self._alarm(at, s, p) for s, p in named]

    def _alarm(self, at: int, seen: _Seen, p: float) -> Alarm:
        over = f"the last {seen.span} windows" if seen.span > 1 else "this window"
        sums, whole = self._sums[seen.feature, seen.what], self._whole[seen.feature, seen.what]
        now = sums[at + 1] - sums[at + 1 - seen.span]
        sizes = {name: round(float(DRIFT.load(name).score(whole, now).effect), 6) for name in SIZES}
        chance = "p < 1e-9" if p < 1e-9 else f"p = {p:.2g}"
        return Alarm(
            severity="drift",
            window=at,
            what=seen.test,
            feature=seen.feature,
            sentence=f"{seen.feature}: {seen.test.replace('_', ' ')} finds that {seen.found.effect:.1%} of the rows of "
            f"{over} have moved ({chance}, PSI {sizes['psi']:.2f})",
            statistic=seen.found.statistic,
            p=p,
            effect=seen.found.effect,
            sizes=sizes,
            span=seen.span,
            mode=seen.mode,
            importance=self._importance.get(seen.feature),
        )

    def _best(self, key: tuple[str, str], name: str, test: DriftTest, at: int) -> _Seen | None:
        """A test over the number of windows that tells most, its chance corrected for having looked at several."""
        if key[1] not in test.TAKES or test.EFFECT != "share":
            return None
        sums, whole = self._sums[key], self._whole[key]
        spans = [span for span in self._policy.spans if span <= at + 1]
        mode: Mode = "ranked" if key[1] in self._calibration(key[0]).ranked else "independent"
        whole = whole + self._before(key).sum(axis=0) if mode == "ranked" else whole
        tried = []
        for span in spans:
            now = sums[at + 1] - sums[at + 1 - span]
            # What both sides hold of one kind only cannot differ, and need not be corrected for (Tarone 1990).
            if np.count_nonzero(whole + now) < 2:
                continue
            found = test.score(whole, now)
            if mode == "ranked":
                ranks = self._ranks(key, name, test, at, span, whole)
                if ranks is None:
                    continue
                found = found._replace(p=ranks.chance(found.statistic), effect=ranks.effect(found))
            if found.p is not None:
                tried.append(_Seen(*key, name, span, mode, found, found.p))
        if not tried:
            return None
        best = min(tried, key=lambda s: s.p)
        return best._replace(p=min(1.0, best.p * len(tried)))

    def _ranks(
        self, key: tuple[str, str], name: str, test: DriftTest, at: int, span: int, whole: NDArray[Any]
    ) -> Healthy | None:
        """The healthy windows that one is ranked among; None where they are too few, or it is shorter than they."""
        rows = sum(s.rows for s in self._sketches[at + 1 - span : at + 1])
        if rows < 0.9 * span * self._reference.window:
            return None
        if key not in self._windows:
            sealed = () if self._reference.resampled else self._reference.windows
            held = [looks(w, self._reference.edges)[key] for w in sealed]
            self._windows[key] = np.stack([*self._before(key), *held, np.zeros_like(whole)])[:-1]
        windows, place = self._windows[key], (*key, name, span)
        if len(windows) // span < FEWEST:
            return None
        if place not in self._healthy:
            self._healthy[place] = healthy(test, whole, windows, span)
        return self._healthy[place]

    def _before(self, key: tuple[str, str]) -> NDArray[Any]:
        """Of a feature the counters of training rows just before the held-out ones, ``[w, b]``; of answers none."""
        windows = [] if key[0] in (PREDICTION, SCORE) else [w[key] for w in self._earlier]
        return np.stack([*windows, np.zeros_like(self._whole[key])])[:-1]

    def _calibration(self, feature: str) -> Calibration:
        return self._calibrated.get(feature) or Calibration(lags={})

    def _weights(self, seen: Sequence[_Seen]) -> list[float]:
        """Half a weight for every test, and half by importance, less for tests of one share; on average 1."""
        mean = sum(self._importance.values()) / len(self._importance) if self._importance else 1.0
        raw = [
            (0.5 + 0.5 * self._importance.get(s.feature, mean) / mean)
            * (_RATES if s.what in ("missing", "outside") else 1)
            for s in seen
        ]
        return [weight * len(raw) / sum(raw) for weight in raw]


def _sums(windows: Sequence[Looks], like: Looks) -> Looks:
    """Of each thing the counters summed over all windows before each one, ``[w + 1, b]``."""
    return {
        key: np.cumsum(np.stack([np.zeros_like(counts), *(w[key] for w in windows)]), axis=0)
        for key, counts in like.items()
    }


def _require(reference: Reference, sketches: Sequence[Sketch]) -> None:
    wanted = digest(reference.edges)
    for sketch in sketches:
        if sketch.edges != wanted:
            raise InputError(
                f"a sketch of edges {sketch.edges[:12]} cannot be held against a reference of edges {wanted[:12]}",
                next_move="compare sketches with the reference of their own release",
            )
