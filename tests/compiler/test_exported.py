"""Files that scikit-learn's own exporter writes: texts as classes, machines, maps of scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skl2onnx import to_onnx
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import AdaBoostClassifier, GradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, OneClassSVM

from volvelle.catalog import TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.prove import Compiled, compiled, prove
from volvelle.compiler.records import Footprint
from volvelle.errors import ModelError

IRIS, TUMOURS, SUGAR = load_iris(), load_breast_cancer(), load_diabetes()
FLOWERS = IRIS.data.astype(np.float32)
NAMES = np.array(["setosa", 'versi "colour"', "*/ virginica ??/ ü"])[IRIS.target]
CELLS, KINDS = TUMOURS.data.astype(np.float32)[:200], np.array(["malign", "benign"])[TUMOURS.target][:200]


def exported(model: Any, x: NDArray[np.float32], y: Any) -> bytes:
    """A fitted model, scaled before."""
    fitted = make_pipeline(StandardScaler(), model).fit(x, y)
    return bytes(to_onnx(fitted, x[:1], target_opset={"": 17, "ai.onnx.ml": 3}).SerializeToString())


def proven(content: bytes, x: NDArray[np.float32]) -> tuple[Compiled, Footprint]:
    """Compiled and run over all its rows."""
    made = compiled(content, "m")
    return made, prove(content, made, device("cortex-m4f"), {made.graph.inputs[0]: x})


CLASSIFIERS = {
    "logistic": LogisticRegression(),
    "forest": RandomForestClassifier(8, random_state=0),
    "boosted": GradientBoostingClassifier(n_estimators=5, random_state=0),
    "ada": AdaBoostClassifier(n_estimators=4, random_state=0),
    "bayes": GaussianNB(),
    "network": MLPClassifier((6,), max_iter=30, random_state=0),
    "votes": NuSVC(),
    **{f"{k} machine": SVC(kernel=k, random_state=0) for k in ("linear", "poly", "rbf", "sigmoid")},
    **{f"{k} shares": SVC(kernel=k, probability=True, random_state=0) for k in ("linear", "poly", "rbf", "sigmoid")},
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_an_exported_classifier_with_texts_as_classes_is_proven(name: str) -> None:
    """Three classes that are texts: the C gives onnxruntime's class and scores on every row, on the core too."""
    made, found = proven(exported(CLASSIFIERS[name], FLOWERS, NAMES), FLOWERS)
    assert set(made.graph.words) == set(NAMES)
    assert found.agrees(), found.parity


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["logistic", "forest", "rbf machine", "rbf shares"])
@pytest.mark.parametrize("texts", [True, False])
def test_two_classes_are_proven(name: str, texts: bool) -> None:
    """Two classes have forms of their own, with texts and with numbers."""
    y = KINDS if texts else (KINDS == "malign").astype(int)
    _, found = proven(exported(CLASSIFIERS[name], CELLS, y), CELLS)
    assert found.agrees(), found.parity


NUMBERS = [
    *(SVR(kernel=k) for k in ("linear", "rbf", "sigmoid")),
    OneClassSVM(),
    IsolationForest(n_estimators=8, random_state=0),
]


@pytest.mark.parametrize("model", NUMBERS)
def test_a_machine_of_numbers_or_one_class_is_proven(model: Any) -> None:
    """Regression by a machine, and what finds rows that are unlike the others."""
    x = SUGAR.data.astype(np.float32)[:150]
    _, found = proven(exported(model, x, SUGAR.target[:150] / 100), x)
    assert found.agrees(), found.parity


def test_the_words_are_in_the_c() -> None:
    """A caller reads the class as a text from the list, whatever stands in it, and pays for it only then."""
    made = compiled(exported(LogisticRegression(), FLOWERS, NAMES), "m")
    assert "extern const char *const m_words[3];" in made.sources.header
    quoted = '"\\052\\057\\040virginica\\040\\077\\077\\057\\040\\303\\274", "setosa", "versi\\040\\042colour\\042"'
    assert quoted in made.sources.source
    source = made.sources.source
    silent = replace(
        made.sources, source=source[: source.index("const char *const")] + source[source.index("void m_") :]
    )
    core = device("cortex-m4f")
    zig = TOOLCHAINS.load("zig")
    assert zig.build(silent, core).flash == zig.build(made.sources, core).flash


def test_neighbours_are_refused_by_the_operator() -> None:
    """What the exporter writes for nearest neighbours loops over rows: the operator is named."""
    with pytest.raises(ModelError, match="Scan"):
        compiled(exported(KNeighborsClassifier(), FLOWERS, NAMES))
