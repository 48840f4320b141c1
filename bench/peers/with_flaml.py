"""FLAML (Wang et al., FLAML: a fast and lightweight AutoML library, MLSys 2021), with its defaults."""

from __future__ import annotations

import importlib
import pickle
from typing import Any

import task


def learn(x: Any, y: Any, asked: task.Task) -> task.Learnt:
    """Its default estimators and resampling; the winner is trained again within the budget, as FLAML does."""
    flaml: Any = importlib.import_module("flaml")
    model = flaml.AutoML()
    regression = asked.kind == "regression"
    model.fit(
        X_train=x,
        y_train=y,
        task="regression" if regression else "classification",
        metric="rmse" if regression else "log_loss",
        time_budget=asked.budget,
        seed=asked.seed,
        n_jobs=1,
        verbose=0,
    )
    saved = asked.place / "model.pkl"
    saved.write_bytes(pickle.dumps(model, protocol=pickle.HIGHEST_PROTOCOL))
    return task.Learnt(model.predict if regression else model.predict_proba, saved, str(model.best_estimator))


if __name__ == "__main__":
    task.answer("flaml", learn)
