"""Devices that read int8: the counters of a release are found by a shift, and tell of a stuck sensor."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from tests.flow.boards import Board

from volvelle.cli.entry import main
from volvelle.errors import InputError
from volvelle.flow import registry
from volvelle.flow.result import find
from volvelle.flow.turn import Project, turn
from volvelle.flow.watching import reference_of
from volvelle.monitor.sketch import sketch
from volvelle.monitor.wire import received
from volvelle.spec.read import parse

SPEC = """
problem.name = "pump"
problem.target = "load"
data.source = "rows.csv"
require.gates = ["rmse <= 40"]
search.trials = 1
search.estimators = ["decision_tree"]
search.ensemble = false
device.core = "cortex-m4f"
monitor.on_device = "int8"
"""
SENSORS = ("x", "y", "z")


def readings(rows: int, seed: int) -> pl.DataFrame:
    """Three axes of a shaking pump as whole numbers, and its load."""
    axes = np.clip(np.random.default_rng(seed).normal(0, 25, (rows, 3)).round(), -128, 127).astype(int)
    return pl.DataFrame(dict(zip(SENSORS, axes.T, strict=True))).with_columns(load=2.0 * pl.col("x") + pl.col("y"))


def project(place: Path, frame: pl.DataFrame) -> Project:
    """A release learnt from some readings, or as far as it comes."""
    frame.write_csv(place / "rows.csv")
    (place / "volvelle.toml").write_text(SPEC)
    made = Project(place)
    registry.release(find(made, turn(made, parse(SPEC), lambda event, facts: None).run), b"", accept_unproven="a test")
    return made


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A release whose devices read int8."""
    return project(tmp_path_factory.mktemp("int8"), readings(3000, 1))


def record(project: Project, place: Path, name: bytes, frame: pl.DataFrame) -> bytes:
    """What a device sends that answered these rows."""
    board = Board(registry.champion(project)[1] / "device", place, name * 8)
    for row in frame.select(SENSORS).to_numpy():
        board.read_whole(row)
    return board.record()


def test_a_release_counts_int8_by_a_shift(released: Project, tmp_path: Path) -> None:
    """The counters that `on_device = "int8"` puts into a release are those that the server counts of the same rows."""
    text = (registry.champion(released)[1] / "device" / "pump_sketch.c").read_text()
    assert "#define VV_INT8 1" in text
    assert "vv_cuts[3]" not in text
    frame, reference = readings(500, 2), reference_of(registry.champion(released)[1])
    [found] = received(record(released, tmp_path, b"a", frame), reference.edges)
    wanted = sketch(frame, registry.champion_model(released)[0].predict(frame), reference.edges)
    features = {n: msgspec.structs.replace(c, run=0) for n, c in wanted.features.items()}
    assert found.sketch == msgspec.structs.replace(wanted, features=features)


def test_a_stuck_sensor_shows_in_its_counters(
    released: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a run length: one device alone calls for the sensor that stays at one value; among six it is named."""
    spec = ["--spec", str(released.folder / "volvelle.toml"), "--json"]
    files = [tmp_path / f"{k}.bin" for k in range(6)]
    for k, file in enumerate(files):
        frame = readings(400, 10 + k)
        file.write_bytes(record(released, tmp_path, b"%d" % k, frame))
    assert main(["watch", "--sketch", *map(str, files), *spec]) == 0
    capsys.readouterr()
    stuck = readings(400, 20).with_columns(y=pl.lit(3))
    files[2].write_bytes(record(released, tmp_path, b"s", stuck))
    assert main(["watch", "--sketch", str(files[2]), *spec]) == 1
    told = json.loads(capsys.readouterr().out)["report"]
    assert {(a["feature"], a["severity"], a["what"]) for a in told["alarms"]} >= {("y", "broken", "stuck")}
    assert main(["watch", "--sketch", *map(str, files), *spec]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(m["device"], m["feature"]) for m in told["members"] if m.get("feature")] == [("73" * 8, "y")]


def test_readings_beyond_int8_are_refused(tmp_path: Path) -> None:
    """A column of which training saw 200 cannot be read as int8: no release, and the column is named."""
    with pytest.raises(InputError, match=r"'z' does not fit int8: integer from .* to 200"):
        project(tmp_path, readings(600, 1).with_columns(z=pl.when(pl.col("x") > 30).then(200).otherwise("z")))
