"""Counters in C hold what the sketch of the same rows holds, and their record reads back."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from device_counting import DEVICE, given, int8_edges, program, record  # type: ignore[import-not-found]
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.host import KINDS, Host
from volvelle.compiler.place import Plan
from volvelle.compiler.sources import Sources
from volvelle.errors import InputError, ModelError
from volvelle.model.signature import ModelTask
from volvelle.monitor.on_device import most, written
from volvelle.monitor.records import Edges, Sketch
from volvelle.monitor.sketch import add, sketch
from volvelle.monitor.wire import FULL, Received, received

INT8 = Sources("n", "#include <stdint.h>\n", "", Plan({}, (), {}), (("x", "int8_t", 16),), (("y", "float", 1),))


def typed(arrays: dict[str, NDArray[Any]], answers: Any, made: Any) -> list[NDArray[Any]]:
    """Rows as the C takes them: what goes in, what came out, and a flag of 0."""
    classes = [n for n in answers.columns if n.startswith("score_")]
    told: list[Any] = [answers[classes].to_numpy()] if classes else [answers["prediction"].to_numpy()[:, None]]
    if classes:
        names = made.signature.classes
        told.insert(0, np.array([[names.index(p)] for p in answers["prediction"]], dtype=np.int64))
    ends = [KINDS[kind] for _, kind, _ in (*made.sources.inputs, *made.sources.outputs)]
    rows = zip([*(arrays[n] for n in made.graph.inputs), *told], ends, strict=True)
    return [*(np.ascontiguousarray(a, dtype=kind) for a, kind in rows), np.zeros((len(answers), 1), np.int64)]


def read_by(columns: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """The last row again, with the flag that asks for the record."""
    return [*(a[-1:] for a in columns[:-1]), np.ones((1, 1), np.int64)]


def plain(found: Sketch) -> Sketch:
    """A sketch as a device keeps it: no runs, no times."""
    features = {name: msgspec.structs.replace(c, run=0) for name, c in found.features.items()}
    return msgspec.structs.replace(found, features=features, since=None, until=None)


@settings(max_examples=12, deadline=None)
@drawn(st.sampled_from(["binary", "multiclass", "regression"]), st.integers(1, 90), st.integers(0, 2**31))
def test_a_device_counts_what_a_server_counts(task: ModelTask, rows: int, seed: int) -> None:
    """All counters of numbers, categories, times, scores and labels are equal to the last one, odd cells included."""
    made, edges, arrays, frame, answers = given(task, rows, seed)
    host, columns = Host(program(made.sources, edges)), typed(arrays, answers, made)
    host.run(columns)
    [found] = received(record(host.run(read_by(columns))[0][0]), edges)
    assert found.sketch == plain(sketch(frame, answers, edges))
    assert (found.device, found.boot, found.window, found.uncounted) == (DEVICE.hex(), 3, 0, 0)


def test_windows_follow_each_other_and_add_up() -> None:
    """Reading begins a new window; the windows of a device add up to all its rows."""
    made, edges, arrays, frame, answers = given("binary", 80, 5)
    host, columns = Host(program(made.sources, edges)), typed(arrays, answers, made)
    parts: list[Received] = []
    for part in (slice(0, 30), slice(30, 80)):
        rows = [a[part] for a in columns]
        host.run(rows)
        parts += received(record(host.run(read_by(rows))[0][0]), edges)
    assert [p.window for p in parts] == [0, 1]
    assert add(parts[0].sketch, parts[1].sketch) == plain(sketch(frame, answers, edges))
    both = b"".join(record(host.run(read_by(columns))[0][0]) for _ in range(2))
    assert [(r.window, r.sketch.rows) for r in received(both, edges)] == [(2, 0), (3, 0)]


def test_counters_stop_before_they_begin_again() -> None:
    """Of 70,000 rows the first 65,535 are counted, and the record tells how many are not."""
    host = Host(program(INT8, int8_edges(16)))
    columns: list[NDArray[Any]] = [
        np.zeros((70_000, 16), np.int8),
        np.zeros((70_000, 1), np.float32),
        np.zeros((70_000, 1), np.int64),
    ]
    host.run(columns)
    [found] = received(record(host.run(read_by(columns))[0][0]), int8_edges(16))
    assert (found.sketch.rows, found.uncounted) == (FULL, 70_000 - FULL)
    assert found.sketch.features["x0"].bins[8] == FULL


def test_the_int8_form_is_small_and_quick() -> None:
    """16 int8 features on a Cortex-M4F: at most 512 bytes of code, 36 of memory each, 300 instructions a row."""
    board, edges = device("cortex-m4f"), int8_edges(16)
    sources = program(INT8, edges)
    image = TOOLCHAINS.load("zig").build(sources, board)
    core = EMULATORS.load("unicorn").Core(image, board)
    rows = np.random.default_rng(1).integers(-128, 128, (20, 16)).astype(np.int8)
    ends = [(np.dtype(np.uint8), most(edges) + 4)]
    row = [np.zeros(1, np.float32), np.zeros(1, np.int64)]
    counted = [core.run([one, *row], ends).instructions for one in rows]
    assert max(counted) <= 300
    assert image.ram <= 36 * 16 + 20
    told = core.run([rows[0], row[0], np.ones(1, np.int64)], ends).outputs[0]
    [found] = received(record(told), edges)
    wanted = [np.bincount((column.astype(int) + 128) >> 4, minlength=16).tolist() for column in rows.T]
    assert [list(found.sketch.features[f"x{k}"].bins) for k in range(16)] == wanted
    assert found.sketch.features["x0"].outside == int((abs(rows[:, 0].astype(int)) > 100).sum())
    assert image.flash <= 512


@pytest.mark.parametrize("core", ["cortex-m0", "rv32imac", "wasm32"])
def test_emulated_cores_count_the_same(core: str) -> None:
    """The record of a core is that of this machine, byte for byte."""
    made, edges, arrays, _, answers = given("multiclass", 12, 9)
    board, columns = device(core), typed(arrays, answers, made)
    sources = program(made.sources, edges)
    toolchain, emulator = board.way
    emulated = EMULATORS.load(emulator).Core(TOOLCHAINS.load(toolchain).build(sources, board), board)
    host, ends = Host(sources), [(np.dtype(np.uint8), most(edges) + 4)]
    host.run(columns)
    for row in range(12):
        emulated.run([a[row] for a in columns], ends)
    own = emulated.run([a[0] for a in read_by(columns)], ends).outputs[0]
    assert record(own) == record(host.run(read_by(columns))[0][0])


def test_what_a_device_cannot_count_is_refused() -> None:
    """Texts, and int8 inputs with other edges than their upper bits, are refused by name."""
    other = msgspec.structs.replace(int8_edges(1).features[0], cuts=(1.0,))
    with pytest.raises(ModelError, match="'x0' has other edges"):
        written(INT8, msgspec.structs.replace(int8_edges(1), features=(other,)))
    text = msgspec.structs.replace(other.feature, kind="text", name="note")
    with pytest.raises(ModelError, match="words of 'note'"):
        written(INT8, msgspec.structs.replace(int8_edges(1), features=(msgspec.structs.replace(other, feature=text),)))


@settings(max_examples=200, deadline=None)
@drawn(st.binary(max_size=200))
def test_bytes_from_anywhere_are_refused(content: bytes) -> None:
    """No bytes but a record are read as one; each refusal tells where."""
    edges = int8_edges(2)
    if content:
        with pytest.raises(InputError, match="sketch, byte 0"):
            list(received(content, edges))


@pytest.mark.parametrize("seed", range(3))
def test_one_wrong_bit_is_seen(seed: int) -> None:
    """A record with any one bit turned is refused."""
    edges: Edges = int8_edges(4)
    host = Host(program(INT8_4, edges))
    rows = np.random.default_rng(seed).integers(-128, 128, (50, 4)).astype(np.int8)
    columns: list[NDArray[Any]] = [rows, np.zeros((50, 1), np.float32), np.zeros((50, 1), np.int64)]
    host.run(columns)
    whole = record(host.run(read_by(columns))[0][0])
    assert next(received(whole, edges)).sketch.rows == 50
    for place in range(8 * len(whole)):
        turned = bytearray(whole)
        turned[place // 8] ^= 1 << place % 8
        with pytest.raises(InputError):
            list(received(bytes(turned), edges))


INT8_4 = Sources("n", "#include <stdint.h>\n", "", Plan({}, (), {}), (("x", "int8_t", 4),), (("y", "float", 1),))
