"""Versions of the data: listed, found by their first characters, compared, and written out again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from volvelle.cli.entry import main
from volvelle.data.collect import collect, describe
from volvelle.data.versions import digest
from volvelle.errors import NotFound
from volvelle.flow import history
from volvelle.flow.history import Version, drift, find_version, versions
from volvelle.flow.turn import Project
from volvelle.spec.requirements import Data

SPEC = '[problem]\ntarget = "y"\n[data]\nsource = "t.csv"\n[search]\ntrials = 1\nfolds = 2\nestimators = ["constant"]\n'
FIRST = "a,b,c,y\n" + "".join(f"{i},{'uvw'[i % 3]},{i % 5},{'no' if i % 2 else 'yes'}\n" for i in range(60))
SECOND = "a,b,d,y\n" + "".join(
    f"{i * 2 if i > 20 else i},{'uvx'[i % 3]},{i % 5},{'no' if i % 2 else 'yes'}\n" for i in range(70)
)
Command = Callable[..., Any]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three turns over two versions."""
    folder = tmp_path_factory.mktemp("versions")
    (folder / "volvelle.toml").write_text(SPEC)
    for text in (FIRST, SECOND, FIRST):
        (folder / "t.csv").write_text(text)
        assert main(["run", "--json", "--spec", str(folder / "volvelle.toml")]) in (0, 1)
    (folder / "volvelle.toml").write_text(SPEC.replace("trials = 1", "trials = 2"))
    main(["run", "--json", "--spec", str(folder / "volvelle.toml")])
    return folder


@pytest.fixture
def command(project: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        assert main(["data", *words, "--spec", str(project / "volvelle.toml"), "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return run


def test_log(project: Path, command: Command) -> None:
    """Each version stands once, with its size, its source, and every run that used it."""
    found = command("log")["versions"]
    assert [(v["rows"], v["columns"], v["source"]) for v in found] == [(60, 4, "t.csv"), (70, 4, "t.csv")]
    assert found[0]["runs"][0] == 1
    assert len(found[0]["runs"]) >= 2
    assert found[1]["runs"] == [2]
    (project / "now.csv").write_text(FIRST)
    assert found[0]["version"] == collect(Data(source="now.csv"), {}, project)[1].version


def test_diff(command: Command) -> None:
    """Columns that came, went and moved are named, and rows are counted by the shared columns."""
    a, b = (v["version"] for v in command("log")["versions"])
    found = command("diff", a[:6], b)
    assert {(c["column"], c["what"]): (c.get("before", ""), c.get("after", "")) for c in found["changes"]} == {
        ("c", "removed"): ("integer", ""),
        ("d", "added"): ("", "integer"),
        ("a", "range"): ("0 to 59", "0 to 138"),
        ("b", "categories"): ("gone: w", "new: x"),
    }
    assert found["compared"] == ["a", "b", "y"]
    before = pl.read_csv(FIRST.encode())["a", "b", "y"].rows()
    after = pl.read_csv(SECOND.encode())["a", "b", "y"].rows()
    assert found["added"] == sum(row not in before for row in after)
    assert found["removed"] == sum(row not in after for row in before)
    assert command("diff", a, a)["changes"] == []


def test_checkout(project: Path, command: Command) -> None:
    """The file holds the pinned rows, as Parquet the very bytes that name the version; nothing is overwritten."""
    a, b = (v["version"] for v in command("log")["versions"])
    csv, parquet = project / "a.csv", project / "b.parquet"
    assert command("checkout", a[:8], "-o", str(csv))["rows"] == 60
    assert pl.read_csv(csv).equals(pl.read_csv(FIRST.encode()))
    command("checkout", b, "-o", str(parquet))
    assert digest(parquet.read_bytes()) == b
    assert "already" in command("checkout", a, "-o", str(csv), code=2)["error"]["problem"]
    command("checkout", b, "-o", str(csv), "--force")
    assert pl.read_csv(csv).height == 70
    assert ".csv or .parquet" in command("checkout", a, "-o", str(project / "a.xls"), code=2)["error"]["next"]
    assert "cannot be written" in command("checkout", a, "-o", "/proc/a.csv", code=2)["error"]["problem"]


def test_mistyped_versions(project: Path, command: Command) -> None:
    """A version that does not exist is answered with near ones, an action that does not exist with the three."""
    a = command("log")["versions"][0]["version"]
    wrong = a[:10] + ("0" if a[10] != "0" else "1") + a[11]
    error = command("diff", wrong, a, code=2)["error"]
    assert a[:12] in error["next"]
    assert "log" in command("lgo", code=2)["error"]["problem"]


def test_ambiguous_and_empty_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A beginning that two versions share is refused and both are named; no text matches nothing."""
    two = [Version(version=v * 32, rows=1, columns=1, source="t.csv", first="", runs=(1,)) for v in ("ab", "ac")]
    monkeypatch.setattr(history, "versions", lambda project: two)
    with pytest.raises(NotFound, match="2 versions begin with 'a': abababababab, acacacacacac"):
        find_version(Project(tmp_path), "a")
    assert find_version(Project(tmp_path), "AB") is two[0]
    with pytest.raises(NotFound, match="no version ''"):
        find_version(Project(tmp_path), "")


def test_no_run_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty project has no version and says what makes one."""
    (tmp_path / "volvelle.toml").write_text(SPEC)
    assert versions(Project(tmp_path)) == ()
    assert main(["data", "log", "--spec", str(tmp_path / "volvelle.toml")]) == 0
    assert "volvelle run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (["1", "2"], [1, 2], ["kind"]),
        ([1, 2], [1, 2], []),
        ([0, 100], [0, 105], []),
        ([0, 100], [0, 111], ["range"]),
        ([0, 100], [0, None], ["range", "missing"]),
        ([True, False], [True, True], ["categories"]),
        (["a", None] * 50, ["a", None] * 49 + [None, None], []),
        (["a", None] * 50, ["a"] * 70 + [None] * 30, ["missing"]),
    ],
)
def test_what_counts_as_a_change(before: list[Any], after: list[Any], what: list[str]) -> None:
    """Kind, categories, range and missing share, each beyond what is too small to matter."""
    columns = [describe(pl.Series("x", values)) for values in (before, after)]
    assert [c.what for c in drift(columns[0], len(before), columns[1], len(after))] == what


def test_times_are_shown_as_times() -> None:
    """A range of times reads as times."""
    stamps = [pl.Series("t", [0, s]).cast(pl.Datetime("us", "UTC")) for s in (10**12, 5 * 10**12)]
    (change,) = drift(describe(stamps[0]), 2, describe(stamps[1]), 2)
    assert change.after == "1970-01-01T00:00:00Z to 1970-02-27T20:53:20Z"
