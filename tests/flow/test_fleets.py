"""From a release with counters for devices to what is said of a fleet, with the C of the release itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from tests.flow.boards import Board, kinds
from tests.serve.serving import served

from volvelle.cli.entry import main
from volvelle.flow import registry
from volvelle.flow.result import find
from volvelle.flow.turn import Project, turn
from volvelle.flow.watching import reference_of
from volvelle.model.encode import encode
from volvelle.monitor.sketch import sketch
from volvelle.monitor.wire import received
from volvelle.spec.read import read

SPEC = """
problem.name = "pump"
problem.target = "Machine failure"
problem.positive = "1"
data.source = "rows.csv.gz"
data.ignore = ["UDI", "Product ID", "TWF", "HDF", "PWF", "OSF", "RNF"]
require.gates = ["roc_auc >= 0.6"]
search.trials = 1
search.estimators = ["decision_tree"]
search.ensemble = false
device.core = "cortex-m4f"
monitor.on_device = true
"""


@pytest.fixture(scope="module")
def released(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A release of a decision tree with counters."""
    place = tmp_path_factory.mktemp("fleet")
    shutil.copy(real_data / "tabular" / "ai4i2020.csv.gz", place / "rows.csv.gz")
    (place / "volvelle.toml").write_text(SPEC)
    project = Project(place)
    result = find(project, turn(project, read(place / "volvelle.toml"), lambda event, facts: None).run)
    registry.release(result, b"report", accept_unproven="a test")
    return project


def rows_of(project: Project) -> pl.DataFrame:
    """All rows of the source."""
    return pl.read_csv(project.folder / "rows.csv.gz")


def sent(project: Project, place: Path, frames: list[pl.DataFrame]) -> list[Path]:
    """One device for each frame answers its rows; files of what they send."""
    _, folder = registry.champion(project)
    signature, files = registry.signature_of(folder), []
    first, second = kinds(folder)
    for k, frame in enumerate(frames):
        board = Board(folder / "device", place, bytes([k] * 8))
        rows = encode(frame, signature)
        for numbers, codes in zip(rows["numbers"].astype(first), rows["codes"].astype(second), strict=True):
            board.answer(np.ascontiguousarray(numbers), np.ascontiguousarray(codes))
        files.append(place / f"{k}.bin")
        files[-1].write_bytes(board.record())
    return files


def test_devices_and_server_count_the_same(released: Project, tmp_path: Path) -> None:
    """The C of a release, compiled and asked, counts bit for bit what the server counts of the same rows."""
    frame = rows_of(released)[:900]
    _, folder = registry.champion(released)
    reference = reference_of(folder)
    parts = [frame[k::3] for k in range(3)]
    records = [next(received(f.read_bytes(), reference.edges)) for f in sent(released, tmp_path, parts)]
    predictor, _ = registry.champion_model(released)
    for part, record in zip(parts, records, strict=True):
        told = predictor.predict(part)
        names = {f"probability_{name}": f"score_{k}" for k, name in enumerate(predictor.signature.classes)}
        wanted = sketch(part, told.rename(names), reference.edges)
        features = {n: msgspec.structs.replace(c, run=0) for n, c in wanted.features.items()}
        assert record.sketch == msgspec.structs.replace(wanted, features=features, worth=())


def test_a_fleet_is_watched(released: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twelve healthy devices are well; of twelve the one that reads five kelvin too much is named, and 1 returned."""
    rows = rows_of(released).sample(3600, seed=3)
    parts = [rows[k::12] for k in range(12)]
    spec = ["--spec", str(released.folder / "volvelle.toml")]
    files = list(map(str, sent(released, tmp_path, parts)))
    assert main(["watch", "--sketch", *files, *spec]) == 0
    assert "No device is unlike the others." in capsys.readouterr().out
    parts[4] = parts[4].with_columns(pl.col("Air temperature [K]") + 5)
    files = list(map(str, sent(released, tmp_path, parts)))
    assert main(["watch", "--sketch", *files, *spec, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    odd = [(m["device"], m["feature"]) for m in told["members"] if m.get("feature")]
    assert odd == [("04" * 8, "Air temperature [K]")]
    assert told["report"]["state"] == "ok"


def test_devices_hand_in_over_http(released: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A server takes records, once each however often they come, refuses damaged ones, and the fleet is watched."""
    rows = rows_of(released).sample(600, seed=4)
    files = sent(released, tmp_path, [rows[k::6] for k in range(6)])
    kind = {"Content_Type": "application/octet-stream"}
    with served(released.folder) as server:
        for file in (*files, files[0]):
            assert server.ask("/v1/sketchs", file.read_bytes(), **kind).json["taken"] == 1
        for wrong in (b"", b"hello", files[0].read_bytes()[:-1], b"VS" + bytes(100)):
            assert server.ask("/v1/sketchs", wrong, **kind).status == 422
        assert server.counted("sketches_total") == 7
    assert main(["watch", "--sketch", "--spec", str(released.folder / "volvelle.toml"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["devices"], told["whole"]["rows"]) == (6, 600)


def test_wrong_files_are_told(released: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of something else, one that is not there, and a release of another name: exit code 2 and one message."""
    spec = ["--spec", str(released.folder / "volvelle.toml")]
    (tmp_path / "none.bin").touch()
    (tmp_path / "x.bin").write_bytes(b"hello")
    for words, said in (
        (["--sketch", str(tmp_path / "x.bin")], "no record begins here"),
        (["--sketch", str(tmp_path / "y.bin")], "there is no file"),
        (["--sketch", str(tmp_path / "none.bin")], "no device sent anything"),
        (["--sketch", str(tmp_path / "x.bin"), "--release", "pump-7"], "there is no release 'pump-7'"),
    ):
        assert main(["watch", *words, *spec]) == 2
        assert said in capsys.readouterr().err
