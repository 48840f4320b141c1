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
    "real": 4.3,
    "double": 4.58,
    "whole": 1.64,
    "tree": 11.5,
    "wide": 1540,
    "wide_division": 1120,
    "division": 660,
    "always": 248,
    "question": 47.8,
    "scaled_question": 170,
    "branch": 0,
    "leaf": 59,
    "product": 107,
    "element": 27.1,
    "function": 1910,
    "power": 11800,
    "wide_product": 362,
    "wide_element": 127,
    "wide_function": 6830,
    "whole_product": 8.47,
    "rescaled": 231,
    "marks": 12,
    "prefix": 65,
    "cycles": 1.46,
}
