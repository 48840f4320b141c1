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
COSTS = {
    "real": 3.7,
    "double": 5.85,
    "whole": 1.61,
    "tree": 5.79,
    "wide": 1090,
    "wide_division": 1150,
    "division": 265,
    "always": 804,
    "question": 47.3,
    "scaled_question": 172,
    "branch": 0,
    "leaf": 65.2,
    "product": 129,
    "element": 26.8,
    "function": 1750,
    "power": 11200,
    "wide_product": 347,
    "wide_element": 94.5,
    "wide_function": 6150,
    "cycles": 1.46,
}
