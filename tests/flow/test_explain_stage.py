"""The stage that explains, the stages beside the wheel, and the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from volvelle.cli.entry import main
from volvelle.data.versions import from_bytes
from volvelle.errors import InputError, SpecError
from volvelle.evaluate.explain.records import Ablation, Learning, Reasons
from volvelle.flow.aside import deepen, kept
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.flow.why import stored_row, why
from volvelle.spec.read import read
from volvelle.ui.answers import explanation

SPEC = """\
[problem]
target   = "fails"
positive = "yes"

[data]
source = "pumps.csv"

[require]
gates = ["recall >= 0.5", "cost <= 3"]
costs = [[0, 1], [5, 0]]

[search]
trials     = 3
folds      = 3
estimators = ["constant", "logistic", "decision_tree"]
"""


def quiet(event: str, facts: dict[str, Any]) -> None:
    """Show nothing."""


def pumps(folder: Path, *, shuffled: bool = False, text: str = SPEC) -> Path:
    """Pumps that fail when hot; `shuffled`: at random."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(4)
    heat, site = rng.normal(50, 10, 500), rng.integers(0, 3, 500)
    fails = (heat + 6 * (site == 1) + rng.normal(0, 4, 500)) > 58
    frame = pl.DataFrame(
        {
            "heat": heat.round(2),
            "site": [("north", "south", "east")[k] for k in site],
            "noise": rng.normal(size=500).round(3),
            "fails": ["yes" if f else "no" for f in (rng.permutation(fails) if shuffled else fails)],
        }
    )
    frame.write_csv(folder / "pumps.csv")
    (folder / "volvelle.toml").write_text(text, encoding="utf-8")
    return folder / "volvelle.toml"


def turned(path: Path) -> Result:
    """One turn over a spec file."""
    project = Project(path.parent)
    return find(project, turn(project, read(path), quiet).run)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A finished run."""
    return turned(pumps(tmp_path_factory.mktemp("explained")))


def test_the_wheel_explains_at_its_end(result: Result) -> None:
    """The last stage names the column that matters, the simplest candidate and the thresholds, and opens nothing."""
    record = result.explanation
    assert record is not None
    assert result.steps[-1].stage == "explain"
    assert record.importances[0].column == "heat"
    assert {d.column for d in record.dependences} == {"heat", "site", "noise"}
    assert record.thresholds is not None
    assert record.thresholds.gates == 2
    assert record.simpler is not None
    assert {f.topic for f in record.findings} >= {"learnt", "simplest"}
    assert result.project.ledger.openings(result.split.test) == 1


def test_surprising_labels_are_told_by_their_place_in_the_file(tmp_path: Path) -> None:
    """Labels changed in the file are listed with the number of their row, some of which hold no target."""
    path = pumps(tmp_path)
    frame = pl.read_csv(tmp_path / "pumps.csv").with_row_index("row", offset=1)
    clear = frame.filter((pl.col("heat") - 51).abs() > 18)["row"].to_list()[:8]
    turned_over = pl.when(pl.col("fails") == "yes").then(pl.lit("no")).otherwise(pl.lit("yes"))
    label = pl.when(pl.col("row").is_in(clear)).then(turned_over).otherwise(pl.col("fails"))
    late = pl.when(pl.col("row") % 50 == 2).then(None).otherwise(label)
    frame.select("heat", "site", "noise", late.alias("fails")).write_csv(tmp_path / "pumps.csv")
    result = turned(path)
    record = result.explanation
    assert record is not None
    assert record.labels is not None
    assert len({s.row for s in record.labels.suspects} & set(clear)) >= 4
    assert "Labels worth a second look" in explanation(record)


def test_the_words_of_a_text_are_weighed(tmp_path: Path) -> None:
    """The word that decides comes first; what it adds is the answer with it minus that of the text without."""
    rng = np.random.default_rng(2)
    plain = ["please", "meet", "me", "at", "noon", "by", "the", "old", "mill", "today"]
    texts = [" ".join(rng.permutation(plain)[:6]) for _ in range(300)]
    urgent = rng.random(300) < 0.4
    frame = pl.DataFrame(
        {"text": [f"{t} Urgent" if u else t for t, u in zip(texts, urgent, strict=True)], "spam": urgent}
    )
    frame.write_csv(tmp_path / "mail.csv")
    spec = tmp_path / "volvelle.toml"
    spec.write_text(
        '[problem]\ntarget = "spam"\n[data]\nsource = "mail.csv"\n[features.text]\nrole = "text"\n'
        '[search]\ntrials = 1\nfolds = 2\nestimators = ["logistic"]\n',
        encoding="utf-8",
    )
    result = turned(spec)
    with_it, without = why(result, pl.DataFrame({"text": ["meet me at the mill urgent", "meet me at the mill"]}))
    first = with_it.words[0]
    assert (first.column, first.word) == ("text", "urgent")
    assert with_it.probability is not None
    assert without.probability is not None
    assert first.amount == pytest.approx(with_it.probability - without.probability, abs=1e-6)
    assert first.amount > 0.3
    assert "urgent" not in {s.word for s in without.words}
    assert result.explanation is not None


def test_costs_reach_the_gate(result: Result) -> None:
    """The gate on cost is measured with the matrix of the spec."""
    table = result.evidence.confusion
    expected = (table[0][1] + 5 * table[1][0]) / result.evidence.rows_test
    assert {v.name: v.value for v in result.evidence.verdicts}["cost"] == pytest.approx(expected)


def test_the_search_counts_by_the_same_costs(tmp_path: Path) -> None:
    """Searched for by cost, the constant answer costs five times the share of failing pumps over the folds."""
    text = SPEC.replace("trials     = 3", 'trials     = 2\nmetric     = "cost"').replace(', "decision_tree"', "")
    searched = turned(pumps(tmp_path, text=text)).searched
    constant = next(t for t in searched.trials if t.estimator == "constant")
    fails = (pl.read_csv(tmp_path / "pumps.csv")["fails"] == "yes").to_numpy()
    assert constant.score == pytest.approx(5 * float(np.mean(fails)), rel=0.05)


def test_costs_of_the_wrong_size_are_refused_before_the_search(tmp_path: Path) -> None:
    """Three rows of costs for two classes end the turn before anything is trained."""
    path = pumps(tmp_path, text=SPEC.replace("[[0, 1], [5, 0]]", "[[0, 1, 1], [5, 0, 1], [1, 1, 0]]"))
    with pytest.raises(SpecError, match="3 rows"):
        turned(path)


def test_only_judging_and_explaining_follow_the_gates(tmp_path: Path) -> None:
    """Another bound computes these two stages anew; search, model and predictions are taken from the store."""
    path = pumps(tmp_path)
    turned(path)
    path.write_text(SPEC.replace("cost <= 3", "cost <= 2.5"), encoding="utf-8")
    again = turned(path)
    computed = {s.stage for s in again.steps if not s.reused}
    assert computed >= {"judge", "explain"}
    assert not computed & {"collect", "split", "search", "build", "validate"}
    assert again.project.ledger.openings(again.split.test) == 1


def test_deep_stages_are_kept(result: Result) -> None:
    """All are computed once, then taken from the store; none of them opens the seal."""
    steps: list[tuple[int, int]] = []
    first = deepen(
        result, lambda event, facts: steps.append((facts["step"], facts["steps"])) if event == "step" else None
    )
    second = deepen(result, quiet)
    assert [row.reused for row in first] == [False, False, False]
    assert [row.reused for row in second] == [True, True, True]
    assert [row.output for row in first] == [row.output for row in second]
    assert max(s for s, _ in steps) == max(n for _, n in steps)
    ablation, learning = kept(result, "ablate", Ablation), kept(result, "learn", Learning)
    assert ablation is not None
    assert learning is not None
    worth = {removed.columns: removed.gain for removed in ablation.removed}
    heat, noise = worth["heat",], worth["noise",]
    assert heat is not None
    assert noise is not None
    assert heat.low is not None
    assert heat.low > 0
    assert (noise.low or 0.0) <= 0
    assert ablation.rows == result.split.rows_train
    assert [k.rows for k in learning.lessons] == sorted(k.rows for k in learning.lessons)
    assert len(learning.seeds) == 3
    assert result.project.ledger.openings(result.split.test) == 1


def test_three_rows_are_taken_apart(result: Result) -> None:
    """The reasons are of the rows with the least, the middle and the most probability of what was true."""
    deepen(result, quiet)
    found = kept(result, "reason", Reasons)
    assert found is not None
    assert [r.which for r in found.reasons] == ["furthest off", "typical", "closest"]
    predictions = from_bytes(result.project.store.get(result.scored.predictions)).filter(pl.col("side") == "test")
    true = [row[f"score_{int(row['y'])}"] for row in predictions.iter_rows(named=True)]
    order = sorted(range(len(true)), key=lambda at: true[at])
    places = [r.row - 1 for r in found.reasons]
    assert [true[at] for at in places] == [true[order[0]], true[order[len(order) // 2]], true[order[-1]]]
    for reason in found.reasons:
        assert reason.attribution == why(result, stored_row(result, reason.row))[0]


def test_nothing_is_kept_before_it_is_asked_for(tmp_path: Path) -> None:
    """A run that nobody asked to explain deeply has no such records."""
    fresh = turned(pumps(tmp_path))
    assert kept(fresh, "ablate", Ablation) is None


def test_single_rows(result: Result) -> None:
    """A stored test row and its answer are taken apart; a row that is not there and too many rows are refused."""
    row = stored_row(result, 3)
    found = why(result, row)[0]
    assert found.base + sum(p.amount for p in found.parts) == pytest.approx(found.answer, abs=1e-3)
    assert {p.column for p in found.parts} == {"heat", "site", "noise"}
    with pytest.raises(InputError, match="no test row 0"):
        stored_row(result, 0)
    with pytest.raises(InputError, match="too many"):
        why(result, pl.concat([row] * 30))


def test_shuffled_target_is_called_what_it_is(tmp_path: Path) -> None:
    """Where the target is shuffled, the diagnosis says that nothing was learnt, and no column is called important."""
    null = turned(pumps(tmp_path, shuffled=True))
    record = null.explanation
    assert record is not None
    assert "Nothing was learnt" in record.findings[0].headline
    assert all(i.low is None or i.low <= 0 for i in record.importances)
    assert not {f.topic for f in record.findings if f.weight == "good"} - {"fit"}
    assert null.evidence.beats_baseline is not True


def test_a_spec_asks_for_deep_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With [explain] deep a run computes ablation and curve and draws them; the next turn reuses them."""
    path = pumps(tmp_path)
    told = ["run", "--json", "--spec", str(path)]
    assert main(told) in (0, 1)
    plain = json.loads(capsys.readouterr().out)
    assert "Ablation: " not in Path(plain["report"]).read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8") + "\n[explain]\ndeep = true\n", encoding="utf-8")
    assert main(told) in (0, 1)
    deep = json.loads(capsys.readouterr().out)
    assert deep["run"] == plain["run"] + 1
    assert [row["name"] for row in deep["stages"] if not row["reused"]] == ["ablate", "learn", "reason"]
    shown = Path(deep["report"]).read_text(encoding="utf-8")
    assert "Ablation: " in shown
    assert shown.count(", furthest off</strong>") == shown.count(", closest</strong>") == 1
    assert "<p><code>volvelle explain" not in shown
    assert main(told) in (0, 1)
    again = json.loads(capsys.readouterr().out)
    assert (again["run"], again["fresh"]) == (deep["run"], True)
    found = find(Project(tmp_path))
    assert kept(found, "ablate", Ablation) is not None
    assert kept(found, "learn", Learning) is not None


def test_command_in_words_and_json(result: Result, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The command says findings, single rows, rows of a file and deep results, as text and as one JSON document."""
    spec = ["--spec", str(result.project.folder / "volvelle.toml")]
    assert main(["explain", *spec]) == 0
    assert "heat" in capsys.readouterr().out
    assert main(["explain", "--row", "2", "--json", *spec]) == 0
    told = json.loads(capsys.readouterr().out)["rows"][0]
    assert told["row"] == 2
    assert told["base"] + sum(p["amount"] for p in told["parts"]) == pytest.approx(told["answer"], abs=1e-3)
    (tmp_path / "new.csv").write_text("heat,site,noise\n70,north,0\n,south,1\n", encoding="utf-8")
    assert main(["explain", "--file", str(tmp_path / "new.csv"), *spec]) == 0
    out = capsys.readouterr().out
    assert "Row 2" in out
    assert "missing" in out
    assert main(["explain", "--deep", "--json", *spec]) == 0
    deep = json.loads(capsys.readouterr().out)
    assert set(deep) == {"run", "explanation", "ablation", "learning", "reasons"}
    assert deep["ablation"]["removed"]
    assert main(["explain", "--row", "9999", *spec]) == 2
    assert "test rows 1 to" in capsys.readouterr().err
