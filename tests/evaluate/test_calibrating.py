"""Whether a calibration is worth having."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from volvelle.evaluate.calibrating import Known, enough, gain, nested
from volvelle.evaluate.measure import value
from volvelle.evaluate.sides import side
from volvelle.model.signature import Signature
from volvelle.train.calibrators import isotonic, platt

SIGNATURE = Signature(features=(), target="t", task="binary", classes=("no", "yes"), positive=1)


def known(power: float, rows: int = 1500, seed: int = 0, metric: str = "roc_auc") -> Known:
    """Honest probabilities raised to a power, in five folds."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.8, 1.6, rows)
    y = (rng.random(rows) < p).astype(np.int64)
    raised = p**power / (p**power + (1 - p) ** power)
    scores = np.column_stack([1 - raised, raised]).astype(np.float32)
    folds = np.arange(rows) % 5

    def score(fold: int, given: NDArray[np.float32]) -> float:
        mine = side(y[folds == fold], np.argmax(given, axis=1), given, SIGNATURE)
        return value(metric, mine, "binary")

    return Known(scores, y, folds, score, up=metric != "log_loss")


def test_extreme_scores_are_worth_calibrating() -> None:
    """Scores three times too far out: the log loss falls, on rows that the line was not drawn through."""
    case = known(3.0)
    made = nested(platt, case)
    assert made is not None
    found = gain(case, made)
    assert found is not None
    assert found > 0.05


def test_honest_scores_are_left_alone() -> None:
    """Null test: of 60 samples of honest probabilities at most 6 are calibrated, where 2.3 % would be by chance."""
    taken = 0
    for seed in range(60):
        case = known(1.0, rows=600, seed=seed)
        made = nested(platt, case)
        taken += made is not None and gain(case, made) is not None
    assert taken <= 6


def test_a_fold_is_calibrated_by_the_others() -> None:
    """What a fold's own truth says changes nothing about its calibrated scores."""
    case = known(3.0)
    turned = case._replace(y=np.where(case.folds == 2, 1 - case.y, case.y))
    one, other = nested(platt, case), nested(platt, turned)
    assert one is not None
    assert other is not None
    assert (one[case.folds == 2] == other[case.folds == 2]).all()
    assert (one[case.folds == 1] != other[case.folds == 1]).any()


def test_the_search_metric_is_kept() -> None:
    """A calibration that loses order by more than chance is refused, however well it is calibrated."""
    case = known(3.0, rows=4000)
    made = nested(isotonic, case)
    assert made is not None
    assert gain(case, made) is not None or case.score(0, made[case.folds == 0]) < case.score(
        0, case.scores[case.folds == 0]
    )
    flat = np.where(made > 0.5, made.max(), made.min())
    assert gain(case, (flat / flat.sum(axis=1, keepdims=True)).astype(np.float32)) is None


@pytest.mark.parametrize(("positives", "able"), [(19, False), (20, True)])
def test_few_rows_are_not_tried(positives: int, able: bool) -> None:
    """Two classes need twenty rows each."""
    y = np.repeat([0, 1], [500, positives])
    case = known(1.0)._replace(y=y, scores=np.full((len(y), 2), 0.5, dtype=np.float32))
    assert enough(case) is able
