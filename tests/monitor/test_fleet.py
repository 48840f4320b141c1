"""Windows of many devices: added up once each, none too heavy, odd ones found, few ones hidden."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watched_rows import answers, edges_of, rows  # type: ignore[import-not-found]

from volvelle.errors import InputError
from volvelle.monitor.fleet import FEWEST, clipped, fleet
from volvelle.monitor.records import Policy, Sketch
from volvelle.monitor.sketch import sketch
from volvelle.monitor.wire import Received

EDGES, POLICY = edges_of(), Policy()


def counted(frame: pl.DataFrame) -> Sketch:
    """The sketch of rows, as a device keeps it."""
    found = sketch(frame, answers(frame), EDGES)
    features = {name: msgspec.structs.replace(c, run=0) for name, c in found.features.items()}
    return msgspec.structs.replace(found, features=features)


def sent(device: str, frame: pl.DataFrame, window: int = 0) -> Received:
    """One window of a device."""
    return Received(device=device, boot=1, window=window, sketch=counted(frame))


def healthy(devices: int, each: int, seed: int) -> list[Received]:
    """One window of each of some devices that see the same world."""
    rng = np.random.default_rng(seed)
    return [sent(f"{k:02d}", rows(each, rng)) for k in range(devices)]


def test_the_sum_of_devices_is_the_sketch_of_all_rows() -> None:
    """Counts of devices equal the counts of one batch over all of their rows, bit for bit, in any order."""
    rng = np.random.default_rng(4)
    frames = [rows(50 + 10 * k, rng) for k in range(6)]
    found = fleet([sent(f"d{k}", f) for k, f in reversed(list(enumerate(frames)))], EDGES, POLICY)
    assert found.whole == found.fair == counted(pl.concat(frames))
    assert found.devices == 6


def test_what_comes_twice_counts_once() -> None:
    """A repeated window is dropped and told; one that came again with other counts is told apart, the first counts."""
    a, b = healthy(2, 100, 1)
    other = msgspec.structs.replace(b, device=a.device)
    found = fleet([a, b, a, a, other], EDGES, POLICY)
    assert (found.repeats, found.conflicts) == (2, 1)
    assert found.whole.rows == 200


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 80), st.integers(1, 100), st.integers(0, 2**31))
def test_a_clipped_sketch_still_adds_up(size: int, most: int, seed: int) -> None:
    """Counters and missing of each feature, each score and all labels sum to the rows that are left."""
    whole = counted(rows(size, np.random.default_rng(seed)))
    small = clipped(whole, most)
    left = min(size, most)
    assert small.rows == left
    assert {sum(c.bins) + c.missing for name, c in small.features.items() if name != "when"} == {left}
    assert {sum(line) for line in small.scores} == {sum(small.labels())} == {left}


def test_a_loud_device_counts_for_four_quiet_ones() -> None:
    """A device with a hundred times the rows of the others has four times their weight in the fair sum."""
    rng = np.random.default_rng(2)
    found = fleet([*healthy(9, 100, 3), sent("loud", rows(10_000, rng))], EDGES, POLICY)
    assert found.whole.rows == 10_900
    assert found.fair.rows == 900 + 400
    assert next(m.weight for m in found.members if m.device == "loud") == 0.04


def test_an_odd_device_is_found_and_healthy_ones_are_left_alone() -> None:
    """Of 20 devices the one whose sensor is off by one and a half deviations is named, with the sensor."""
    rng = np.random.default_rng(5)
    broken = rows(400, rng)
    found = fleet([*healthy(19, 400, 6), sent("odd", broken.with_columns(pl.col("heat") + 1.5))], EDGES, POLICY)
    assert [(m.device, m.feature) for m in found.odd] == [("odd", "heat")]
    assert found.odd[0].effect > 0.2


def test_healthy_fleets_rarely_accuse() -> None:
    """In 60 fleets of 12 equal devices at most one in twenty names a device."""
    accused = sum(bool(fleet(healthy(12, 200, seed), EDGES, POLICY).odd) for seed in range(100, 160))
    assert accused <= 3


def test_few_devices_are_not_shown_one_by_one() -> None:
    """Below five devices the sums are given and no member."""
    assert fleet(healthy(FEWEST - 1, 100, 1), EDGES, POLICY).members == ()
    assert len(fleet(healthy(FEWEST, 100, 1), EDGES, POLICY).members) == FEWEST


def test_nothing_and_other_edges_are_refused() -> None:
    """No record at all, and sketches of other edges, are one error each."""
    with pytest.raises(InputError, match="no device sent anything"):
        fleet([], EDGES, POLICY)
    one, two = healthy(2, 50, 1)
    other = msgspec.structs.replace(two, sketch=msgspec.structs.replace(two.sketch, edges="0" * 64))
    with pytest.raises(InputError, match="do not add up"):
        fleet([one, other], EDGES, POLICY)
