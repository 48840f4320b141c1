"""mljar-supervised, in its mode for the best quality."""

from __future__ import annotations

import importlib
from typing import Any

from bench.peers import task


def learn(x: Any, y: Any, asked: task.Task) -> task.Learnt:
    """Mode Compete: it chooses its own validation, ensembles and stacks as the budget allows."""
    supervised: Any = importlib.import_module("supervised")
    regression = asked.kind == "regression"
    kinds = {"binary": "binary_classification", "multiclass": "multiclass_classification", "regression": "regression"}
    saved = asked.place / "model"
    model = supervised.AutoML(
        results_path=str(saved),
        mode="Compete",
        ml_task=kinds[asked.kind],
        eval_metric="rmse" if regression else "logloss",
        total_time_limit=round(asked.budget),
        random_state=asked.seed,
        n_jobs=1,
        verbose=0,
    )
    # Its own imputation writes medians into whole-number columns, which pandas 3 refuses.
    whole = [c for c in x.columns if str(x[c].dtype).startswith(("int", "uint"))]
    floats = dict.fromkeys(whole, "float64")
    model.fit(x.astype(floats), y)
    about = str(model._best_model.get_name())
    ask = model.predict if regression else model.predict_proba
    return task.Learnt(lambda rows: ask(rows.astype(floats)), saved, about)


if __name__ == "__main__":
    task.answer("mljar-supervised", learn)
