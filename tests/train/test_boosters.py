"""Boosters that are grown at once."""

from __future__ import annotations

import numpy as np
import pytest

from volvelle.catalog import ESTIMATORS
from volvelle.testing.check_estimator import onnx_bytes
from volvelle.train.contract import Lesson, defaults


@pytest.mark.parametrize("name", ["lightgbm", "catboost"])
def test_threads_change_nothing(name: str) -> None:
    """Three boosters of 20,000 rows, with gaps and categories, give the same file by one thread, two and three."""
    estimator = ESTIMATORS.load(name)
    rng = np.random.default_rng(8)
    x = rng.normal(size=(20_000, 6)).astype(np.float32)
    x[rng.random(x.shape) < 0.05] = np.nan
    x[:, 5] = rng.integers(0, 30, len(x))
    y = (np.nansum(x[:, :3], axis=1) + (x[:, 5] % 3) + rng.normal(size=len(x)) > 1).astype(np.int64)
    settings = defaults(estimator.SPACE) | {"trees": 60, "boosters": 3}
    files = {
        onnx_bytes(estimator, estimator.fit(Lesson(x, y, "binary", 2, (5,), seed=4, threads=threads), settings), 6)
        for threads in (1, 2, 3)
    }
    assert len(files) == 1
