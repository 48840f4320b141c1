"""What commands print: help, one JSON document, plain text where nobody looks, a next step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from volvelle.catalog import COMMANDS

ANSWERS: dict[tuple[str, ...], int] = {
    ("check",): 0,
    ("check", "--data"): 0,
    ("run",): 1,
    ("run", "--explain"): 0,
    ("run", "--release"): 1,
    ("report",): 0,
    ("runs",): 0,
    ("show",): 0,
    ("show", "1"): 0,
    ("compare", "1", "2"): 0,
    ("data", "log"): 0,
    ("drift", "pumps.csv"): 0,
    ("drift", "pumps.csv", "nowhere.csv"): 2,
    ("predict", "pumps.csv"): 0,
    ("predict", "pumps.csv", "--run", "2"): 0,
    ("release", "1"): 0,
    ("release", "2"): 1,
    ("reproduce", "1"): 0,
    ("explain",): 0,
    ("explain", "1", "--row", "3"): 0,
    ("explain", "--row", "0"): 2,
    ("rollback",): 2,
    ("export", "mlflow", "ftp://nowhere"): 2,
    ("init", "pumps.csv"): 2,
    ("init", "pumps.csv", "--target", "fails", "-o", "other.toml"): 0,
    ("explore",): 0,
    ("explore", "pumps.csv", "--target", "fails"): 0,
    ("completion", "bash"): 0,
    ("devices",): 0,
    ("listen",): 2,
    ("listen", "ingest:pumps?port=0", "--for", "0.2s"): 0,
    ("listen", "mqqt://broker/x"): 2,
    ("data", "erase", "who=ana"): 2,
    ("compile", "--device", "microbit", "-o", "out"): 0,
    ("prove", "nowhere"): 2,
    ("serve", "--new-key", "predict"): 0,
    ("serve", "--port", "99999"): 2,
    ("package",): 0,
    ("package", "ardino", "-o", "library"): 2,
    ("score", "pumps.csv", "-o", "scored.csv"): 0,
    ("outcomes", "pumps.csv", "--id", "nothing"): 2,
    ("outcomes", "labels.csv", "--id", "id"): 0,
    ("watch", "--since", "2026-01-01"): 0,
    ("watch", "--since", "yesterday"): 2,
    ("retrain",): 1,
    ("promote", "--by", "ana", "--why", "because"): 2,
    ("promote", "1", "--by", "ana", "--why", "because"): 0,
}
"""Words and the exit code in a project whose second run fails a gate; the first is the only release."""


def test_every_command_is_asked(turned: Any) -> None:
    """The table of answers leaves no command out; the demo has a test of its own."""
    assert {words[0] for words in ANSWERS} | {"demo"} == set(COMMANDS.names())


@pytest.mark.parametrize("name", COMMANDS.names())
def test_help_shows_an_example(empty: Any, name: str) -> None:
    """Every command has help with what it does, its options and an example that begins with its name."""
    done = empty(name, "--help")
    assert done.returncode == 0
    assert COMMANDS.summary(name) in " ".join(done.stdout.split())
    assert f"Example:\n  volvelle {name}" in done.stdout
    options = empty(name, "log", "--help").stdout if name == "data" else done.stdout
    assert "--json" in options
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert done.stderr == ""


@pytest.fixture(scope="module", autouse=True)
def labels(turned_folder: Path) -> None:
    """What really happened to predictions that were never made."""
    (turned_folder / "labels.csv").write_text("id,fails\na,yes\nb,no\n", encoding="utf-8")


@pytest.mark.parametrize(("words", "code"), ANSWERS.items(), ids=[" ".join(words) for words in ANSWERS])
def test_json_is_one_document(turned: Any, words: tuple[str, ...], code: int) -> None:
    """With --json standard output is exactly one JSON document, also when the answer is an error."""
    done = turned(*words, "--json")
    assert done.returncode == code, done.stderr
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    assert ("error" in document) == (code == 2 or words in {("release", "2"), ("run", "--release"), ("retrain",)})
    if "error" in document:
        assert document["error"]["problem"]
        assert document["error"]["code"] == code
        assert document["error"]["next"]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [w for w, code in ANSWERS.items() if code == 0 and w[0] != "completion"], ids=" ".join
)
def test_a_next_step_is_named(turned: Any, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Without --json every answer for people ends with the next command, on standard error."""
    words = tuple(str(tmp_path / w) if w == "other.toml" else w for w in words)
    words = tuple(str(tmp_path / w) if w == "scored.csv" else w for w in words)
    if words[0] == "predict":
        words = (*words, "-o", str(tmp_path / "answers.csv"))
    done = turned(*words)
    assert done.returncode == 0, done.stderr
    assert "Next: volvelle " in done.stderr
    assert "Next:" not in done.stdout


@pytest.mark.parametrize("words", [("run",), ("show",), ("runs",), ("compare", "1", "2")], ids=" ".join)
def test_plain_text_where_nobody_looks(turned: Any, words: tuple[str, ...]) -> None:
    """Without a terminal there is no colour, no cursor movement, and no line that rewrites itself."""
    for extra in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"}):
        done = turned(*words, **extra)
        for text in (done.stdout, done.stderr):
            assert "\x1b" not in text
            assert "\r" not in text


def test_predictions_go_to_standard_output(turned: Any) -> None:
    """Unless told otherwise, predict writes a table and nothing else to standard output."""
    lines = turned("predict", "pumps.csv").stdout.splitlines()
    assert lines[0] == "heat,site,fails,prediction,probability_no,probability_yes"
    assert len(lines) == 301


def test_start_lists_every_command(empty: Any) -> None:
    """Without words, and with --help, every command is listed with what it does."""
    done = empty()
    assert done.returncode == 0
    assert done.stdout == empty("--help").stdout
    assert [name for name in COMMANDS.names() if f"\n  {name} " not in done.stdout] == []
    assert empty("--version").stdout.startswith("volvelle ")
