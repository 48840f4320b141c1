"""A table of messages, from a first look to answers: free text needs no preparation by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from flow_project import done  # type: ignore[import-not-found]

from volvelle.flow.draft import draft
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.flow.why import stored_row, why
from volvelle.prepare.recipe import Recipe
from volvelle.spec.read import read
from volvelle.spec.write import write

SEARCH = '[search]\ntrials = 3\nfolds = 3\nensemble = false\nestimators = ["logistic", "linear_svm", "decision_tree"]\n'


@pytest.fixture(scope="module")
def messages(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The finished run of the spec that is drafted for thousands of messages."""
    folder = tmp_path_factory.mktemp("messages")
    shutil.copy(real_data / "text" / "sms_spam.tsv.gz", folder)
    spec, _ = draft("sms_spam.tsv.gz", {"target": "column_1", "positive": "spam"}, folder)
    assert spec.features["column_2"].role == "text"
    text = write(spec).partition("# How candidates")[0] + SEARCH + '[features.column_2]\nrole = "text"\n'
    (folder / "volvelle.toml").write_text(text, encoding="utf-8")
    project = Project(folder)
    return find(project, turn(project, read(folder / "volvelle.toml"), lambda event, facts: None).run)


def test_spam_is_told_from_ham(messages: Result) -> None:
    """On sealed messages the model is as good as tf-idf with a linear machine is known to be, in a small graph."""
    measured = {m.metric: m.value or 0.0 for m in messages.evidence.metrics if m.side == "test" and not m.slice}
    assert measured["accuracy"] >= 0.98
    assert measured["f1"] >= 0.93
    assert messages.model.label_differences == 0
    assert messages.model.size < 200_000


def test_features_are_called_by_their_words(messages: Result) -> None:
    """The recipe speaks of words and pairs of words, not of hashes."""
    recipe = messages.project.store.get_record(messages.model.recipe, Recipe)
    names = {name for chain in recipe.chains for name in chain.features}
    assert {"column_2=free", "column_2=call", "column_2=to claim"} <= names


def test_one_answer_is_taken_apart(messages: Result) -> None:
    """The text column's part is the whole way from the typical answer, and its cell is told in words."""
    (found,) = why(messages, stored_row(messages, 3))
    (part,) = found.parts
    assert part.cell.endswith("words")
    assert np.isclose(found.base + part.amount + found.remainder, found.answer)
    assert messages.explanation is not None
    assert [i.column for i in messages.explanation.importances] == ["column_2"]
    assert messages.explanation.dependences == ()


def test_new_messages_are_answered(messages: Result) -> None:
    """The command line predicts a file with a header of the same names, an empty message included."""
    folder = messages.project.folder
    lines = "column_2\nWINNER! Call 09061701461 to claim your prize\nsee you at home\n\n"
    (folder / "new.tsv").write_text(lines.replace("\n\n", '\n""\n'), encoding="utf-8")
    answers = done(folder, "predict", "new.tsv", "--run", str(messages.run.id), "--only").splitlines()
    assert [line.split(",")[0] for line in answers] == ["prediction", "spam", "ham", "ham"]
