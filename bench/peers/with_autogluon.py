"""AutoGluon-Tabular (Erickson et al., 2020, arXiv 2003.06505), its bagged and stacked preset."""

from __future__ import annotations

import importlib
from typing import Any

import task


def learn(x: Any, y: Any, asked: task.Task) -> task.Learnt:
    """Preset best_quality on one core, without the run-ahead that only decides whether to stack."""
    tabular: Any = importlib.import_module("autogluon.tabular")
    regression = asked.kind == "regression"
    predictor = tabular.TabularPredictor(
        label=task.TARGET,
        problem_type=asked.kind,
        eval_metric="root_mean_squared_error" if regression else "log_loss",
        path=str(asked.place / "all"),
        verbosity=0,
        learner_kwargs={"random_state": asked.seed},
    )
    predictor.fit(
        x.assign(**{task.TARGET: y}),
        presets="best_quality",
        time_limit=asked.budget,
        num_cpus=1,
        num_gpus=0,
        dynamic_stacking=False,
    )
    saved = asked.place / "shipped"
    small = tabular.TabularPredictor.load(str(predictor.clone_for_deployment(str(saved))), verbosity=0)
    small.persist()
    predict = small.predict if regression else small.predict_proba
    return task.Learnt(predict, saved, str(predictor.model_best))


if __name__ == "__main__":
    task.answer("autogluon.tabular", learn)
