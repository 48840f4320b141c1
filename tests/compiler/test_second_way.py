"""GNU's compiler and QEMU beside zig and Unicorn: the same C, other tools, the same answers."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from growing import grown  # type: ignore[import-not-found]
from onnx_files import line  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.host import KINDS
from volvelle.compiler.image import Run
from volvelle.compiler.prove import compiled, prove
from volvelle.errors import ContractBroken, InputError, MissingExtra

HERE = all(shutil.which(tool) for tool in ("arm-none-eabi-gcc", "qemu-system-arm"))
REASON = "needs arm-none-eabi-gcc and qemu-system-arm (Debian: apt-get install gcc-arm-none-eabi qemu-system-arm)"
second = pytest.mark.skipif(not HERE, reason=REASON)
ENDLESS = "void m_run(const float *x, float *y) {\n    for (volatile int k = 0; k < 1;) {}"
FACTOR = 2.5
"""Instructions of one compiler's program, at most, beside the other's."""


def runs(seed: int, core: str, toolchain: str, emulator: str) -> list[Run]:
    """Three rows of a random graph."""
    board = device(core)
    made = compiled(grown(seed, 9)).sources
    emulated = EMULATORS.load(emulator).Core(TOOLCHAINS.load(toolchain).build(made, board), board)
    rows = np.random.default_rng(seed).normal(size=(3, 6)).astype(np.float32)
    ends = [(KINDS[kind], size) for _, kind, size in made.outputs]
    return [emulated.run([row], ends) for row in rows]


def answers(found: list[Run]) -> bytes:
    """All bytes that came out."""
    return b"".join(output.tobytes() for run in found for output in run.outputs)


@second
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m3", "cortex-m4f"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_two_ways_give_the_same_bytes(core: str, seed: int) -> None:
    """Two compilers on two emulators: equal answers to the bit, and work of one order."""
    first, other = runs(seed, core, "zig", "unicorn"), runs(seed, core, "gcc_arm", "qemu")
    assert answers(first) == answers(other)
    for one, two in zip(first, other, strict=True):
        assert 1 / FACTOR <= two.instructions / one.instructions <= FACTOR


@second
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m3", "cortex-m4f"])
def test_two_emulators_count_the_same(core: str) -> None:
    """One program: QEMU counts the instructions, cycles and bytes of stack that Unicorn counts, row by row."""
    for toolchain in ("zig", "gcc_arm"):
        both = [runs(3, core, toolchain, emulator) for emulator in ("unicorn", "qemu")]
        counts = [[(r.instructions, r.cycles, r.stack) for r in found] for found in both]
        assert counts[0] == counts[1]
        assert answers(both[0]) == answers(both[1])


@second
def test_a_proof_goes_the_second_way() -> None:
    """The whole proof holds with the other tools, and says which they were."""
    found = prove(line(), compiled(line(), "m"), device("cortex-m4f"), way=("gcc_arm", "qemu"))
    assert found.agrees()
    assert found.compiler.startswith("arm-none-eabi-gcc")
    assert found.emulator.startswith("qemu")


@second
def test_a_program_that_never_returns_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless loop is ended by the size of the log that it fills."""
    qemu = EMULATORS.load("qemu")
    monkeypatch.setattr(qemu, "_LOG_SIZE", 2**20)
    made = compiled(line(), "m").sources
    endless = replace(made, source=made.source.replace("void m_run(const float *x, float *y) {", ENDLESS))
    assert endless != made
    board = device("cortex-m3")
    core = qemu.Core(TOOLCHAINS.load("zig").build(endless, board), board)
    with pytest.raises(ContractBroken, match="never returned"):
        core.run([np.ones(3, np.float32)], [(np.dtype(np.float32), 2)])


def test_what_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the tools, and for cores that they do not know, one sentence says what to do."""
    made = compiled(line(), "m").sources
    image = TOOLCHAINS.load("zig").build(made, device("rv32imac"))
    with pytest.raises(InputError, match="compiles for Arm"):
        TOOLCHAINS.load("gcc_arm").build(made, device("rv32imac"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingExtra, match="not installed"):
        TOOLCHAINS.load("gcc_arm").build(made, device("cortex-m0"))
    with pytest.raises(MissingExtra, match="not installed"):
        EMULATORS.load("qemu").Core(image, device("cortex-m0"))
