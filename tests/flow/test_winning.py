"""Ensembles, thresholds, listed candidates and logarithms, through the whole wheel."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from volvelle.errors import SpecError
from volvelle.flow.predictions import side_of
from volvelle.flow.reproduce import reproduce
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.model.predictor import Predictor
from volvelle.spec.read import parse
from volvelle.train import ending

ROWS = 2000


def table(folder: Path) -> None:
    """Half of the signal is a line, half of it steps: a linear model and trees each see one."""
    rng = np.random.default_rng(12)
    x = rng.normal(size=(ROWS, 4))
    signal = 1.5 * (x[:, 0] + x[:, 1] - x[:, 3]) + 1.0 * np.sign(x[:, 1]) * np.sign(x[:, 2]) - 1.5
    yes = rng.random(ROWS) < 1 / (1 + np.exp(-signal))
    frame = pl.DataFrame({f"x{k}": x[:, k] for k in range(4)})
    frame = frame.with_columns(
        site=pl.Series(np.where(x[:, 3] > 0, "north", "south")),
        fails=pl.Series(np.where(yes, "yes", "no")),
        price=pl.Series(np.exp(3 + x[:, 0] + 0.2 * rng.normal(size=ROWS))),
    )
    frame.write_csv(folder / "data.csv")


def spec(target: str, search: str, gates: tuple[str, ...] = ()) -> str:
    positive = 'positive = "yes"' if target == "fails" else ""
    other = "price" if target == "fails" else "fails"
    return f"""\
[problem]
target = "{target}"
{positive}

[data]
source = "data.csv"
ignore = ["{other}"]

[require]
gates = {json.dumps(gates)}

[search]
folds = 3
{search}
"""


def turned(folder: Path, text: str) -> Result:
    project = Project(folder)
    return find(project, turn(project, parse(text), lambda event, facts: None, source=text).run)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with the table."""
    made = tmp_path_factory.mktemp("winning")
    table(made)
    return made


MANUAL = """\
method = "manual"
metric = "log_loss"

[[search.candidates]]
estimator = "logistic"

[[search.candidates]]
estimator = "lightgbm"
settings  = { trees = 60, leaves = 7 }
"""


@pytest.fixture(scope="module")
def averaged(folder: Path) -> Result:
    """A linear model and trees, by hand."""
    return turned(folder, spec("fails", MANUAL))


def test_candidates_by_hand(averaged: Result) -> None:
    """The method manual tries exactly the listed candidates with the settings given, and no early stopping."""
    tried = [(t.estimator, t.settings.get("trees"), t.found) for t in averaged.searched.trials]
    assert tried == [("logistic", None, {}), ("lightgbm", 60, {})]


def test_an_ensemble_wins_where_models_see_different_things(averaged: Result) -> None:
    """The average is chosen, beats its members out of fold and is one graph with the libraries' own scores."""
    candidate, model = averaged.candidate, averaged.model
    assert candidate.estimator == model.estimator == "ensemble"
    assert {m.estimator for m in candidate.members} == {"logistic", "lightgbm"}
    assert candidate.score < min(t.score for t in averaged.searched.trials if t.score is not None)
    assert model.members == candidate.members
    assert (model.label_differences, model.parity <= 1e-6) == (0, True)
    assert set(model.recipes) == {"dense", "raw"}


def test_the_shipped_ensemble_answers_rows(averaged: Result) -> None:
    """The exported file alone answers raw rows with probabilities that sum to one."""
    answer = Predictor(averaged.onnx, averaged.model.signature).predict(
        pl.read_csv(averaged.project.folder / "data.csv")
    )
    total = answer["probability_yes"] + answer["probability_no"]
    assert np.allclose(total.to_numpy(), 1.0, atol=1e-5)


def test_an_ensemble_is_reproduced(averaged: Result) -> None:
    """Trained again from the record, an ensemble gives the same file and the same predictions."""
    rebuilt, _ = reproduce(averaged, lambda event, facts: None)
    assert [c.what for c in rebuilt if not c.same] == []


def test_what_grew_with_the_rows_is_known_by_its_trial(folder: Path) -> None:
    """The last fit has more trees than early stopping found in a fold, and still is that trial's on the front."""
    search = 'method = "manual"\n\n[[search.candidates]]\nestimator = "lightgbm"\n'
    result = turned(folder, spec("price", search))
    (trial,) = result.searched.trials
    assert result.model.settings["trees"] == round(trial.found["trees"] * 1.5**0.5)
    assert [(p.trial, p.shipped) for p in result.evidence.front] == [(0, True)]


def test_cores_change_nothing(folder: Path, averaged: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    """Members that are fitted one by one, or all at once, make the same file."""
    files = set()
    for cores in (1, 4):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        with tempfile.TemporaryDirectory() as place:
            table(Path(place))
            files.add(turned(Path(place), spec("fails", MANUAL)).model.onnx)
    assert files == {averaged.model.onnx}


def test_no_ensemble_when_not_wanted(folder: Path, averaged: Result) -> None:
    """With ensemble = false the best single model is taken, and the search is not repeated for that."""
    result = turned(folder, spec("fails", "ensemble = false\n" + MANUAL))
    assert result.candidate.members == ()
    assert result.candidate.estimator in ("logistic", "lightgbm")
    assert {s.stage: s.reused for s in result.steps}["split"]


def bounded(folder: Path, gate: str) -> tuple[Result, str]:
    """A turn under one gate on the size, and what its verdict says; the search must come from the store."""
    result = turned(folder, spec("fails", MANUAL, (gate,)))
    assert {s.stage: s.reused for s in result.steps}["search"]
    return result, result.evidence.verdicts[0].reason


def test_a_wide_bound_on_size_decides_nothing(folder: Path, averaged: Result) -> None:
    """Where all fits, several models are averaged as without a gate, and nothing is trained again."""
    result, said = bounded(folder, "model_size <= 1 MiB")
    assert result.candidate == averaged.candidate
    assert {s.stage: s.reused for s in result.steps}["build"]
    assert said == "every candidate fits: the bound decides nothing"


def test_the_best_candidate_under_a_bound_wins(folder: Path, averaged: Result) -> None:
    """A bound between the two sizes leaves the small one; the verdict passes and names what the bound cost."""
    small, large = sorted(averaged.searched.trials, key=lambda t: t.size)
    assert small.size < 4096 < large.size
    result, said = bounded(folder, "model_size <= 4 KiB")
    assert result.candidate.estimator == small.estimator == "logistic"
    assert result.evidence.verdicts[0].verdict == "pass"
    assert result.model.size <= 4096
    assert said.startswith("1 of 2 candidates fit, and the best of them is taken")
    best = averaged.searched.trials[averaged.searched.best]
    assert ("without the bound lightgbm" in said) == (best.estimator == "lightgbm")


def test_a_bound_that_nothing_meets_says_how_far_it_is(folder: Path, averaged: Result) -> None:
    """The best candidate is shown, and the bound that the verdict proposes lets the smallest one win."""
    result, said = bounded(folder, "model_size <= 100 B")
    assert result.candidate.estimator == averaged.searched.trials[averaged.searched.best].estimator
    assert result.evidence.verdicts[0].verdict == "fail"
    proposed = re.search(r"(model_size <= \d+ KiB) would let it win", said)
    assert proposed is not None
    relaxed, _ = bounded(folder, proposed[1])
    assert relaxed.candidate.estimator == "logistic"
    assert relaxed.evidence.verdicts[0].verdict == "pass"


def test_sizes_of_folds_foretell_the_model(folder: Path, averaged: Result) -> None:
    """Bytes and operations that the folds gave are near those of the model of all rows, and deterministic."""
    result, _ = bounded(folder, "model_size <= 4 KiB")
    (trial,) = [t for t in averaged.searched.trials if t.estimator == "logistic"]
    assert abs(result.model.size - trial.size) < 1000
    assert result.model.operations == trial.operations > 0


def test_the_front_is_kept(averaged: Result) -> None:
    """The evidence holds the shipped average, marked, beside the single candidates that are smaller."""
    front = averaged.evidence.front
    assert (front[0].estimator, front[0].shipped, front[0].size) == ("ensemble", True, averaged.model.size)
    assert {p.estimator for p in front[1:]} <= {"logistic", "lightgbm"}
    assert "logistic" in {p.estimator for p in front}
    assert averaged.evidence.weighed == 3


CHEAP = {"admit", "choose", "tune", "prove", "finish", "validate", "judge", "explain"}


def test_a_changed_floor_moves_the_threshold_and_trains_nothing(folder: Path, averaged: Result) -> None:
    """By default gates on recall and precision move the graph's threshold; search and build come from the store."""
    result = turned(folder, spec("fails", MANUAL, ("recall >= 0.75", "precision >= 0.4")))
    assert {s.stage for s in result.steps if not s.reused} <= CHEAP
    assert result.candidate == averaged.candidate
    threshold = result.model.signature.threshold
    assert threshold is not None
    assert threshold < 0.5
    assert set(result.tuned.out_of_fold) == {"recall", "precision"}
    assert result.tuned.meets
    test = side_of(pl.read_parquet(result.project.store.get(result.scored.predictions)), "test", result.model.signature)
    assert (test.labels == (test.scores[:, 1] > np.float32(threshold))).all()
    assert result.model.label_differences == 0
    again = turned(folder, spec("fails", MANUAL, ("recall >= 0.9", "precision >= 0.2")))
    assert again.model.signature.threshold is not None
    assert again.model.signature.threshold < threshold
    assert {s.stage for s in again.steps if not s.reused} <= CHEAP


def test_a_ceiling_on_costs_moves_the_threshold(folder: Path, averaged: Result) -> None:
    """With a miss at twenty false alarms yes begins earlier, and the test side's cost falls; nothing is trained."""
    costly = spec("fails", MANUAL, ("cost <= 0.9",)).replace("[search]", "costs = [[0, 1], [20, 0]]\n\n[search]")
    result, plain = turned(folder, costly), turned(folder, costly.replace("[search]", "[search]\nthreshold = 0.5"))
    assert {s.stage for s in result.steps if not s.reused} <= CHEAP | {"split"}
    threshold = result.model.signature.threshold
    assert threshold is not None
    assert threshold < 0.3
    moved, half = (r.evidence.verdicts[0].value for r in (result, plain))
    assert moved is not None
    assert half is not None
    assert moved < half / 2


def test_only_the_end_of_the_graph_is_another(folder: Path, averaged: Result) -> None:
    """Scores of a model whose threshold was moved are those of the one whose was not, bit for bit."""
    moved = turned(folder, spec("fails", MANUAL, ("recall >= 0.75", "precision >= 0.4")))
    tables = [pl.read_parquet(r.project.store.get(r.scored.predictions)) for r in (averaged, moved)]
    assert tables[0].drop("label").equals(tables[1].drop("label"))
    assert not tables[0]["label"].equals(tables[1]["label"])


def test_a_floor_that_no_threshold_meets_says_so(folder: Path, averaged: Result) -> None:
    """Where recall and precision cannot be had together the verdicts on both say so, and the curve shows it."""
    result = turned(folder, spec("fails", MANUAL, ("recall >= 0.95", "precision >= 0.95")))
    assert result.tuned.meets is False
    assert all("no threshold meets all gates" in v.reason for v in result.evidence.verdicts)
    curve = result.evidence.tuned.curve if result.evidence.tuned else {}
    both = zip(curve["recall"], curve["precision"], strict=True)
    assert not any((r or 0) >= 0.95 and (p or 0) >= 0.95 for r, p in both)
    assert curve["recall"][0] == 1.0


def test_half_stays_where_it_is_asked_for(folder: Path, averaged: Result) -> None:
    """With threshold = 0.5 no floor moves anything."""
    result = turned(folder, spec("fails", "threshold = 0.5\n" + MANUAL, ("recall >= 0.75", "precision >= 0.4")))
    assert result.model.signature.threshold == 0.5


@pytest.mark.parametrize("method", ["platt", "isotonic", "temperature"])
def test_a_named_calibration_is_inside_the_graph(folder: Path, averaged: Result, method: str) -> None:
    """Nothing is trained; the file gives what the library's scores give, calibrated, label for label."""
    result = turned(folder, spec("fails", f'calibrate = "{method}"\n' + MANUAL, ("recall >= 0.75", "precision >= 0.4")))
    reused = {s.stage: s.reused for s in result.steps}
    assert reused["build"]
    assert (result.calibrated.method, result.model.calibration is not None) == (method, True)
    assert (result.model.label_differences, result.model.parity <= 1e-6) == (0, True)
    scores = pl.read_parquet(averaged.project.store.get(averaged.scored.predictions))
    mine = pl.read_parquet(result.project.store.get(result.scored.predictions))
    raw = scores.select("score_0", "score_1").to_numpy().astype(np.float32)
    told = ending.calibrated(raw, result.model.calibration)
    assert np.allclose(told, mine.select("score_0", "score_1").to_numpy(), atol=1e-6)
    assert not np.allclose(raw, told, atol=1e-3)
    assert set(result.calibrated.after) == {"log_loss", "brier", "ece"}
    rebuilt, _ = reproduce(result, lambda event, facts: None)
    assert [c.what for c in rebuilt if not c.same] == []


def test_scores_that_are_too_extreme_are_calibrated_by_default(tmp_path: Path) -> None:
    """Naive Bayes counts six copies of one number six times; the file that ships has less than half of its error."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=3000)
    frame = pl.DataFrame({f"x{k}": x + 0.05 * rng.normal(size=len(x)) for k in range(6)})
    yes = rng.random(len(x)) < 1 / (1 + np.exp(-x))
    frame.with_columns(fails=pl.Series(np.where(yes, "yes", "no")), price=0.0).write_csv(tmp_path / "data.csv")
    listed = '[[search.candidates]]\nestimator = "naive_bayes"\n'
    plain = turned(tmp_path, spec("fails", 'calibrate = "none"\nmethod = "manual"\n' + listed))
    result = turned(tmp_path, spec("fails", 'method = "manual"\n' + listed))
    assert result.calibrated.method != "none"
    assert result.calibrated.after["ece"] < result.calibrated.before["ece"] / 2
    found = [
        next(m.value for m in r.evidence.metrics if (m.metric, m.side) == ("ece", "test")) for r in (plain, result)
    ]
    assert found[0] is not None
    assert found[1] is not None
    assert found[1] < found[0] / 2


def test_a_calibration_of_another_task_is_refused(folder: Path) -> None:
    """Platt has nothing to do with a regression."""
    with pytest.raises(SpecError, match="does not calibrate a regression model"):
        turned(folder, spec("price", 'calibrate = "platt"\ntrials = 1\nestimators = ["linear"]'))


@pytest.mark.parametrize(("wanted", "expected"), [("0.25", 0.25), ('"f1"', None)])
def test_thresholds_by_hand(folder: Path, averaged: Result, wanted: str, expected: float | None) -> None:
    """A number is taken as it is; the name of a metric gives the threshold that is best for it."""
    result = turned(folder, spec("fails", f"threshold = {wanted}\n" + MANUAL))
    assert {s.stage: s.reused for s in result.steps}["search"]
    found = result.model.signature.threshold
    assert found is not None
    assert found == expected or (expected is None and 0.1 < found < 0.6)


def test_what_is_no_threshold(folder: Path) -> None:
    """A metric of scores, a number outside 0 to 1, and any threshold of a regression are refused with advice."""
    with pytest.raises(SpecError, match="neither auto, a number nor a metric of labels"):
        turned(folder, spec("fails", 'threshold = "roc_auc"\n' + MANUAL))
    with pytest.raises(SpecError, match="is no probability"):
        parse(spec("fails", "threshold = 1.5"))


def test_grid_and_logarithm(folder: Path) -> None:
    """A grid of two settings by two choices has four trials, and the exponential target is best on its logarithm."""
    grid = """\
method = "grid"
ensemble = false

[[search.candidates]]
estimator = "linear"
settings  = { strength = [0.001, 0.1], log_target = [false, true] }
"""
    result = turned(folder, spec("price", grid))
    assert len(result.searched.trials) == 4
    assert result.candidate.settings["log_target"] is True
    assert result.model.parity <= 1e-5
    with pytest.raises(SpecError, match="has no setting 'strenght'"):
        turned(folder, spec("price", grid.replace("strength", "strenght")))
    with pytest.raises(SpecError, match="log_target of linear is 2"):
        turned(folder, spec("price", grid.replace("true]", "2]")))
    with pytest.raises(SpecError, match="is a list of values"):
        turned(folder, spec("price", grid.replace('"grid"', '"manual"')))


def test_only_a_long_tail_is_learnt_on_its_logarithm(tmp_path: Path) -> None:
    """The search tries the logarithm of an exponential target by itself, and never that of a symmetric one."""
    x = np.random.default_rng(6).normal(size=(300, 2))
    tried = {}
    for name, price in (("exponential", np.exp(3 + x[:, 0])), ("symmetric", 30 + x[:, 0])):
        (tmp_path / name).mkdir()
        pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "fails": 0, "price": price}).write_csv(tmp_path / name / "data.csv")
        result = turned(tmp_path / name, spec("price", 'trials = 5\nestimators = ["linear"]'))
        tried[name] = {bool(trial.settings.get("log_target")) for trial in result.searched.trials}
    assert tried == {"exponential": {False, True}, "symmetric": {False}}


def test_a_killed_search_keeps_its_predictions(folder: Path, averaged: Result) -> None:
    """Every finished trial's out-of-fold predictions lie in the store, beside their rows, folds and truth."""
    known = pl.read_parquet(averaged.project.store.get(averaged.searched.layout))
    assert known.columns == ["row", "fold", "y"]
    assert sorted(known["row"].to_list()) == list(range(averaged.split.rows_train))
    for trial in averaged.searched.trials:
        table = pl.read_parquet(averaged.project.store.get(trial.predictions))
        assert table.shape == (averaged.split.rows_train, 2)
        assert len(trial.fold_scores) == 3
