"""Wrong input gets one message that names the next move, and the exit code says what kind it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

WRONG: dict[tuple[str, ...], str] = {
    ("rnu",): "did you mean 'run'",
    ("run", "--exlpain"): "did you mean '--explain'",
    ("show", "9"): "runs 1 to 2 exist",
    ("show", "one"): "volvelle show --help",
    ("compare", "1"): "volvelle compare --help",
    ("compare", "1", "7"): "runs 1 to 2 exist",
    ("predict", "pump.csv"): "pumps.csv",
    ("predict", "pumps.csv", "--run", "8"): "runs 1 to 2 exist",
    ("predict", "pumps.csv", "-o", "answers.xlsx"): ".parquet",
    ("check", "--spec", "no.toml"): "volvelle init FILE",
    ("check", "--spec", "."): "volvelle init FILE",
    ("init", "pumps.csv", "--target", "fials", "-o", "new.toml"): "did you mean 'fails'",
    ("init", "pumps.csv", "--target", "fails", "--positive", "maybe", "-o", "new.toml"): "no, yes",
    ("init", "pumps.csv", "--target", "fails", "--time", "heet", "-o", "new.toml"): "did you mean 'heat'",
    ("init", "pumps.csv", "--target", "fails", "--name", "a b", "-o", "new.toml"): "letters, digits",
    ("init", "pumps.csv", "--target", "fails"): "--force",
    ("init", "pumps.csv", "-o", "new.toml"): "--target COLUMN; columns: heat, site, fails",
    ("rollback", "--to", "pumps-7"): "releases here: pumps-1",
    ("demo", "pumps.csv"): "Next:",
    ("completion", "tsh"): "volvelle completion --help",
    ("release", "8"): "runs 1 to 2 exist",
    ("reproduce", "8"): "runs 1 to 2 exist",
    ("report", "8"): "runs 1 to 2 exist",
}
"""Words to a part of the advice, in a project of two runs."""


@pytest.mark.parametrize(("words", "advice"), WRONG.items(), ids=[" ".join(words) for words in WRONG])
def test_wrong_input_gets_one_message(turned: Any, words: tuple[str, ...], advice: str) -> None:
    """A mistake is answered with exit code 2 and one message with advice, without a traceback."""
    done = turned(*words)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ")
    assert "\n  Next: " in done.stderr
    assert advice in done.stderr
    assert done.stderr.count("\n") == 2
    assert done.stdout == ""


def test_a_mistake_in_the_spec_is_located(turned: Any, tmp_path: Path) -> None:
    """A wrong key is answered with file, line, column and the nearest key."""
    (tmp_path / "volvelle.toml").write_text('[problem]\ntarget = "a"\n\n[data]\nsuorce = "a.csv"\n', encoding="utf-8")
    done = turned("check", "--spec", str(tmp_path / "volvelle.toml"))
    assert done.returncode == 2
    assert "volvelle.toml:5:1" in done.stderr
    assert "did you mean 'source'" in done.stderr


def test_a_refused_release_names_the_shortfall(turned: Any) -> None:
    """A release of a run that fails a gate ends with 1 and says which gate failed and by how much."""
    done = turned("release", "2")
    assert done.returncode == 1
    assert "model_size <= 10 B: fail" in done.stderr
    assert "short by" in done.stderr


def test_before_the_first_run(empty: Any) -> None:
    """In a folder without a run every command that needs one says how to make it."""
    for words in (["show"], ["report"], ["release"], ["reproduce"], ["predict", "pumps.csv"], ["rollback"]):
        done = empty(*words)
        assert done.returncode == 2
        assert "volvelle " in done.stderr
    assert empty("runs").returncode == 0


@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.3, 1.0])
def test_an_interrupt_ends_with_130(turned_folder: Path, tmp_path: Path, seconds: float) -> None:
    """Ctrl-C during an import or in the middle of a search ends with 130 and one line, and keeps what was finished."""
    (tmp_path / "pumps.csv").write_bytes((turned_folder / "pumps.csv").read_bytes())
    spec = '[problem]\ntarget = "fails"\n\n[data]\nsource = "pumps.csv"\n\n[search]\nbudget = "10 min"\n'
    (tmp_path / "volvelle.toml").write_text(spec, encoding="utf-8")
    command = [sys.executable, "-m", "volvelle", "run"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        while not (line := running.stderr.readline()).startswith("split: done"):
            assert line, "the run ended by itself"
        time.sleep(seconds)
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate(timeout=60)
    assert running.returncode == 130, rest
    assert "what was finished is kept" in rest
    assert "Traceback" not in rest
    explained = subprocess.run([*command, "--explain"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "split      reuses it" in explained.stdout


def test_a_reader_that_leaves_is_no_error(turned_folder: Path) -> None:
    """Piping into a program that stops reading ends without a traceback."""
    words = f"{sys.executable} -m volvelle predict pumps.csv | head -1"
    done = subprocess.run(["bash", "-c", words], cwd=turned_folder, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("heat,")
    assert done.stderr == ""


def test_a_place_that_cannot_be_written(turned: Any) -> None:
    """A file where a folder is needed is one message, not a traceback."""
    done = turned("report", "-o", os.path.join("pumps.csv", "report.html"))
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
