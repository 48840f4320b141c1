"""The report: one sound, small file that tells the truth and lets nothing in."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import polars as pl
import pytest
from ui_page import Page  # type: ignore[import-not-found]
from ui_runs import bundled, run, turned_file  # type: ignore[import-not-found]

from volvelle.data.versions import from_bytes
from volvelle.evaluate.records import Evidence, Verdict
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project
from volvelle.spec.read import parse
from volvelle.spec.requirements import Data, Problem
from volvelle.ui.report import MOST_BYTES, render, write
from volvelle.ui.sections import MOST_TRIALS
from volvelle.ui.wording import outcome, show_value

T = TypeVar("T")
RUNS = ("binary", "multiclass", "regression", "hostile")


@pytest.fixture(params=RUNS)
def result(request: pytest.FixtureRequest) -> Result:
    """Each of the finished runs."""
    found: Result = request.getfixturevalue(request.param)
    return found


def test_page_is_sound(result: Result) -> None:
    """Every element is closed in order, ids are unique, links lead somewhere, nothing runs and nothing is fetched."""
    page = Page(render(result))
    assert page.faults == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.links) <= set(page.ids)
    assert not {"script", "link", "iframe", "object", "embed", "img", "form"} & set(page.tags)


def test_page_can_be_walked(result: Result) -> None:
    """One main heading, no level skipped, landmarks present, every drawing named, every table captioned."""
    text = render(result)
    page = Page(text)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
    assert {"header", "nav", "main", "footer"} <= set(page.tags)
    assert '<html lang="en">' in text
    assert page.svg
    assert all(svg == ("img", True) for svg in page.svg)
    assert page.tags.count("caption") == page.tags.count("table")
    assert not re.search(r"<th(?![^>]*scope=)[ >]", text)


def test_page_is_small_and_always_the_same(result: Result) -> None:
    """The file keeps its budget, and the same run read again gives the same bytes."""
    first = render(result)
    assert len(first.encode()) < MOST_BYTES
    assert render(find(Project(result.project.folder), result.run.id)) == first


def test_every_gate_and_hash_is_shown(result: Result) -> None:
    """Each gate stands with its value and verdict in words, and the hashes of data, model and predictions in full."""
    text = Page(render(result)).text
    for verdict in result.evidence.verdicts:
        assert verdict.verdict in text
        if verdict.value is not None and verdict.name != "model_size":
            assert f"{verdict.value:.3f}" in text
    for digest in (result.dataset.version, result.model.onnx, result.scored.digest, result.model.recipe):
        assert digest in text
    assert f"volvelle reproduce {result.run.id}" in text


def test_what_the_spec_states_is_shown(binary: Result) -> None:
    """Statement, use, limits, owners, licence and consent reach the reader, and the spec file as it was."""
    text = Page(render(binary)).text
    spec = binary.spec
    stated = (spec.problem.statement, spec.problem.intended_use, spec.problem.out_of_scope, spec.data.licence)
    for part in (*stated, spec.data.consent, *spec.roles.values(), binary.spec_text.split()[0], "decimal point"):
        assert part in text
    assert "not stated" not in text


def test_numbers_come_from_the_predictions(binary: Result) -> None:
    """The confusion matrix of the page is the one that the stored predictions give."""
    table = from_bytes(binary.project.store.get(binary.scored.predictions)).filter(pl.col("side") == "test")
    positive = binary.model.signature.positive
    hits = table.filter((pl.col("label") == positive) & (pl.col("y") == positive)).height
    name = "malignant predicted as malignant"
    assert f"<title>{name}: {hits} rows, " in render(binary)


def test_training_folds_and_test_stand_in_one_row(binary: Result) -> None:
    """The metric that was searched for has its value on the folds beside those of the test and the training side."""
    text, candidate = Page(render(binary)).text, binary.candidate
    folds = f"searched for: {show_value(candidate.score)} ± {show_value(candidate.spread)} over the folds"
    assert text.count(folds) == 1
    values = {m.side: m.value for m in binary.evidence.metrics if m.metric == binary.evidence.metric and not m.slice}
    row = text[text.index(folds) :][:300]
    assert show_value(values["test"]) in row
    assert show_value(values["train"]) in row


def test_hostile_names_stay_text(hostile: Result) -> None:
    """Markup in names of columns, classes, roles and the spec is shown as text, and long names are cut."""
    text = render(hostile)
    words = Page(text).text
    assert "<script" not in text
    assert "onerror=alert(1)>" in words
    assert "<script>alert(1)</script>" in words
    assert "</style><script>alert(2)</script>" in words
    assert "\u202e" not in text
    assert max(map(len, words.split())) < 620


def test_the_page_forbids_scripts_itself(binary: Result) -> None:
    """The page's own policy allows its style sheet by hash and nothing else."""
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', render(binary))
    assert found
    assert found[1].startswith("default-src &#39;none&#39;; style-src &#39;sha256-")


@pytest.mark.parametrize("name", ["hostile_column_names.csv", "formula_and_markup.csv", "wide_2000_columns.csv"])
def test_nasty_files(name: str, real_data: Path, tmp_path: Path) -> None:
    """Real nasty tables give a sound page within its budget."""
    result = turned_file(
        tmp_path,
        real_data / "bad" / "csv" / name,
        Problem(target="target", name="nasty", task="classification"),
        Data(source=name),
    )
    text = render(result)
    page = Page(text)
    assert page.faults == []
    assert "<script" not in text
    assert len(text.encode()) < MOST_BYTES


def test_the_card_tells_what_holds_a_model_back(binary: Result, tmp_path: Path) -> None:
    """Trees that early stopping chose and penalties are named; trees given by hand are not said to be chosen."""
    assert "Against overfitting logistic: held back by penalty ridge, strength 1" in Page(render(binary)).text
    (tmp_path / "table.csv").write_text(bundled("breast_cancer").write_csv())
    for given, told in (("", True), ("settings = {trees = 20}", False)):
        listed = f'search.candidates = [{{estimator = "lightgbm", {given}}}]'.replace(", }", "}")
        spec = f'problem.target = "target"\ndata.source = "table.csv"\nsearch.method = "manual"\n{listed}'
        grown = run(tmp_path, parse(spec))
        trees = grown.searched.trials[0].whole()["trees"]
        text = Page(render(grown)).text
        assert (f"LightGBM: early stopping chose {trees} trees in the folds" in text) == told
        assert "held back by l2 1" in text


def test_the_longest_tables_are_cut(deep: Result) -> None:
    """A run with everything at its cap keeps the budget; what is cut is counted, and the small tables stay whole."""
    full = full_of_everything(deep)
    text = render(full)
    assert Page(text).faults == []
    assert len(text.encode()) < MOST_BYTES
    told = {
        kind: int(n) for n, kind in re.findall(r"and (\d+) more (in the record of the search|slices|columns)", text)
    }
    assert told["in the record of the search"] > 300 - MOST_TRIALS
    assert len(told) == 3
    assert text.count("native-country") + told["slices"] == 100
    for verdict in full.evidence.verdicts:
        assert verdict.gate in text.replace("&lt;", "<").replace("&gt;", ">")


def full_of_everything(result: Result) -> Result:
    """A real run, each of whose records is repeated until every list is longer than the report shows."""

    def many(rows: Sequence[T], count: int) -> tuple[T, ...]:
        return tuple(itertools.islice(itertools.cycle(rows), count))

    full, replace = Result(result.project, result.run), msgspec.structs.replace
    evidence, long = result.evidence, "a note of some length " * 20
    tested = [m for m in evidence.metrics if m.side == "test" and not m.slice]
    sliced = [replace(m, slice=f"native-country = '{k}'") for k in range(100) for m in tested]
    full.evidence = replace(evidence, metrics=(*evidence.metrics, *sliced), verdicts=many(evidence.verdicts, 20))
    full.profile = replace(
        result.profile, columns=many(result.profile.columns, 200), findings=many(result.profile.findings, 100)
    )
    full.searched = replace(result.searched, trials=many(result.searched.trials, 300))
    full.dataset = replace(result.dataset, notes=(long,) * 60)
    full.model = replace(result.model, notes=(long,) * 60, feature_names=many(result.model.feature_names, 200))
    full._kept = {**result._kept, "text": "[problem] # a line of a long spec\n" * 1000}
    return full


def test_write_puts_the_report_beside_the_state(binary: Result) -> None:
    """The report lies under the state folder, named after its run, and nothing else is left there."""
    path = write(binary)
    assert path == binary.project.state / "reports" / f"run-{binary.run.id}.html"
    assert path.read_text(encoding="utf-8") == render(binary)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("kinds", "kind", "headline"),
    [
        ([], "not measured", "No requirement was stated"),
        (["pass"], "pass", "The gate passes"),
        (["pass"] * 3, "pass", "All 3 gates pass"),
        (["fail"], "fail", "The gate fails"),
        (["pass", "fail", "fail", "not proven"], "fail", "Of 4 gates, 2 fail and 1 is not proven"),
        (["pass", "not measured"], "not measured", "Of 2 gates, 1 is not measured"),
        (["not proven", "not proven"], "not proven", "Of 2 gates, 2 are not proven"),
    ],
)
def test_verdict_in_words(binary: Result, kinds: list[str], kind: str, headline: str) -> None:
    """The banner follows the worst gate: only all passes are a pass."""
    one = binary.evidence.verdicts[0]
    verdicts: tuple[Verdict, ...] = tuple(msgspec.structs.replace(one, verdict=k) for k in kinds)
    evidence: Evidence = msgspec.structs.replace(binary.evidence, verdicts=verdicts)
    found = outcome(evidence)
    assert (found.kind, found.headline) == (kind, headline)
