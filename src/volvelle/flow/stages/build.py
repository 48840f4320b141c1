"""Build: train the candidate on the whole training side and write the one ONNX graph."""

from __future__ import annotations

import msgspec
import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from volvelle.catalog import ESTIMATORS
from volvelle.data.records import Dataset
from volvelle.flow.context import Context
from volvelle.flow.lesson import Training, overrides, training
from volvelle.model.limits import inspect
from volvelle.model.session import Session
from volvelle.model.words import lexicon
from volvelle.prepare import recipe as preparing
from volvelle.prepare.contract import View
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec
from volvelle.train import learning
from volvelle.train.assemble import Part, assemble, expected, labels
from volvelle.train.contract import Lesson
from volvelle.train.records import Candidate, Member, Model, Tuned


def build(spec: Spec, dataset: Dataset, split: Split, candidate: Candidate, tuned: Tuned, context: Context) -> Model:
    """Fit recipes and members, emit, and compare the graph with the libraries on every training row."""
    lesson = training(spec, dataset, split, context)
    signature = structs.replace(lesson.signature, threshold=tuned.threshold)
    spoken = {f.name: lexicon(lesson.frame[f.name]) for f in signature.of("words")}
    views: dict[View, tuple[preparing.Recipe, NDArray[np.float32]]] = {}
    for member in candidate.parts():
        view: View = ESTIMATORS.load(member.estimator).VIEW
        if view not in views:
            views[view] = preparing.learn(lesson.inputs, signature, view, lesson.target, overrides(spec), spoken)
    parts = [_part(member, lesson, views, candidate.seed) for member in candidate.parts()]
    facts = {"data": dataset.version, "estimator": candidate.estimator}
    content = assemble(signature, parts, facts)
    answers = Session(content).run(lesson.inputs)
    own = expected(parts, {view: _shown(recipe, made, lesson) for view, (recipe, made) in views.items()})
    wanted = own.astype(np.float64)
    given = np.asarray(answers["prediction" if signature.task == "regression" else "scores"], dtype=np.float64)
    scale = np.maximum(1.0, np.abs(wanted)) if signature.task == "regression" else 1.0
    differing = 0 if signature.task == "regression" else int((labels(own, signature) != answers["label"]).sum())
    recipes = {view: context.put(msgspec.json.encode(recipe)) for view, (recipe, _) in views.items()}
    names = dict.fromkeys(n for recipe, _ in views.values() for n in preparing.feature_names(recipe))
    return Model(
        onnx=context.put(content),
        size=len(content),
        signature=signature,
        estimator=candidate.estimator,
        settings=candidate.settings,
        task=signature.task,
        seed=candidate.seed,
        operators=len(inspect(content).graph.node),
        parity=float(np.max(np.abs(wanted - given) / scale, initial=0.0)),
        label_differences=differing,
        recipe=recipes[parts[0].recipe.view],
        feature_names=tuple(names),
        members=candidate.members,
        recipes={str(view): digest for view, digest in recipes.items()},
        notes=lesson.notes,
        versions=context.versions(),
    )


def _shown(recipe: preparing.Recipe, made: NDArray[np.float32], lesson: Training) -> NDArray[np.float32]:
    """The features of the training rows as the graph gives them; `made` are those that were learnt from."""
    return preparing.features(recipe, lesson.signature, lesson.inputs) if preparing.told(recipe) else made


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
