"""QEMU's Cortex-M3 and M4, where it is installed (Debian: apt-get install qemu-system-arm).

The second opinion on Unicorn: a whole microcontroller (STM32F205, STM32F405), driven through QEMU's own debugger on its
standard input and output. Every instruction is written down as it is executed, which is exact and slow: it is for
some rows, not for all. Cortex-M0 code runs on the M3, which executes all of its instructions.
"""

from __future__ import annotations

import re
import select
import subprocess
import tempfile
import weakref
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.classes import thumb
from volvelle.compiler.image import FLASH_AT, RAM_AT, Image, Run
from volvelle.compiler.records import Device
from volvelle.errors import ContractBroken, InputError, MissingExtra

COMMAND = "qemu-system-arm"
ROWS = (8, 1_000_000)
"""A proof runs so many rows at least, and further ones until about so many instructions are spent."""
_MACHINES = {"cortex-m0": "netduino2", "cortex-m3": "netduino2", "cortex-m4": "netduinoplus2"}
_RAM_SIZE, _STACK_SIZE, _PAINT = 0x2_0000, 0x2000, 0xA5
_LOG_SIZE = 2**32
_RETURN_AT = FLASH_AT + 0xF_F000
_GRANT_AT, _GRANT = _RETURN_AT + 16, bytes.fromhex("0160bff34f8fbff36f8f7047")
"""``str r1, [r0]; dsb; isb; bx lr``"""
_SP, _LR, _PC, _XPSR = 13, 14, 15, 25
_TRACED = re.compile(rb"^Trace.*\[[0-9a-f]+/([0-9a-f]+)/", re.MULTILINE)


def version() -> str:
    """The emulator and its version.

    Raises:
        MissingExtra: it is not installed.
    """
    if which(COMMAND) is None:
        raise MissingExtra(
            f"{COMMAND} is not installed", next_move="apt-get install qemu-system-arm, or stay with unicorn"
        )
    told = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=True).stdout
    return f"qemu {told.split()[3]}"


class Core:
    """One emulated microcontroller with a program in its flash.

    Args:
        image: the program.
        device: whose core it is.

    Raises:
        MissingExtra: QEMU is not installed.
        InputError: it has no such core at the addresses of the program, or too little memory.
    """

    def __init__(self, image: Image, device: Device) -> None:
        version()
        if device.machine not in _MACHINES:
            known = ", ".join(_MACHINES)
            raise InputError(f"QEMU runs {known}, not {device.core}", next_move="choose the emulator unicorn")
        self._image, self._table = image, device.cycles
        self._folder = tempfile.TemporaryDirectory(prefix="volvelle-qemu-")
        self._log = Path(self._folder.name) / "log"
        command = [COMMAND, "-machine", _MACHINES[device.machine], "-S", "-gdb", "stdio", "-singlestep"]
        command += "-display none -serial none -monitor none -d exec,nochain -D".split()
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [*command, str(self._log)], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, bufsize=0
        )
        weakref.finalize(self, _end, self._process)
        # Registers can be set only by who has asked which there are.
        self._ask("qXfer:features:read:target.xml:0,1000")
        for address, content in image.sections:
            self._write(address, content)
        self._classes: dict[int, int] = {}
        self._read_until = 0
        self._ask(f"Z0,{_RETURN_AT:x},2")
        if device.machine == "cortex-m4":
            # Coprocessors 10 and 11 are the floating-point unit; it is off until they are granted, by the core itself.
            self._write(_GRANT_AT, _GRANT)
            self._executed(_GRANT_AT, RAM_AT + _RAM_SIZE - 64, [0xE000_ED88, 0x00F0_0000])

    def run(self, inputs: list[NDArray[Any]], outputs: list[tuple[np.dtype[Any], int]]) -> Run:
        """Call the model's function once.

        Args:
            inputs: arrays, in the order of its arguments.
            outputs: type and number of elements of each further argument.

        Raises:
            ContractBroken: the program did not come back.
            InputError: model, stack and arguments do not fit into the memory.
        """
        bottom = RAM_AT + -(-self._image.ram // 64) * 64
        top = bottom + _STACK_SIZE - 64
        at = bottom + _STACK_SIZE
        self._write(bottom, bytes([_PAINT]) * (top - bottom))
        addresses: list[int] = []
        for content in (*(a.tobytes() for a in inputs), *(bytes(d.itemsize * size) for d, size in outputs)):
            self._write(at, content)
            addresses.append(at)
            at += -(-len(content) // 16) * 16
        if at > RAM_AT + _RAM_SIZE:
            raise InputError(
                "the model does not fit into QEMU's microcontroller", next_move="choose the emulator unicorn"
            )
        places = addresses[len(inputs) :]
        for place, address in enumerate(addresses[4:]):
            self._write(top + 4 * place, address.to_bytes(4, "little"))
        executed = self._executed(self._image.entry & ~1, top, addresses[:4])
        made = tuple(
            np.frombuffer(self._read(where, dtype.itemsize * size), dtype=dtype)
            for where, (dtype, size) in zip(places, outputs, strict=True)
        )
        stack = self._read(bottom, top - bottom)
        return Run(made, len(executed), sum(map(self._cycles, executed)), len(stack.lstrip(bytes([_PAINT]))))

    def _executed(self, entry: int, top: int, arguments: list[int]) -> list[int]:
        """Call a function and go on until it returns; the addresses of all instructions."""
        told = {_SP: top, _LR: _RETURN_AT | 1, _XPSR: 0x0100_0000, _PC: entry, **dict(enumerate(arguments))}
        for register, value in told.items():
            self._ask(f"P{register:x}={value.to_bytes(4, 'little').hex()}")
        self._ask("c")
        where = int.from_bytes(bytes.fromhex(self._ask(f"p{_PC:x}")), "little")
        if where != _RETURN_AT:
            raise ContractBroken(f"the emulated core stopped at {where:#x}")
        with self._log.open("r+b") as file:
            file.seek(self._read_until)
            traced = [int(address, 16) for address in _TRACED.findall(file.read())]
            # QEMU goes on where it was: what was read is a hole in the file, and takes no room.
            self._read_until = file.tell()
            file.truncate(0)
        return [address for address in traced if address != _RETURN_AT]

    def _cycles(self, address: int) -> int:
        if address not in self._classes:
            for start, content in self._image.sections:
                if start <= address < start + len(content):
                    [kind, *_] = thumb(content[address - start : address - start + 4])
                    self._classes[address] = self._table[kind]
        return self._classes[address]

    def _write(self, address: int, content: bytes) -> None:
        for start in range(0, len(content), 1024):
            part = content[start : start + 1024]
            self._ask(f"M{address + start:x},{len(part):x}:{part.hex()}")

    def _read(self, address: int, size: int) -> bytes:
        parts = (self._ask(f"m{address + at:x},{min(1024, size - at):x}") for at in range(0, size, 1024))
        return b"".join(bytes.fromhex(part) for part in parts)

    def _wait(self, answers: Any) -> None:
        """Wait until the program returns, as long as its log stays small."""
        while not select.select([answers], [], [], 0.05)[0]:
            if self._log.stat().st_size - self._read_until > _LOG_SIZE:
                raise ContractBroken("the program on the emulated core never returned")

    def _ask(self, packet: str) -> str:
        """One exchange of the remote serial protocol of GDB (its manual, appendix E)."""
        stream, answers = self._process.stdin, self._process.stdout
        if stream is None or answers is None or self._process.poll() is not None:
            raise ContractBroken("the emulator ended")
        stream.write(f"${packet}#{sum(packet.encode()) % 256:02x}".encode())
        told = bytearray()
        if packet == "c" and answers.read(1) == b"+":
            self._wait(answers)
        while (one := answers.read(1)) != b"#":
            if not one:
                raise ContractBroken("the emulator ended: the program broke it")
            told = bytearray() if one == b"$" else told + one
        answers.read(2)
        stream.write(b"+")
        if told[:1] == b"E" or not told:
            raise ContractBroken(f"the emulator refuses {packet[:20]}: {told.decode()}")
        return told.decode()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()
