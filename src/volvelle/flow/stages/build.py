"""Build: train the candidate on the whole training side and write its graph up to the answers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import numpy as np
import polars as pl
from msgspec import structs
from numpy.typing import NDArray

from volvelle.catalog import ESTIMATORS
from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes, to_bytes
from volvelle.flow.context import Context
from volvelle.flow.lesson import Training, overrides, training
from volvelle.model.encode import encode
from volvelle.model.signature import Signature
from volvelle.model.words import lexicon
from volvelle.prepare import recipe as preparing
from volvelle.prepare.contract import View
from volvelle.prepare.pairs import pairs_of
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec
from volvelle.train import learning
from volvelle.train.assemble import Part, expected, scored
from volvelle.train.contract import Lesson
from volvelle.train.distil import said, taught, teacher_of
from volvelle.train.records import Candidate, Member, Trained
from volvelle.train.rows import calm

Taught = tuple[preparing.Recipe, NDArray[np.float32]]
"""A recipe, and the features of the training rows that are learnt from."""


def build(spec: Spec, dataset: Dataset, split: Split, candidate: Candidate, context: Context) -> Trained:
    """Fit recipes and members and emit them; calibration and threshold are put behind by the stage `finish`."""
    lesson = training(spec, dataset, split, context)
    signature = lesson.signature
    spoken = {f.name: lexicon(lesson.frame[f.name]) for f in signature.of("words")}
    views: dict[tuple[View, bool], Taught] = {}
    for member in (m for part in candidate.parts() for m in (part, *teacher_of(part.settings))):
        key = _key(member)
        if key not in views:
            pairs = pairs_of(lesson.pairs, key[1], lesson.inputs, signature, lesson.target)
            recipe, made = preparing.learn(
                lesson.inputs, signature, key[0], lesson.target, overrides(spec), spoken, pairs
            )
            views[key] = structs.replace(recipe, bought=key[1]), made
    parts = _parts(candidate, lesson, views)
    # What teachers alone see does not ship.
    views = {key: views[key] for key in dict.fromkeys(map(_key, candidate.parts()))}
    rows = from_bytes(context.get(split.train))
    inputs = lesson.inputs if len(rows) == len(lesson.target) else encode(rows, signature)
    own = expected(parts, {recipe.key: _shown(recipe, made, signature, inputs) for recipe, made in views.values()})
    recipes = {recipe.key: context.put(msgspec.json.encode(recipe)) for recipe, _ in views.values()}
    names = dict.fromkeys(n for recipe, _ in views.values() for n in preparing.feature_names(recipe))
    return Trained(
        onnx=context.put(scored(signature, parts, {"data": dataset.version, "estimator": candidate.estimator})),
        answers=context.put(to_bytes(pl.DataFrame({f"score_{k}": own[:, k] for k in range(own.shape[1])}))),
        signature=signature,
        estimator=candidate.estimator,
        settings=candidate.settings,
        seed=candidate.seed,
        score=candidate.score,
        dataset=dataset.version,
        recipe=recipes[parts[0].recipe.key],
        feature_names=tuple(names),
        members=candidate.members,
        recipes=recipes,
        notes=lesson.notes,
        versions=context.versions(),
    )


def _shown(
    recipe: preparing.Recipe, made: NDArray[np.float32], signature: Signature, inputs: Mapping[str, NDArray[Any]]
) -> NDArray[np.float32]:
    """The features of all training rows as the graph gives them; `made` are those that were learnt from."""
    rows = len(next(iter(inputs.values())))
    same = len(made) == rows and not preparing.told(recipe)
    return made if same else preparing.features(recipe, signature, inputs)


def _key(member: Member) -> tuple[View, bool]:
    """The features that a member learns from: its view, and whether pairs were bought."""
    return ESTIMATORS.load(member.estimator).VIEW, member.settings.get(learning.PAIRS) is True


def _parts(candidate: Candidate, lesson: Training, views: dict[tuple[View, bool], Taught]) -> list[Part]:
    """All members, as many at once as there are cores; a single one may use them by itself."""
    cores, members = os.cpu_count() or 1, candidate.parts()
    threads = cores if len(members) == 1 else 1
    # What is calm around all of them stays so while the first one ends.
    with calm(), ThreadPoolExecutor(cores) as pool:
        return list(pool.map(lambda member: _part(member, lesson, views, candidate.seed, threads), members))


def _part(member: Member, lesson: Training, views: dict[tuple[View, bool], Taught], seed: int, threads: int) -> Part:
    """One member, fitted on the whole training side; a student on what its teacher says of it."""

    def rows(one: Member) -> Lesson:
        recipe, features = views[_key(one)]
        return Lesson(
            x=features,
            y=lesson.target,
            task=lesson.signature.task,
            classes=len(lesson.signature.classes),
            categorical=preparing.categorical(recipe),
            seed=seed,
            threads=threads,
        )

    members = teacher_of(member.settings)
    known = taught(rows(member), said(members, rows)) if members else rows(member)
    return Part(learning.learn(member.estimator, known, member.settings), views[_key(member)][0], member.weight)
