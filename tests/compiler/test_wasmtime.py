"""WebAssembly as a device: what a module takes, what it costs, and what a wrong one is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from onnx_files import line  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.prove import compiled
from volvelle.compiler.sources import Sources
from volvelle.errors import ContractBroken, InputError

ENDS = [(np.dtype(np.float32), 2)]
ROW = [np.ones(3, np.float32)]
BEGIN = "void m_run(const float *x, float *y) {"


def altered(body: str, before: str = "") -> Sources:
    """The model of a line, with statements put in front of it."""
    made = compiled(line(), "m").sources
    changed = replace(made, source=made.source.replace(BEGIN, f"{before}{BEGIN}\n{body}"))
    assert changed != made
    return changed


def test_static_memory_is_counted_to_the_byte() -> None:
    """A variable of 400 bytes more takes 400 bytes of memory more, and hardly any of the module."""
    made, board = compiled(line(), "m").sources, device("wasm32")
    larger = altered("more[(int)x[0]] = y[0];", "static volatile float more[100];\n")
    first, other = (TOOLCHAINS.load("zig_wasm").build(s, board) for s in (made, larger))
    assert 400 <= other.ram - first.ram <= 416
    assert first.flash < other.flash < first.flash + 200


def test_the_stack_is_seen() -> None:
    """What a function writes on its stack leaves a mark as deep as it is."""
    board = device("wasm32")
    deep = altered("volatile float held[64];\nfor (int k = 0; k < 64; k++) held[k] = x[k % 3];")
    core = EMULATORS.load("wasmtime").Core(TOOLCHAINS.load("zig_wasm").build(deep, board), board)
    assert 256 <= core.run(ROW, ENDS).stack <= 288


def test_work_is_counted_alike_every_time() -> None:
    """Instructions grow with the work by the same number each round, and repeat to the digit."""
    board, counts = device("wasm32"), []
    for rounds in (0, 10, 20):
        loop = altered(f"for (volatile int k = 0; k < {rounds}; k++) {{}}")
        core = EMULATORS.load("wasmtime").Core(TOOLCHAINS.load("zig_wasm").build(loop, board), board)
        counts.append([core.run(ROW, ENDS).instructions for _ in range(2)])
    assert all(first == again for first, again in counts)
    assert counts[2][0] - counts[1][0] == counts[1][0] - counts[0][0] > 10


def test_wild_pointers_and_endless_loops_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory outside the module's own, and more instructions than allowed, are one error each."""
    board, module = device("wasm32"), EMULATORS.load("wasmtime")
    wild = altered("y[0x10000000u] = 1.0f;")
    core = module.Core(TOOLCHAINS.load("zig_wasm").build(wild, board), board)
    with pytest.raises(ContractBroken, match="the module stopped"):
        core.run(ROW, ENDS)
    monkeypatch.setattr(module, "MOST", 10_000)
    endless = module.Core(
        TOOLCHAINS.load("zig_wasm").build(altered("for (volatile int k = 0; k < 1;) {}"), board), board
    )
    with pytest.raises(InputError, match="more than 10,000 instructions"):
        endless.run(ROW, ENDS)


def test_tools_of_other_devices_are_refused_by_name() -> None:
    """Every mismatch of device, toolchain and emulator is told with the one that fits."""
    made, web, arm = compiled(line(), "m").sources, device("wasm32"), device("cortex-m4f")
    image = TOOLCHAINS.load("zig_wasm").build(made, web)
    for name, board, fits in (("zig", web, "zig_wasm"), ("gcc_arm", web, "zig_wasm"), ("zig_wasm", arm, "zig")):
        with pytest.raises(InputError) as refused:
            TOOLCHAINS.load(name).build(made, board)
        assert refused.value.next_move == f"choose the toolchain {fits}"
    for name, board, fits in (("unicorn", web, "wasmtime"), ("wasmtime", arm, "unicorn")):
        with pytest.raises(InputError) as refused:
            EMULATORS.load(name).Core(image, board)
        assert refused.value.next_move == f"choose the emulator {fits}"
