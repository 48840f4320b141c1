"""Selection of an ensemble, and its guard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.train.assemble import weighted
from volvelle.train.ensemble import Library, Score, find, products, select

ROWS, FOLDS = 1000, 5


def library(errors: list[NDArray[np.float64]], best: int = 0) -> Library:
    """Members that answer 3 plus an error each; truth is 3 everywhere."""
    answers = [(3.0 + e).reshape(-1, 1).astype(np.float32) for e in errors]
    return Library(answers, np.full((ROWS, 1), 3.0), np.arange(ROWS) % FOLDS, [1.0] * len(errors), best)


def rmse(known: Library) -> Score:
    """The root mean squared error in a fold."""
    return lambda fold, answer: float(np.sqrt(np.mean((answer - known.truth[known.folds == fold]) ** 2)))


def test_independent_errors_are_averaged() -> None:
    """Three members with independent errors of one size are averaged, and the guard sees the gain of about 1 - 1/√3."""
    rng = np.random.default_rng(1)
    known = library([rng.standard_normal(ROWS) for _ in range(3)])
    found = find(known, rmse(known), -1)
    assert found.better
    assert set(found.weights) == {0, 1, 2}
    assert abs(sum(found.weights.values()) - 1.0) < 1e-12
    assert 0.35 < found.gain < 0.5


def test_the_table_gives_the_error_of_a_mean() -> None:
    """The quadratic form of the products is the squared error of the weighted mean of the answers."""
    rng = np.random.default_rng(2)
    known = library([rng.standard_normal(ROWS) for _ in range(4)])
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    table = products(known).sum(axis=0)
    answer = weighted(known.answers, weights.tolist())
    assert np.isclose(weights @ table @ weights, float(np.sum((answer - known.truth) ** 2)), rtol=1e-5)


def test_noise_is_not_selected() -> None:
    """The guard refuses in at least 95 of 100 draws where the others are the best one with noise added."""
    taken = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        first = rng.standard_normal(ROWS)
        known = library([first] + [first + 0.3 * rng.standard_normal(ROWS) for _ in range(20)])
        taken += find(known, rmse(known), -1).better
    assert taken <= 5


def test_costs_bound_the_members() -> None:
    """Members beyond what may be fitted again are not taken, however good."""
    rng = np.random.default_rng(4)
    known = library([rng.standard_normal(ROWS) for _ in range(6)])
    table = products(known).sum(axis=0)
    assert len(select(table, 0, [1.0] * 6, None)) == 6
    assert len(select(table, 0, [1.0] * 6, 2.5)) == 2
    assert set(select(table, 0, [1.0] * 6, 0.0)) == {0}


def test_the_shipped_mean_is_this_mean() -> None:
    """One member is handed on as it is; several are added in double precision and rounded once."""
    one, other = (np.array([row], dtype=np.float32) for row in ([0.1, 0.9], [0.3, 0.7]))
    assert weighted([one], [1.0]).tobytes() == one.tobytes()
    two = weighted([one, other], [1 / 3, 2 / 3])
    assert two.dtype == np.float32
    assert two[0, 0] == np.float32(float(one[0, 0]) * (1 / 3) + float(other[0, 0]) * (2 / 3))


def test_choices_are_judged_not_the_chosen() -> None:
    """Of forty equal models the luckiest is no yardstick: the gain is counted against what choosing it gives."""
    rng = np.random.default_rng(5)
    shared = rng.standard_normal(ROWS)
    known = library([shared + 0.4 * rng.standard_normal(ROWS) for _ in range(40)])
    score = rmse(known)
    means = [np.mean([score(f, a[known.folds == f]) for f in range(FOLDS)]) for a in known.answers]
    found = find(known._replace(best=int(np.argmin(means))), score, -1)
    assert found.better
    assert found.gain > min(means) - found.score
