"""Trials in worker processes."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from volvelle.catalog import ESTIMATORS
from volvelle.compiler.device import device
from volvelle.data.collect import collect
from volvelle.data.versions import from_bytes
from volvelle.errors import InputError, OutOfTime
from volvelle.evaluate.budget import Budget, Limit
from volvelle.flow import worker
from volvelle.flow.lesson import Training
from volvelle.flow.trials import Folds, Trials
from volvelle.model.derive import derive, target_codes
from volvelle.model.encode import encode
from volvelle.prepare import recipe
from volvelle.spec.requirements import Data, Problem, Spec
from volvelle.train.contract import defaults
from volvelle.train.learning import TEACHER
from volvelle.train.samples import breast_cancer
from volvelle.train.search import Outcome
from volvelle.train.stops import stops

BOOSTED = defaults(ESTIMATORS.load("lightgbm").SPACE)
BAYES = defaults(ESTIMATORS.load("naive_bayes").SPACE)


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Training:
    """The breast cancer table as candidates see it."""
    folder = tmp_path_factory.mktemp("lesson")
    (folder / "cells.csv").write_text(breast_cancer(), encoding="utf-8")
    frame, dataset = collect(Data(source="cells.csv"), {}, folder)
    spec = Spec(problem=Problem(target="diagnosis"), data=Data(source="cells.csv"))
    signature, notes = derive(spec, dataset, frame)
    return Training(frame, signature, encode(frame, signature), target_codes(frame, signature), notes)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own for temporary files, which must be empty in the end."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


def folds(lesson: Training, count: int = 4) -> Folds:
    """Every count-th row to score on."""
    rows = np.arange(len(lesson.target))
    return [(rows[rows % count != n], rows[rows % count == n]) for n in range(count)]


def digest(content: bytes) -> str:
    """Stands for the store."""
    return hashlib.sha256(content).hexdigest()


def always(scores: tuple[float, ...], fits: bool | None = None) -> bool:
    """Every fold is worth its time."""
    return True


def told(outcome: Outcome) -> tuple[Any, ...]:
    """All of an outcome but its seconds."""
    return outcome.scores, outcome.found, outcome.predictions


def trials(lesson: Training, **options: Any) -> Trials:
    """Trials of the area under the curve."""
    return Trials(lesson, "roc_auc", folds(lesson), 1, digest, **options)


def living(place: Path) -> list[int]:
    """Processes whose command names a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if bytes(place) in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def gone(place: Path) -> bool:
    """Whether no such process is left, given a moment."""
    for _ in range(100):
        if not living(place):
            return True
        time.sleep(0.1)
    return False


def test_scores_do_not_depend_on_workers(lesson: Training) -> None:
    """One, two and four workers give the very same scores and out-of-fold predictions."""
    found = set()
    for workers in (1, 2, 4):
        with trials(lesson, workers=workers) as measured:
            both = (measured.measure(n, point, None, always) for n, point in (("naive_bayes", BAYES), ("constant", {})))
            found.add(tuple((o.scores, o.predictions) for o in both))
    assert len(found) == 1
    assert min(found.pop()[0][0]) > 0.9


def test_out_of_time_ends_everything(lesson: Training, temporary: Path) -> None:
    """At the deadline the trial stops in the middle of its fit and no process is left; the next trial works."""
    with trials(lesson, workers=2) as measured:
        measured.measure("naive_bayes", BAYES, None, always)
        assert len(living(temporary)) == 2
        with pytest.raises(OutOfTime):
            measured.measure("naive_bayes", BAYES, 0.0, always)
        assert living(temporary) == []
        assert measured.measure("naive_bayes", BAYES, 60.0, always).scores[0] > 0.9
    assert living(temporary) == []


def test_a_hopeless_trial_ends_before_its_first_fold(lesson: Training, temporary: Path) -> None:
    """In time for one fold of four none is waited for: the workers end, and nobody is asked whether to go on."""
    dear = defaults(ESTIMATORS.load("random_forest").SPACE) | {"trees": 300}
    judged: list[tuple[float, ...]] = []

    def told(scores: tuple[float, ...], fits: bool | None = None) -> bool:
        judged.append(scores)
        return True

    with trials(lesson, workers=1) as measured:
        whole = min(measured.measure("random_forest", dear, None, always).work for _ in range(3))
        with pytest.raises(OutOfTime):
            measured.measure("random_forest", dear, 0.4 * whole, told)
        assert living(temporary) == []
    assert judged == []


def test_a_dead_worker_is_a_failed_trial(lesson: Training, temporary: Path) -> None:
    """A worker that is killed in the middle of a fit fails that trial with its code; the next trial works."""
    killer = (
        "import os, signal, sys, time\nfrom pathlib import Path\nplace = os.fsencode(sys.argv[1])\n"
        "def found():\n    for e in Path('/proc').glob('[0-9]*/cmdline'):\n        try:\n"
        "            words = e.read_bytes()\n        except OSError:\n            continue\n"
        "        if place in words and b'-m\\0volvelle' in words:\n            yield int(e.parent.name)\n"
        "while not list(found()):\n    time.sleep(0.01)\nos.kill(next(found()), signal.SIGKILL)\n"
    )
    with trials(lesson, workers=1) as measured:
        process = subprocess.Popen([sys.executable, "-c", killer, str(temporary)])
        with pytest.raises(InputError, match=r"ended by itself \(code -9\)"):
            measured.measure("naive_bayes", BAYES, None, always)
        process.wait()
        assert measured.measure("naive_bayes", BAYES, None, always).scores[0] > 0.9


def test_a_worker_that_died_idle_harms_nothing(lesson: Training, temporary: Path) -> None:
    """A worker killed between two trials is replaced, and the next candidate is not blamed."""
    with trials(lesson, workers=2) as measured:
        first = measured.measure("naive_bayes", BAYES, None, always)
        victim = living(temporary)[0]
        os.kill(victim, signal.SIGKILL)
        # Its first thread may end before the others; only then can it be waited for.
        while ") Z " not in Path(f"/proc/{victim}/stat").read_text() or len(os.listdir(f"/proc/{victim}/task")) > 1:
            time.sleep(0.01)
        assert told(measured.measure("naive_bayes", BAYES, None, always)) == told(first)


def test_a_bug_in_a_worker_is_told(lesson: Training) -> None:
    """A worker that ends by an error of its own fails the trial with the last thing it said."""
    with trials(lesson, workers=1) as measured, pytest.raises(InputError, match=r"\(code 1\): KeyError"):
        measured.measure("naive_bayes", {}, None, always)


def test_what_cannot_be_trained(lesson: Training) -> None:
    """A candidate with impossible settings, or an unknown one, is an error with its reason, and the next works."""
    with trials(lesson, workers=2) as measured:
        with pytest.raises(InputError, match="no estimator is called 'nothing'"):
            measured.measure("nothing", {}, None, always)
        assert measured.measure("constant", {}, None, always).scores == (0.5,) * 4


_ORPHAN = """\
import sys, time
sys.path.insert(0, sys.argv[1])
import test_trials as t
import tempfile
from pathlib import Path
tempfile.tempdir = sys.argv[2]
folder = Path(sys.argv[3])
(folder / "cells.csv").write_text(t.breast_cancer())
frame, dataset = t.collect(t.Data(source="cells.csv"), {}, folder)
spec = t.Spec(problem=t.Problem(target="diagnosis"), data=t.Data(source="cells.csv"))
signature, notes = t.derive(spec, dataset, frame)
lesson = t.Training(frame, signature, t.encode(frame, signature), t.target_codes(frame, signature), notes)
measured = t.trials(lesson, workers=2)
measured.measure("naive_bayes", t.BAYES, None, t.always)
print("ready", flush=True)
time.sleep(600)
"""


def test_workers_end_with_a_killed_parent(temporary: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """When the parent is killed its workers end by themselves and remove what it had written."""
    place = tmp_path_factory.mktemp("orphan")
    parent = subprocess.Popen(
        [sys.executable, "-c", _ORPHAN, str(Path(__file__).parent), str(temporary), str(place)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    assert len(living(temporary)) == 3
    parent.kill()
    parent.communicate()
    assert gone(temporary)


def test_what_a_killed_process_left_is_swept(lesson: Training, temporary: Path) -> None:
    """A folder whose owner was killed before it had started a worker is removed by the next; one in use is not."""
    left = temporary / "volvelle-trials-left"
    left.mkdir()
    (left / "held").touch()
    with trials(lesson) as first, trials(lesson) as second:
        assert not left.exists()
        assert len(list(temporary.glob("volvelle-trials-*"))) == 2
        assert told(first.measure("constant", {}, None, always)) == told(second.measure("constant", {}, None, always))


def test_the_frame_is_not_needed(lesson: Training) -> None:
    """Workers learn from encoded inputs alone: an emptied frame changes no score."""
    with trials(lesson) as whole, trials(lesson._replace(frame=pl.DataFrame())) as bare:
        found = [told(m.measure("naive_bayes", BAYES, None, always)) for m in (whole, bare)]
        assert found[0] == found[1]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_stopped_candidate_has_its_first_folds(lesson: Training, workers: int) -> None:
    """What is stopped after two folds has the scores of the first two, keeps no predictions, and disturbs nothing."""
    with trials(lesson, workers=workers) as measured:
        whole = measured.measure("naive_bayes", BAYES, None, always)
        asked: list[tuple[float, ...]] = []

        def twice(scores: tuple[float, ...], fits: bool | None = None) -> bool:
            asked.append(scores)
            return len(scores) < 2

        stopped = measured.measure("naive_bayes", BAYES, None, twice)
        assert stopped.scores == whole.scores[:2]
        assert stopped.predictions == ""
        assert asked == [whole.scores[:1], whole.scores[:2]]
        assert told(measured.measure("naive_bayes", BAYES, None, always)) == told(whole)


def test_each_fold_grows_as_far_as_the_others_say(lesson: Training, temporary: Path) -> None:
    """Where held-out rows are few, a fold has the score of a fit with the steps that lose least on the other folds."""
    point = BOOSTED.copy()
    found = set()
    for workers in (1, 2, 4):
        with trials(lesson, workers=workers) as measured:
            outcome = measured.measure("lightgbm", point, None, always)
            found.add((outcome.scores, outcome.predictions, outcome.found["trees"]))
            single = worker.Worker(next(temporary.glob("volvelle-trials-*")))
            spare = str(temporary / "spare.npy")
            curves = [single.grow("lightgbm", point, n, spare, weigh=False)["losses"] for n in range(4)]
            ends = stops(curves)
            assert outcome.found == {"boosters": 3, "trees": ends.all}
            for fold, steps in enumerate(ends.folds):
                alone = single.score("lightgbm", point | {"trees": steps}, fold, spare, weigh=False)
                assert outcome.scores[fold] == alone["score"]
            os.unlink(spare)
            by_hand = measured.measure("lightgbm", {**point, **outcome.found}, None, always)
            assert by_hand.found == {}
    assert len(found) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_what_grows_may_be_stopped_too(lesson: Training, workers: int) -> None:
    """Boosters that are given up after two folds have two scores and keep nothing; the next trial is as ever."""
    with trials(lesson, workers=workers) as measured:
        whole = measured.measure("lightgbm", BOOSTED, None, always)
        stopped = measured.measure("lightgbm", BOOSTED, None, lambda scores, fits: len(scores) < 2)
        assert len(stopped.scores) == 2
        assert stopped.predictions == ""
        assert told(measured.measure("lightgbm", BOOSTED, None, always)) == told(whole)


@pytest.mark.parametrize("workers", [1, 2])
def test_boosting_that_would_never_end_takes_wider_trees(tmp_path: Path, workers: int) -> None:
    """On a board of random squares all folds go by the wider trees of the first; a thousand rows stop by themselves."""
    drawn = np.random.default_rng(3)
    x = drawn.uniform(0, 20, (4_400, 2))
    y = drawn.random((20, 20))[x[:, 0].astype(int), x[:, 1].astype(int)]
    (tmp_path / "board.csv").write_text(
        "a,b,y\n" + "\n".join(f"{a:.4f},{b:.4f},{v:.6f}" for (a, b), v in zip(x, y, strict=True)), encoding="utf-8"
    )
    frame, dataset = collect(Data(source="board.csv"), {}, tmp_path)
    (tmp_path / "board.csv").unlink()
    spec = Spec(problem=Problem(target="y"), data=Data(source="board.csv"))
    signature, notes = derive(spec, dataset, frame)
    board = Training(frame, signature, encode(frame, signature), target_codes(frame, signature), notes)
    with Trials(board, "rmse", folds(board), 1, digest, workers=workers) as measured:
        outcome = measured.measure("lightgbm", BOOSTED, None, always)
        single = worker.Worker(next(tmp_path.glob("volvelle-trials-*")))
        wide = BOOSTED | {name: value for name, value in outcome.found.items() if name in BOOSTED}
        assert wide["leaves"] > BOOSTED["leaves"]
        for fold in range(4):
            grown = single.grow("lightgbm", wide, fold, str(tmp_path / "spare.npy"), weigh=False)
            assert outcome.scores[fold] == grown["score"]
            assert grown["score"] == pytest.approx(min(grown["losses"]) ** 0.5, rel=1e-3)
    (tmp_path / "spare.npy").unlink()


def test_features_are_made_once(lesson: Training, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates of one view share a fold's features, and those that bought pairs share theirs."""
    made: list[tuple[str, int]] = []
    whole = recipe.learn

    def learn(*given: Any, **more: Any) -> Any:
        made.append((given[2], len(more["pairs"])))
        return whole(*given, **more)

    monkeypatch.setattr(recipe, "learn", learn)
    with trials(lesson._replace(pairs="auto")):
        here = worker.Worker(next(temporary.glob("volvelle-trials-*")))
        for name, bought in (("logistic", False), ("naive_bayes", False), ("logistic", True), ("linear_svm", True)):
            settings = defaults(ESTIMATORS.load(name).SPACE) | {"pairs": bought}
            here.score(name, settings, 0, str(temporary / "out.npy"), weigh=False)
    (temporary / "out.npy").unlink()
    assert [view for view, _ in made] == ["dense", "dense"]
    assert made[0][1] == 0 < made[1][1]


def test_a_network_in_whole_numbers_is_measured_in_real_ones_too(lesson: Training) -> None:
    """The score of the same weights in float32 stands beside that of int8, and what they take on a device."""
    limit = Limit(name="flash", most=9e9, gate="flash <= 9 GB")
    with Trials(lesson, "roc_auc", folds(lesson, 2), 1, digest, budget=Budget(device("cortex-m0"), (limit,))) as trials:
        settings = defaults(ESTIMATORS.load("mlp").SMALL)
        found = {bits: trials.measure("mlp", settings | {"bits": bits}, None, always) for bits in (8, 32)}
    assert found[32].real == {}
    assert found[8].real["score"] == pytest.approx(np.mean(found[32].scores), abs=1e-6)
    assert found[8].real["flash"] == found[32].foretold["flash"] > found[8].foretold["flash"]
    assert found[8].real["score"] != np.mean(found[8].scores)


def test_a_pruned_network_is_measured_with_all_its_weights_too(lesson: Training) -> None:
    """The score of the network before pruning stands beside that of the pruned one, in the same kind of numbers."""
    limit = Limit(name="flash", most=9e9, gate="flash <= 9 GB")
    with Trials(lesson, "roc_auc", folds(lesson, 2), 1, digest, budget=Budget(device("cortex-m0"), (limit,))) as trials:
        settings = defaults(ESTIMATORS.load("mlp").SMALL)
        asked = [(bits, keep) for bits in (32, 8) for keep in (1.0, 0.25)]
        found = {(b, k): trials.measure("mlp", settings | {"bits": b, "keep": k}, None, always) for b, k in asked}
    for bits in (32, 8):
        full, part = found[bits, 1.0], found[bits, 0.25]
        assert full.unpruned == {}
        assert part.unpruned["score"] == pytest.approx(np.mean(full.scores), abs=1e-6)
        assert part.unpruned["score"] != np.mean(part.scores)
        assert part.unpruned["flash"] == full.foretold["flash"]
    assert found[32, 0.25].unpruned["flash"] > found[32, 0.25].foretold["flash"]
    assert found[8, 0.25].real["score"] == pytest.approx(np.mean(found[32, 0.25].scores), abs=1e-6)


def test_a_student_knows_nothing_of_the_rows_it_is_scored_on(lesson: Training) -> None:
    """What a student answers for a fold stays the same whatever the labels of that fold are."""
    teacher = [{"estimator": "nearest_neighbours", "settings": {"neighbours": 1, "weights": "equal"}, "weight": 1.0}]
    settings = defaults(ESTIMATORS.load("decision_tree").SPACE) | {TEACHER: teacher}
    sides = folds(lesson, 2)
    turned = lesson.target.copy()
    turned[sides[0][1]] = 1 - turned[sides[0][1]]
    kept: list[pl.DataFrame] = []

    def keep(content: bytes) -> str:
        kept.append(from_bytes(content))
        return "kept"

    for known in (lesson, lesson._replace(target=turned)):
        with Trials(known, "log_loss", sides, 1, keep) as trials:
            trials.measure("decision_tree", settings, None, always)
    first = len(sides[0][1])
    assert kept[0][:first].equals(kept[1][:first])
    assert not kept[0][first:].equals(kept[1][first:])
