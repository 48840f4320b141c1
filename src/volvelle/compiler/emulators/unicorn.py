"""An emulated core: runs the linked program instruction by instruction, counts, and watches its stack.

The door to Unicorn, which executes what a real core would; its counts repeat to the digit. Memory that was not given
to the program cannot be touched: a wild pointer ends the run.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import unicorn
from numpy.typing import NDArray
from unicorn import arm_const, riscv_const, x86_const
from unicorn.unicorn_py3.unicorn import uclib

from volvelle.compiler.classes import riscv, thumb
from volvelle.compiler.image import FLASH_AT, RAM_AT, Image, Run
from volvelle.compiler.records import Device
from volvelle.compiler.tally import Tally
from volvelle.errors import ContractBroken, InputError

_PAGE = 0x1000
_STACK_AT, _STACK_SIZE, _ARGUMENTS_AT, _RETURN_AT = 0x3000_0000, 0x1_0000, 0x3100_0000, 0x0F00_0000
_PAINT = 0xA5
MOST = 200_000_000
"""Instructions of one row, at most."""
_ARM_MODELS = {
    "cortex-m0": arm_const.UC_CPU_ARM_CORTEX_M0,
    "cortex-m3": arm_const.UC_CPU_ARM_CORTEX_M3,
    "cortex-m4": arm_const.UC_CPU_ARM_CORTEX_M4,
    "cortex-m7": arm_const.UC_CPU_ARM_CORTEX_M7,
    "cortex-m33": arm_const.UC_CPU_ARM_CORTEX_M33,
}
_REGISTERS = {
    (True, False): [arm_const.UC_ARM_REG_R0 + k for k in range(4)],
    (False, False): [riscv_const.UC_RISCV_REG_A0 + k for k in range(8)],
    (False, True): [getattr(x86_const, f"UC_X86_REG_{r}") for r in "RDI RSI RDX RCX R8 R9".split()],
}
"""Of the first arguments, by whether the core is an Arm one, and whether it is of x86-64."""


def version() -> str:
    """The emulator and its version."""
    return f"unicorn {unicorn.__version__}"


class Core:
    """One emulated core with a program in its flash.

    Args:
        image: the program.
        device: whose core it is.

    Raises:
        InputError: it has no such core.
    """

    def __init__(self, image: Image, device: Device) -> None:
        machine = device.machine
        if machine not in (*_ARM_MODELS, "x86-64", "riscv32"):
            raise InputError(f"Unicorn has no core {device.core}", next_move=f"choose the emulator {device.way[1]}")
        self._machine = machine
        self._arm = machine in _ARM_MODELS
        self._classes = thumb if self._arm else riscv
        self._table = device.cycles
        if self._arm:
            self._core = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
            self._core.ctl_set_cpu_model(_ARM_MODELS[machine])
        elif machine == "x86-64":
            self._core = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
        else:
            self._core = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
        self._image = image
        flash = max((a - FLASH_AT + len(c) for a, c in image.sections if a < RAM_AT), default=0)
        self._core.mem_map(FLASH_AT, _pages(flash), unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
        self._core.mem_map(RAM_AT, _pages(image.ram))
        self._core.mem_map(_STACK_AT, _STACK_SIZE)
        self._core.mem_map(_ARGUMENTS_AT, 0x40_0000)
        self._core.mem_map(_RETURN_AT, _PAGE)
        for address, content in image.sections:
            self._core.mem_write(address, content)
        if self._arm:
            self._core.mem_map(0xE000_E000, _PAGE)
            # Coprocessors 10 and 11 are the floating-point unit; it is off until they are granted.
            self._core.reg_write(arm_const.UC_ARM_REG_FPEXC, 0x4000_0000)
            self._core.reg_write(arm_const.UC_ARM_REG_C1_C0_2, 0x00F0_0000)
        self.watch: Callable[[int, int, int], None] | None = None
        """Told of every block that is run: its address, its bytes, and how many instructions it has."""
        # Where instructions end is not seen in a block of x86-64: they are counted one by one.
        self._hook = unicorn.UC_HOOK_CODE if machine == "x86-64" else unicorn.UC_HOOK_BLOCK
        widest = 15 if machine == "x86-64" else 4
        self._tally = Tally(FLASH_AT, _pages(flash), widest * MOST, ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p))
        self._costs = np.zeros((2, _pages(flash)), dtype=np.int64)
        """Instructions and cycles of the block that begins at each address; 0 where none was seen."""
        added = ctypes.c_size_t()
        # Through the library itself: its Python layer would call Python for every block.
        uclib.uc_hook_add(
            self._core._uch, ctypes.byref(added), self._hook, self._tally.function, self._tally.user, 1, 0
        )

    def run(self, inputs: list[NDArray[Any]], outputs: list[tuple[np.dtype[Any], int]]) -> Run:
        """Call the model's function once.

        Args:
            inputs: arrays, in the order of its arguments.
            outputs: type and number of elements of each further argument.

        Raises:
            ContractBroken: the program touched memory that is not its own, or did not come back.
        """
        top = _STACK_AT + _STACK_SIZE - 64
        self._core.mem_write(_STACK_AT, bytes([_PAINT]) * _STACK_SIZE)
        addresses, at = [], _ARGUMENTS_AT
        for array in inputs:
            self._core.mem_write(at, array.tobytes())
            addresses.append(at)
            at += -(-array.nbytes // 16) * 16
        places = []
        for dtype, size in outputs:
            self._core.mem_write(at, bytes(dtype.itemsize * size))
            addresses.append(at)
            places.append(at)
            at += -(-dtype.itemsize * size // 16) * 16
        self._tally.clear()
        self._call(addresses, top)
        counted, cycles = self._spent()
        made = tuple(
            np.frombuffer(bytes(self._core.mem_read(where, dtype.itemsize * size)), dtype=dtype)
            for where, (dtype, size) in zip(places, outputs, strict=True)
        )
        stack = bytes(self._core.mem_read(_STACK_AT, _STACK_SIZE - 64))
        return Run(made, counted, cycles, len(stack.lstrip(bytes([_PAINT]))))

    def _call(self, addresses: list[int], top: int) -> None:
        registers = _REGISTERS[self._arm, self._machine == "x86-64"]
        wide = 8 if self._machine == "x86-64" else 4
        for register, address in zip(registers, addresses, strict=False):
            self._core.reg_write(register, address)
        for place, address in enumerate(addresses[len(registers) :]):
            self._core.mem_write(top + wide * place, address.to_bytes(wide, "little"))
        if self._machine == "x86-64":
            self._core.mem_write(top - 8, _RETURN_AT.to_bytes(8, "little"))
            self._core.reg_write(x86_const.UC_X86_REG_RSP, top - 8)
        elif self._arm:
            self._core.reg_write(arm_const.UC_ARM_REG_SP, top)
            self._core.reg_write(arm_const.UC_ARM_REG_LR, _RETURN_AT | 1)
        else:
            self._core.reg_write(riscv_const.UC_RISCV_REG_SP, top)
            self._core.reg_write(riscv_const.UC_RISCV_REG_RA, _RETURN_AT)
        hook = self._core.hook_add(self._hook, self._watched) if self.watch else None
        if hook is not None:
            # What was translated before has no place for a further hook.
            self._core.ctl_flush_tb()
        try:
            self._core.emu_start(self._image.entry | (1 if self._arm else 0), _RETURN_AT)
        except unicorn.UcError as error:
            raise ContractBroken(f"the emulated core stopped: {error}") from error
        finally:
            if hook is not None:
                self._core.hook_del(hook)

    def _spent(self) -> tuple[int, int]:
        """Instructions and cycles since the tally was cleared."""
        at = np.flatnonzero(self._tally.times)
        for place in at[self._costs[0, at] == 0].tolist():
            self._costs[:, place] = self._cost(FLASH_AT + place, int(self._tally.sizes[place]))
        counted, cycles = (self._costs[:, at] @ self._tally.times[at].astype(np.int64)).tolist()
        if counted > MOST or self._tally.stopped:
            raise InputError(
                f"one row takes more than {MOST:,} instructions", next_move="choose a smaller model for this device"
            )
        return counted, cycles

    def _cost(self, address: int, size: int) -> tuple[int, int]:
        """Instructions and cycles of a block."""
        if self._machine == "x86-64":
            return 1, self._table["simple"]
        kinds = self._classes(bytes(self._core.mem_read(address, size)))
        return len(kinds), sum(self._table[k] for k in kinds)

    def _watched(self, core: Any, address: int, size: int, data: Any) -> None:
        if self.watch is not None:
            self.watch(address, size, self._cost(address, size)[0])


def _pages(size: int) -> int:
    return max(-(-size // _PAGE), 1) * _PAGE
