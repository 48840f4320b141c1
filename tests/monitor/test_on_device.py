"""Counters in C hold what the sketch of the same rows holds, and their record reads back."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from device_counting import DEVICE, MODEL, given, int8_edges, program, record  # type: ignore[import-not-found]
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
from volvelle.model.signature import Feature, ModelTask, Signature
from volvelle.monitor.drift.smooth import polynomials
from volvelle.monitor.edges import cuts, edges, steps
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
    made, known, arrays, frame, answers = given(task, rows, seed)
    host, columns = Host(program(made.sources, known)), typed(arrays, answers, made)
    host.run(columns)
    [found] = received(record(host.run(read_by(columns))[0][0]), known)
    assert found.sketch == plain(sketch(frame, answers, known))
    assert (found.device, found.boot, found.window, found.uncounted) == (DEVICE.hex(), 3, 0, 0)


def test_windows_follow_each_other_and_add_up() -> None:
    """Reading begins a new window; the windows of a device add up to all its rows."""
    made, known, arrays, frame, answers = given("binary", 80, 5)
    host, columns = Host(program(made.sources, known)), typed(arrays, answers, made)
    parts: list[Received] = []
    for part in (slice(0, 30), slice(30, 80)):
        rows = [a[part] for a in columns]
        host.run(rows)
        parts += received(record(host.run(read_by(rows))[0][0]), known)
    assert [p.window for p in parts] == [0, 1]
    assert add(parts[0].sketch, parts[1].sketch) == plain(sketch(frame, answers, known))
    both = b"".join(record(host.run(read_by(columns))[0][0]) for _ in range(2))
    assert [(r.window, r.sketch.rows) for r in received(both, known)] == [(2, 0), (3, 0)]


def test_counters_stop_before_they_begin_again() -> None:
    """Of 70,000 rows the first 65,535 are counted, and the record tells how many are not."""
    host = Host(program(INT8, int8_edges(16), whole=True))
    columns: list[NDArray[Any]] = [
        np.zeros((70_000, 16), np.int8),
        np.zeros((70_000, 1), np.float32),
        np.zeros((70_000, 1), np.int64),
    ]
    host.run(columns)
    [found] = received(record(host.run(read_by(columns))[0][0]), int8_edges(16))
    assert (found.sketch.rows, found.uncounted) == (FULL, 70_000 - FULL)
    assert found.sketch.features["x0"].bins[100 >> 4] == FULL


def test_the_int8_form_is_small_and_quick() -> None:
    """16 int8 features on a Cortex-M4F: at most 512 bytes of code, 36 of memory each, 300 instructions a row."""
    board, known = device("cortex-m4f"), int8_edges(16)
    sources = program(INT8, known, whole=True)
    image = TOOLCHAINS.load("zig").build(sources, board)
    core = EMULATORS.load("unicorn").Core(image, board)
    rows = np.random.default_rng(1).integers(-128, 128, (20, 16)).astype(np.int8)
    ends = [(np.dtype(np.uint8), most(known) + 4)]
    row = [np.zeros(1, np.float32), np.zeros(1, np.int64)]
    counted = [core.run([one, *row], ends).instructions for one in rows]
    assert max(counted) <= 300
    assert image.ram <= 36 * 16 + 20
    told = core.run([rows[0], row[0], np.ones(1, np.int64)], ends).outputs[0]
    [found] = received(record(told), known)
    frame = pl.DataFrame({f"x{k}": column for k, column in enumerate(rows.T)})
    answered = msgspec.structs.replace(known, scores=((),))
    wanted = plain(sketch(frame, pl.DataFrame({"prediction": np.zeros(20)}), answered))
    assert found.sketch.features == wanted.features
    assert found.sketch.features["x0"].outside == int((abs(rows[:, 0].astype(int)) > 100).sum()) > 0
    assert image.flash <= 512


@settings(max_examples=12, deadline=None)
@drawn(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=2, max_size=40))
def test_floats_are_ordered_by_their_bits(drawn_cells: list[float]) -> None:
    """Both zeros, the smallest and the largest numbers, infinite and missing ones, at cuts and at limits: all as the
    server counts them."""
    tiny, most = float(np.float32(1e-45)), float(np.finfo(np.float32).max)
    ends = [0.0, -0.0, tiny, -tiny, 1.0, -1.0, most, -most]
    learnt = pl.DataFrame({"x": [*drawn_cells, *ends]}, schema={"x": pl.Float32})
    answered = pl.DataFrame({"prediction": np.zeros(learnt.height)})
    sources = Sources("n", INT8.header, "", INT8.plan, (("x", "float", 1),), INT8.outputs)
    cells = np.array([*drawn_cells, *ends, np.inf, -np.inf, np.nan], np.float32)
    for low, high in ((0.0, 0.0), (-0.0, tiny), (-tiny, -0.0), (None, None), (-most, most)):
        feature = Feature(name="x", kind="number", low=low, high=high)
        signature = Signature(features=(feature,), target="y", task="regression")
        made = edges(learnt, answered, signature, model=MODEL)
        host, rows = Host(program(sources, made)), len(cells)
        columns: list[Any] = [cells[:, None], np.zeros((rows, 1), np.float32), np.zeros((rows, 1), np.int64)]
        host.run(columns)
        [found] = received(record(host.run(read_by(columns))[0][0]), made)
        told = pl.DataFrame({"prediction": np.zeros(rows)})
        assert found.sketch == plain(sketch(pl.DataFrame({"x": cells}), told, made))


@settings(max_examples=12, deadline=None)
@drawn(st.integers(-128, 127), st.integers(-128, 127), st.integers(0, 2**31))
def test_int8_is_counted_by_a_shift(one: int, other: int, seed: int) -> None:
    """Whatever lay between two whole numbers in training, all 256 values are counted as the server counts them."""
    low, high = sorted((one, other))
    feature = Feature(name="x", kind="integer", low=float(low), high=float(high))
    signature = Signature(features=(feature,), target="y", task="regression")
    learnt = pl.DataFrame({"x": np.random.default_rng(seed).integers(low, high + 1, 50)})
    made = edges(learnt, pl.DataFrame({"prediction": np.zeros(50)}), signature, model=MODEL, whole=True)
    assert len(made.features[0].cuts) < 16
    sources = Sources("n", INT8.header, "", INT8.plan, (("x", "int8_t", 1),), INT8.outputs)
    host, every = Host(program(sources, made, whole=True)), np.arange(-128, 128)
    columns: list[Any] = [every[:, None].astype(np.int8), np.zeros((256, 1), np.float32), np.zeros((256, 1), np.int64)]
    host.run(columns)
    [found] = received(record(host.run(read_by(columns))[0][0]), made)
    counted = plain(sketch(pl.DataFrame({"x": every}), pl.DataFrame({"prediction": np.zeros(256)}), made))
    assert found.sketch == counted


def test_what_is_not_int8_is_refused() -> None:
    """A number that is not whole, one beyond 127, and a missing cell are refused by name; categories do not matter."""
    rows = {"x": [1, 2, 3], "site": ["n", "s", "n"]}
    site = Feature(name="site", kind="category", categories=("n", "s"))
    fits = Feature(name="x", kind="integer", low=1.0, high=3.0)
    for feature, cells, said in (
        (fits, [1, 2, 3], ""),
        (msgspec.structs.replace(fits, kind="number"), [1, 2, 3], "number from 1.0 to 3.0"),
        (msgspec.structs.replace(fits, high=128.0), [1, 2, 3], "integer from 1.0 to 128.0"),
        (fits, [1, None, 3], "1 of 3 missing"),
        (fits, [1, 200, -900], "2 of 3 beyond 8 bits"),
    ):
        frame = pl.DataFrame({**rows, "x": cells})
        signature = Signature(features=(feature, site), target="y", task="regression")
        with pytest.raises(InputError, match=said) if said else nullcontext():
            edges(frame, pl.DataFrame({"prediction": [0.0] * 3}), signature, whole=True)


@pytest.mark.parametrize(("sd", "least"), [(32, 0.97), (16, 0.91), (8, 0.74)])
def test_what_even_counters_cost(sd: float, least: float) -> None:
    """Of a normal column with this deviation whose training went from -128 to 127, counters by a shift keep so much of
    what tells that it has moved, the squared correlation with the values; quantiles keep 0.98."""
    values = np.random.default_rng(3).normal(0, sd, 100_000).astype(np.float32)
    kept = []
    for cut in (steps(-128, 127), cuts(values)):
        place = np.searchsorted(np.array(cut, np.float32), values, side="right")
        held, where = np.unique(place, return_inverse=True)
        first = polynomials(np.bincount(where) / len(values))[:, 0]
        assert len(held) <= 16
        kept.append(np.corrcoef(first[where], values)[0, 1] ** 2)
    assert least < kept[0] < least + 0.02
    assert 0.97 < kept[1] < 0.98


@pytest.mark.parametrize("core", ["cortex-m0", "rv32imac", "wasm32"])
def test_emulated_cores_count_the_same(core: str) -> None:
    """The record of a core is that of this machine, byte for byte."""
    made, known, arrays, _, answers = given("multiclass", 12, 9)
    board, columns = device(core), typed(arrays, answers, made)
    sources = program(made.sources, known)
    toolchain, emulator = board.way
    emulated = EMULATORS.load(emulator).Core(TOOLCHAINS.load(toolchain).build(sources, board), board)
    host, ends = Host(sources), [(np.dtype(np.uint8), most(known) + 4)]
    host.run(columns)
    for row in range(12):
        emulated.run([a[row] for a in columns], ends)
    own = emulated.run([a[0] for a in read_by(columns)], ends).outputs[0]
    assert record(own) == record(host.run(read_by(columns))[0][0])


def test_what_a_device_cannot_count_is_refused() -> None:
    """Texts, and int8 inputs with other edges than steps of a power of two, are refused by name."""
    other = msgspec.structs.replace(int8_edges(1).features[0], cuts=(1.0,))
    with pytest.raises(ModelError, match="'x0' has other edges"):
        written(INT8, msgspec.structs.replace(int8_edges(1), features=(other,)), whole=True)
    text = msgspec.structs.replace(other.feature, kind="text", name="note")
    with pytest.raises(ModelError, match="words of 'note'"):
        written(INT8, msgspec.structs.replace(int8_edges(1), features=(msgspec.structs.replace(other, feature=text),)))


@settings(max_examples=200, deadline=None)
@drawn(st.binary(max_size=200))
def test_bytes_from_anywhere_are_refused(content: bytes) -> None:
    """No bytes but a record are read as one; each refusal tells where."""
    known = int8_edges(2)
    if content:
        with pytest.raises(InputError, match="sketch, byte 0"):
            list(received(content, known))


@pytest.mark.parametrize("seed", range(3))
def test_one_wrong_bit_is_seen(seed: int) -> None:
    """A record with any one bit turned is refused."""
    known: Edges = int8_edges(4)
    host = Host(program(INT8_4, known, whole=True))
    rows = np.random.default_rng(seed).integers(-128, 128, (50, 4)).astype(np.int8)
    columns: list[NDArray[Any]] = [rows, np.zeros((50, 1), np.float32), np.zeros((50, 1), np.int64)]
    host.run(columns)
    whole = record(host.run(read_by(columns))[0][0])
    assert next(received(whole, known)).sketch.rows == 50
    for place in range(8 * len(whole)):
        turned = bytearray(whole)
        turned[place // 8] ^= 1 << place % 8
        with pytest.raises(InputError):
            list(received(bytes(turned), known))


INT8_4 = Sources("n", "#include <stdint.h>\n", "", Plan({}, (), {}), (("x", "int8_t", 4),), (("y", "float", 1),))
