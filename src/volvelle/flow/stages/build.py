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
from volvelle.prepare.pairs import pairs_of
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec
from volvelle.train import learning
from volvelle.train.assemble import Part, assemble, expected, labels
from volvelle.train.contract import Lesson
from volvelle.train.records import Candidate, Member, Model, Tuned

Taught = tuple[preparing.Recipe, NDArray[np.float32]]
"""A recipe, and the features of the training rows that are learnt from."""


def build(spec: Spec, dataset: Dataset, split: Split, candidate: Candidate, tuned: Tuned, context: Context) -> Model:
    """Fit recipes and members, emit, and compare the graph with the libraries on every training row."""
    lesson = training(spec, dataset, split, context)
    signature = structs.replace(lesson.signature, threshold=tuned.threshold)
    spoken = {f.name: lexicon(lesson.frame[f.name]) for f in signature.of("words")}
    views: dict[tuple[View, bool], Taught] = {}
    for member in candidate.parts():
        key = _key(member)
        if key not in views:
            pairs = pairs_of(lesson.pairs, key[1], lesson.inputs, signature, lesson.target)
            recipe, made = preparing.learn(
                lesson.inputs, signature, key[0], lesson.target, overrides(spec), spoken, pairs
            )
            views[key] = structs.replace(recipe, bought=key[1]), made
    parts = [_part(member, lesson, views, candidate.seed) for member in candidate.parts()]
    facts = {"data": dataset.version, "estimator": candidate.estimator}
    content = assemble(signature, parts, facts)
    answers = Session(content).run(lesson.inputs)
    own = expected(parts, {recipe.key: _shown(recipe, made, lesson) for recipe, made in views.values()})
    wanted = own.astype(np.float64)
    given = np.asarray(answers["prediction" if signature.task == "regression" else "scores"], dtype=np.float64)
    scale = np.maximum(1.0, np.abs(wanted)) if signature.task == "regression" else 1.0
    differing = 0 if signature.task == "regression" else int((labels(own, signature) != answers["label"]).sum())
    recipes = {recipe.key: context.put(msgspec.json.encode(recipe)) for recipe, _ in views.values()}
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
        recipe=recipes[parts[0].recipe.key],
        feature_names=tuple(names),
        members=candidate.members,
        recipes=recipes,
        notes=lesson.notes,
        versions=context.versions(),
    )


def _shown(recipe: preparing.Recipe, made: NDArray[np.float32], lesson: Training) -> NDArray[np.float32]:
    """The features of the training rows as the graph gives them; `made` are those that were learnt from."""
    return preparing.features(recipe, lesson.signature, lesson.inputs) if preparing.told(recipe) else made


def _key(member: Member) -> tuple[View, bool]:
    """The features that a member learns from: its view, and whether pairs were bought."""
    return ESTIMATORS.load(member.estimator).VIEW, member.settings.get(learning.PAIRS) is True


def _part(member: Member, lesson: Training, views: dict[tuple[View, bool], Taught], seed: int) -> Part:
    """One member, fitted on the whole training side."""
    recipe, features = views[_key(member)]
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
