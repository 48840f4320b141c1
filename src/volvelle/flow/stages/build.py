"""Build: train the candidate on the whole training side and write its graph up to the answers."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.catalog import ESTIMATORS
from volvelle.data.records import Dataset
from volvelle.data.versions import to_bytes
from volvelle.flow.context import Context
from volvelle.flow.lesson import Training, overrides, training
from volvelle.prepare import recipe as preparing
from volvelle.prepare.contract import View
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec
from volvelle.train import learning
from volvelle.train.assemble import Part, expected, scored
from volvelle.train.contract import Lesson
from volvelle.train.records import Candidate, Member, Trained


def build(spec: Spec, dataset: Dataset, split: Split, candidate: Candidate, context: Context) -> Trained:
    """Fit recipes and members and emit them; calibration and threshold are put behind by the stage `finish`."""
    lesson = training(spec, dataset, split, context)
    signature = lesson.signature
    views: dict[View, tuple[preparing.Recipe, NDArray[np.float32]]] = {}
    for member in candidate.parts():
        view: View = ESTIMATORS.load(member.estimator).VIEW
        if view not in views:
            recipe = preparing.fit(lesson.inputs, signature, view, overrides(spec))
            views[view] = recipe, preparing.features(recipe, signature, lesson.inputs)
    parts = [_part(member, lesson, views, candidate.seed) for member in candidate.parts()]
    own = expected(parts, {view: features for view, (_, features) in views.items()})
    recipes = {view: context.put(msgspec.json.encode(recipe)) for view, (recipe, _) in views.items()}
    names = dict.fromkeys(n for recipe, _ in views.values() for n in preparing.feature_names(recipe))
    return Trained(
        onnx=context.put(scored(signature, parts, {"data": dataset.version, "estimator": candidate.estimator})),
        answers=context.put(to_bytes(pl.DataFrame({f"score_{k}": own[:, k] for k in range(own.shape[1])}))),
        signature=signature,
        estimator=candidate.estimator,
        settings=candidate.settings,
        seed=candidate.seed,
        dataset=dataset.version,
        recipe=recipes[parts[0].recipe.view],
        feature_names=tuple(names),
        members=candidate.members,
        recipes={str(view): digest for view, digest in recipes.items()},
        notes=lesson.notes,
        versions=context.versions(),
    )


def _part(
    member: Member, lesson: Training, views: dict[View, tuple[preparing.Recipe, NDArray[np.float32]]], seed: int
) -> Part:
    """One member, fitted on the whole training side."""
    recipe, features = views[ESTIMATORS.load(member.estimator).VIEW]
    rows = Lesson(
        x=features,
        y=lesson.target,
        task=lesson.signature.task,
        classes=len(lesson.signature.classes),
        categorical=preparing.categorical(recipe),
        seed=seed,
        threads=1,
    )
    return Part(learning.learn(member.estimator, rows, member.settings), recipe, member.weight)
