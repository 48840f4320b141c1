"""The models that `bench/device.py` compiles, fitted alike in both environments.

Only NumPy and scikit-learn are imported: the environment of the peers has nothing else. Both sides fit anew and
compare `fingerprint`, so that no file of one environment has to be trusted by the other.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

SEED = 7


def data() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """scikit-learn's digits: 1,347 rows to learn from, 450 to ask; 64 whole numbers from 0 to 16 each."""
    x, y = load_digits(return_X_y=True)
    learn, ask, said, true = train_test_split(x.astype(np.float32), y, test_size=450, random_state=SEED, stratify=y)
    return learn, ask, said.astype(np.int64), true.astype(np.int64)


MODELS: dict[str, Any] = {
    "decision tree": DecisionTreeClassifier(random_state=SEED),
    "random forest, 10 trees of depth 8": RandomForestClassifier(10, max_depth=8, random_state=SEED),
    "random forest, 50 trees": RandomForestClassifier(50, random_state=SEED),
    "logistic regression": LogisticRegression(max_iter=1000),
    "RBF-SVM": SVC(random_state=SEED),
    "MLP 64-32-10": MLPClassifier((32,), max_iter=200, random_state=SEED),
}


def fitted(name: str) -> Any:
    """A model that has learnt."""
    x, _, y, _ = data()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # One of the peers makes NumPy raise on underflow; nor has a model to converge to be compiled.
        warnings.simplefilter("ignore")
        return clone(MODELS[name]).fit(x, y)


def fingerprint(model: Any) -> str:
    """A hash of the labels and scores of all rows that are asked."""
    _, x, _, _ = data()
    with np.errstate(all="ignore"):
        scores = model.decision_function(x) if isinstance(model, SVC) else model.predict_proba(x)
    return hashlib.sha256(np.round(scores, 9).tobytes()).hexdigest()[:16]
