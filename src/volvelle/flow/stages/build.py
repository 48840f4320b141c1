"""Build: train the candidate on the whole training side and write the one ONNX graph."""

from __future__ import annotations

import msgspec
import numpy as np

from volvelle.catalog import ESTIMATORS
from volvelle.data.records import Dataset
from volvelle.flow.context import Context
from volvelle.flow.lesson import overrides, training
from volvelle.model.limits import inspect
from volvelle.model.session import Session
from volvelle.prepare import recipe as preparing
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec
from volvelle.train.assemble import assemble
from volvelle.train.contract import Estimator, Lesson
from volvelle.train.records import Candidate, Model


def build(spec: Spec, dataset: Dataset, split: Split, candidate: Candidate, context: Context) -> Model:
    """Fit recipe and estimator, emit, and compare the graph with the library on every training row."""
    lesson = training(spec, dataset, split, context)
    signature = lesson.signature
    estimator: Estimator = ESTIMATORS.load(candidate.estimator)
    recipe = preparing.fit(lesson.inputs, signature, estimator.VIEW, overrides(spec))
    features = preparing.features(recipe, signature, lesson.inputs)
    fitted = estimator.fit(
        Lesson(
            x=features,
            y=lesson.target,
            task=signature.task,
            classes=len(signature.classes),
            categorical=preparing.categorical(recipe),
            seed=candidate.seed,
            threads=1,
        ),
        candidate.settings,
    )
    facts = {"data": dataset.version, "estimator": candidate.estimator}
    content = assemble(signature, recipe, estimator, fitted, facts)
    answers = Session(content).run(lesson.inputs)
    expected = np.asarray(estimator.predict(fitted, features), dtype=np.float64)
    given = np.asarray(answers["prediction" if signature.task == "regression" else "scores"], dtype=np.float64)
    scale = np.maximum(1.0, np.abs(expected)) if signature.task == "regression" else 1.0
    differing = 0 if signature.task == "regression" else int((expected.argmax(1) != answers["label"]).sum())
    return Model(
        onnx=context.put(content),
        size=len(content),
        signature=signature,
        estimator=candidate.estimator,
        settings=candidate.settings,
        task=signature.task,
        seed=candidate.seed,
        operators=len(inspect(content).graph.node),
        parity=float(np.max(np.abs(expected - given) / scale, initial=0.0)),
        label_differences=differing,
        recipe=context.put(msgspec.json.encode(recipe)),
        feature_names=preparing.feature_names(recipe),
        notes=lesson.notes,
        versions=context.versions(),
    )
