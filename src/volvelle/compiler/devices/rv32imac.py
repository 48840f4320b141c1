"""RISC-V with integers, multiplication, atomics and short instructions, as in the ESP32-C3.

A generic table of small cores in order: a load 2, a taken branch 3, a division 16.
"""

CORE = "rv32imac"
TARGET = "-target riscv32-freestanding -mcpu=generic_rv32+i+m+a+c"
MACHINE = "riscv32"
CYCLES = {"simple": 1, "memory": 2, "branch": 3, "multiply": 1, "divide": 16, "real": 1, "real divide": 1}
FLASH: int | None = None
RAM: int | None = None
CLOCK: int | None = None
