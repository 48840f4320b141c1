"""simavr's AVR, where it is installed (Debian: apt-get install simavr libsimavr-dev): exact in instructions and cycles.

A small program in C steps its core, because where things lie in simavr's records is known to its headers alone; the C
compiler of this machine makes it at the first use.
"""

from __future__ import annotations

import ctypes
import functools
import subprocess
import tempfile
import weakref
from collections.abc import Callable
from ctypes.util import find_library
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.host import compiler
from volvelle.compiler.image import Image, Run
from volvelle.compiler.records import Device
from volvelle.compiler.toolchains.gcc_avr import RAM_AT, STATIC_AT
from volvelle.errors import ContractBroken, InputError, MissingExtra

PACKAGES = "libsimavr-dev"
"""Of Debian."""
MOST = 200_000_000
"""Instructions of one row, at most."""
_SOURCE = Path(__file__).with_suffix(".c")
_RETURNED, _STOPPED = 0, 1
_BACK, _PAINT = 0x80, 0xA5
"""Where a call returns to, among the vectors; what unused stack is marked with."""
_IN_REGISTERS = 9
"""Arguments in registers, two bytes each from r24 down."""
_WATCH = ctypes.CFUNCTYPE(None, ctypes.c_uint32)


def missing() -> str:
    """Debian's names of what must be installed first; empty where all is there."""
    try:
        _library()
    except MissingExtra:
        return PACKAGES
    return ""


def version() -> str:
    """The emulator and its version.

    Raises:
        MissingExtra: it is not installed.
    """
    _library()
    told = subprocess.run(["pkg-config", "--modversion", "simavr"], capture_output=True, text=True, check=False)
    return f"simavr {told.stdout.strip()}"


class Core:
    """One emulated microcontroller with a program in its flash.

    Args:
        image: the program.
        device: whose core it is.

    Raises:
        MissingExtra: simavr is not installed.
        InputError: it has no such core, or that has too little memory.
    """

    def __init__(self, image: Image, device: Device) -> None:
        self._library = _library()
        self._core = self._library.vv_core(device.machine.encode())
        if not self._core:
            raise InputError(f"simavr has no {device.core}", next_move=f"choose the emulator {device.way[1]}")
        weakref.finalize(self, self._library.vv_end, self._core)
        self._image, self._device = image, device
        self._flash, self._data = self._memory("vv_flash"), self._memory("vv_data")
        for address, content in image.sections:
            place, at = (self._data, address - RAM_AT) if address >= RAM_AT else (self._flash, address)
            if at + len(content) > len(place):
                raise self._small()
            place[at : at + len(content)] = np.frombuffer(content, np.uint8)
        self.watch: Callable[[int, int, int], None] | None = None
        """Told of every instruction that is run: its address, its bytes (two at least), and that it is one."""

    def run(self, inputs: list[NDArray[Any]], outputs: list[tuple[np.dtype[Any], int]]) -> Run:
        """Call the model's function once.

        Args:
            inputs: arrays, in the order of its arguments.
            outputs: type and number of elements of each further argument.

        Raises:
            ContractBroken: the program left its flash or its memory, or did not come back.
            InputError: model, stack and arguments do not fit into the memory, or a row takes too long.
        """
        contents = [*(a.tobytes() for a in inputs), *(bytes(d.itemsize * size) for d, size in outputs)]
        ends = len(self._data) - np.cumsum([0, *map(len, contents)])
        addresses = ends[1:].tolist()
        further = addresses[_IN_REGISTERS:]
        top = int(ends[-1]) - 2 * len(further) - 1
        bottom = STATIC_AT - RAM_AT + self._image.ram
        if top <= bottom:
            raise self._small()
        for address, content in zip(addresses, contents, strict=True):
            self._data[address : address + len(content)] = np.frombuffer(content, np.uint8)
        self._data[bottom : top + 1] = _PAINT
        self._data[top + 1 : ends[-1]] = np.array(further, "<u2").view(np.uint8)
        for register, address in zip(range(24, 0, -2), addresses[:_IN_REGISTERS], strict=False):
            self._data[register : register + 2] = address & 0xFF, address >> 8
        self._data[1] = 0
        count = self._call(top)
        stack = int((self._data[bottom : top + 1] == _PAINT).argmin())
        if not stack:
            raise self._small()
        made = tuple(
            np.frombuffer(self._data[at : at + dtype.itemsize * size].tobytes(), dtype=dtype)
            for at, (dtype, size) in zip(addresses[len(inputs) :], outputs, strict=True)
        )
        return Run(made, count[0], count[1], top + 1 - bottom - stack)

    def _call(self, top: int) -> tuple[int, int]:
        """Enter the function; gives instructions and cycles."""
        count, watch = (ctypes.c_uint64 * 2)(), self.watch
        told = _WATCH(lambda at: watch(at, 2, 1)) if watch else _WATCH()
        ended = self._library.vv_call(self._core, self._image.entry, _BACK, top, MOST, count, told)
        if ended == _STOPPED:
            raise ContractBroken("the emulated core stopped: the program left its flash or its memory")
        if ended != _RETURNED:
            raise InputError(
                f"one row takes more than {MOST:,} instructions", next_move="choose a smaller model for this device"
            )
        return count[0], count[1]

    def _memory(self, function: str) -> NDArray[np.uint8]:
        size = ctypes.c_uint32()
        start = getattr(self._library, function)(self._core, ctypes.byref(size))
        return np.ctypeslib.as_array(start, (size.value,))

    def _small(self) -> InputError:
        return InputError(
            f"the model, its stack and one row do not fit into the memory of {self._device.name}",
            next_move="choose a smaller model or another device: volvelle devices lists them",
        )


@functools.cache
def _library() -> ctypes.CDLL:
    """The program that steps the core.

    Raises:
        MissingExtra: simavr's library or its headers are not installed.
        ContractBroken: it does not compile.
    """
    if find_library("simavr") is None:
        raise _absent()
    with tempfile.TemporaryDirectory(prefix="volvelle-simavr-") as place:
        target = Path(place) / "simavr.so"
        command = [*compiler(), "-std=gnu11", "-O2", "-shared", "-fPIC", "-o", str(target), str(_SOURCE), "-lsimavr"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "simavr/sim_avr.h" in done.stderr:
            raise _absent()
        if done.returncode:
            raise ContractBroken(f"{_SOURCE.name} does not compile: {done.stderr[:2000]}")
        library = ctypes.CDLL(str(target))
    library.vv_core.restype, library.vv_core.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    for name in ("vv_flash", "vv_data"):
        getattr(library, name).restype = ctypes.POINTER(ctypes.c_uint8)
        getattr(library, name).argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32)]
    library.vv_end.argtypes = [ctypes.c_void_p]
    numbers = [ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint16, ctypes.c_uint64]
    library.vv_call.argtypes = [ctypes.c_void_p, *numbers, ctypes.POINTER(ctypes.c_uint64), _WATCH]
    return library


def _absent() -> MissingExtra:
    return MissingExtra("simavr is not installed", next_move=f"apt-get install {PACKAGES}")
