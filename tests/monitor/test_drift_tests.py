"""What drift tests say is what SciPy and the formulas of their papers say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from volvelle.monitor.drift import (
    chi_square,
    classifier,
    kolmogorov_smirnov,
    missing_rate,
    out_of_range,
    smooth,
    wasserstein,
)
from volvelle.monitor.tails import adjusted, two_shares


@pytest.mark.parametrize("sizes", [(50, 50), (300, 77), (1000, 1)])
def test_values_are_compared_as_scipy_does(sizes: tuple[int, int]) -> None:
    """Kolmogorov-Smirnov and Wasserstein equal SciPy's, ties and unequal sizes included."""
    rng = np.random.default_rng(sizes[1])
    a, b = rng.normal(size=sizes[0]).round(1), rng.normal(0.3, 2, size=sizes[1]).round(1)
    oracle = stats.ks_2samp(a, b, method="asymp")
    found = kolmogorov_smirnov.score(a, b)
    assert found.statistic == pytest.approx(oracle.statistic)
    assert found.p is not None
    distance = wasserstein.score(a, b)
    assert distance.effect == pytest.approx(stats.wasserstein_distance(a, b) / a.std())


def test_chi_square_is_the_likelihood_ratio() -> None:
    """The statistic and its chance equal SciPy's; rare categories are put together first."""
    reference, now = np.array([400, 300, 250, 50]), np.array([210, 130, 100, 60])
    oracle = stats.chi2_contingency(np.stack([reference, now]), lambda_="log-likelihood", correction=False)
    found = chi_square.score(reference, now)
    assert found.statistic == pytest.approx(oracle.statistic)
    assert found.p == pytest.approx(oracle.pvalue)
    rare = chi_square.score(np.append(reference, [3, 2, 0]), np.append(now, [1, 0, 1]))
    assert rare.freedom == 4
    assert rare.p is not None
    assert rare.p < 1e-4


@pytest.mark.parametrize(("reference", "now"), [((0, 900), (4, 96)), ((30, 970), (9, 191)), ((3, 5), (2, 0))])
def test_shares_are_compared_exactly(reference: tuple[int, int], now: tuple[int, int]) -> None:
    """The chance of two shares is twice the smaller tail of the hypergeometric distribution."""
    hits, rows, size = reference[0] + now[0], sum(reference) + sum(now), sum(now)
    law = stats.hypergeom(rows, hits, size)
    wanted = min(1.0, 2 * min(law.cdf(now[0]), law.sf(now[0] - 1)))
    assert two_shares(np.array(reference), np.array(now)) == pytest.approx(wanted)
    found = out_of_range.score(np.array(reference), np.array(now))
    assert found.p in (1.0, pytest.approx(law.sf(now[0] - 1)), pytest.approx(wanted / 2))


def test_many_hits_are_judged_as_few_are() -> None:
    """Where the exact test hands over to the likelihood ratio, both say about the same."""
    law = stats.hypergeom(4000, 600, 1000)
    chances = [two_shares(np.array([600 - k, 2400 + k]), np.array([k, 1000 - k])) for k in (150, 190, 200)]
    exact = [min(1.0, 2 * min(law.cdf(k), law.sf(k - 1))) for k in (150, 190, 200)]
    assert chances == pytest.approx(exact, rel=0.35, abs=0.05)


@pytest.mark.parametrize(("reference", "now"), [(1000, 200), (2000, 500), (500, 500)])
def test_the_tail_of_the_smooth_test_is_honest(reference: int, now: int) -> None:
    """At chances of 5 %, 1 % and 0.1 % the test calls hardly more and little less often where nothing has moved."""
    rng = np.random.default_rng(reference)
    shares = np.full(16, 1 / 16)
    sides = rng.multinomial(reference, shares, 20_000), rng.multinomial(now, shares, 20_000)
    chances = np.array([smooth.score(a, b).p for a, b in zip(*sides, strict=True)])
    assert 0.035 < (chances < 0.05).mean() < 0.055
    assert 0.006 < (chances < 0.01).mean() < 0.012
    assert (chances < 0.001).mean() < 0.002


def test_a_small_reference_that_errs_is_honest_over_all_references() -> None:
    """Sums of 8 windows against a reference of a quarter of their rows: its own error is in the chance."""
    rng = np.random.default_rng(12)
    shares = np.full(16, 1 / 16)
    sides = rng.multinomial(1000, shares, 20_000), rng.multinomial(4000, shares, 20_000)
    chances = np.array([smooth.score(a, b).p for a, b in zip(*sides, strict=True)])
    assert 0.006 < (chances < 0.01).mean() < 0.012
    assert (chances < 0.001).mean() < 0.002


@pytest.mark.parametrize(
    ("shift", "spread", "heap", "wanted"), [(0.1, 1, 0, 0.83), (0, 1.1, 0, 0.92), (0, 1, 0.05, 0.97)]
)
def test_a_shift_a_spread_and_a_heap_are_seen(shift: float, spread: float, heap: float, wanted: float) -> None:
    """5,000 rows against as few healthy ones, at a chance of 1 in 7,300: four squares alone see 0.68, 0.92 and 0.09.

    The best that any test could see of the shift is 0.88: z = 5 above 3.81.
    """
    cuts, rng = stats.norm.ppf(np.arange(1, 16) / 16), np.random.default_rng(13)
    shares = [np.diff(np.r_[0, stats.norm.cdf(c), 1]) for c in (cuts, (cuts - shift) / spread)]
    shares[1] = (1 - heap) * shares[1] + heap * (np.arange(16) == 8)
    sides = [rng.multinomial(5000, share, 2000) for share in shares]
    found = [smooth.score(a, b) for a, b in zip(*sides, strict=True)]
    assert np.mean([f.p is not None and f.p < 1 / 7300 and f.effect > 0.02 for f in found]) > wanted


def test_the_smooth_test_is_nearly_as_good_as_rows() -> None:
    """From 16 counters a shift of 0.1 sd is seen about as often as by Kolmogorov and Smirnov's test on the rows."""
    rng, cuts = (
        np.random.default_rng(8),
        np.quantile(np.random.default_rng(9).normal(size=100_000), np.arange(1, 16) / 16),
    )
    seen = np.zeros(2)
    for _ in range(200):
        rows = rng.normal(size=5000), rng.normal(0.1, 1, size=2500)
        counts = [np.bincount(np.searchsorted(cuts, r), minlength=16) for r in rows]
        for place, found in enumerate((smooth.score(counts[0], counts[1]), kolmogorov_smirnov.score(*rows))):
            assert found.p is not None
            seen[place] += found.p < 0.001
    assert seen[0] >= seen[1] - 10


def test_what_columns_do_together_is_seen() -> None:
    """A changed correlation moves no single column, and the classifier tells the rows apart."""
    rng = np.random.default_rng(10)
    before = rng.normal(size=(1500, 2))
    now = before[:1000] @ np.array([[1, 0.8], [0, 0.6]])
    assert max(kolmogorov_smirnov.score(before[:, k], now[:, k]).statistic for k in (0, 1)) < 0.06
    found = classifier.score(before, now + 0)
    assert found.p is not None
    assert found.p < 1e-4


def test_nothing_to_compare_is_nothing() -> None:
    """One counter, no counter and equal counters are no drift."""
    assert smooth.score(np.array([5]), np.array([9])).effect == 0
    assert chi_square.score(np.array([5, 0]), np.array([9, 0])).p == 1
    assert missing_rate.score(np.array([0, 10]), np.array([0, 10])).p == 1


def test_corrected_chances_are_scipys() -> None:
    """Benjamini and Hochberg's chances equal SciPy's, and weights that favour nothing change nothing."""
    p = np.random.default_rng(11).random(50) ** 2
    assert adjusted(p.tolist()) == pytest.approx(stats.false_discovery_control(p))
    assert adjusted(p.tolist(), [1.0] * 50) == pytest.approx(adjusted(p.tolist()))
