"""Wasmtime: runs a WebAssembly module, counts its instructions, and watches its stack.

Its fuel is the count: an instruction takes one unit, but for those that a compiler drops (nop, drop, block and loop),
which take none. Memory outside the module's own cannot be touched: a wild pointer ends the run.
"""

from __future__ import annotations

from importlib import metadata
from typing import Any

import numpy as np
import wasmtime
from numpy.typing import NDArray

from volvelle.compiler.image import Image, Run
from volvelle.compiler.records import Device
from volvelle.compiler.toolchains.zig_wasm import BASE
from volvelle.errors import ContractBroken, InputError

MOST = 200_000_000
"""Instructions of one row, at most."""
_PAGE, _PAINT = 0x1_0000, 0xA5


def version() -> str:
    """The runtime and its version."""
    return f"wasmtime {metadata.version('wasmtime')}"


class Core:
    """One module in a runtime of its own.

    Args:
        image: the module.
        device: tells what an instruction costs.

    Raises:
        InputError: the device is no WebAssembly.
    """

    def __init__(self, image: Image, device: Device) -> None:
        if device.machine != "wasm32":
            raise InputError(
                f"Wasmtime runs WebAssembly, not {device.core}", next_move=f"choose the emulator {device.way[1]}"
            )
        self._cycles = device.cycles["simple"]
        config = wasmtime.Config()
        config.consume_fuel = True
        engine = wasmtime.Engine(config)
        [(_, content)] = image.sections
        module = wasmtime.Module(engine, content)
        self._store = wasmtime.Store(engine)
        self._store.set_fuel(MOST)
        made: Any = wasmtime.Instance(self._store, module, []).exports(self._store)
        [name] = [e.name for e in module.exports if isinstance(e.type, wasmtime.FuncType)]
        self._function = made[name]
        self._memory = made["memory"]
        self._arguments = self._memory.size(self._store) * _PAGE

    def run(self, inputs: list[NDArray[Any]], outputs: list[tuple[np.dtype[Any], int]]) -> Run:
        """Call the model's function once.

        Args:
            inputs: arrays, in the order of its arguments.
            outputs: type and number of elements of each further argument.

        Raises:
            ContractBroken: the program touched memory that is not its own.
            InputError: one row takes too many instructions.
        """
        contents = [*(a.tobytes() for a in inputs), *(bytes(d.itemsize * size) for d, size in outputs)]
        ends = np.cumsum([0, *(-(-len(c) // 16) * 16 for c in contents)]) + self._arguments
        lacking = int(ends[-1]) - self._memory.size(self._store) * _PAGE
        if lacking > 0:
            self._memory.grow(self._store, -(-lacking // _PAGE))
        for address, content in zip(ends.tolist(), contents, strict=False):
            self._memory.write(self._store, content, address)
        self._memory.write(self._store, bytes([_PAINT]) * BASE, 0)
        self._store.set_fuel(MOST)
        try:
            self._function(self._store, *ends[:-1].tolist())
        except wasmtime.Trap as error:
            if error.trap_code == wasmtime.TrapCode.OUT_OF_FUEL:
                raise InputError(
                    f"one row takes more than {MOST:,} instructions", next_move="choose a smaller model for this device"
                ) from error
            raise ContractBroken(f"the module stopped: {error.message}") from error
        counted = MOST - self._store.get_fuel()
        made = tuple(
            np.frombuffer(bytes(self._memory.read(self._store, at, at + dtype.itemsize * size)), dtype=dtype)
            for at, (dtype, size) in zip(ends[len(inputs) : -1].tolist(), outputs, strict=True)
        )
        stack = bytes(self._memory.read(self._store, 0, BASE))
        return Run(made, counted, counted * self._cycles, len(stack.lstrip(bytes([_PAINT]))))
