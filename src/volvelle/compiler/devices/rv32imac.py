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
    "real": 3.48,
    "double": 4.84,
    "whole": 1.68,
    "tree": 3.34,
    "wide": 1120,
    "wide_division": 1580,
    "division": 243,
    "always": 736,
    "question": 45.7,
    "scaled_question": 171,
    "branch": 15,
    "leaf": 75.5,
    "product": 130,
    "element": 26.5,
    "function": 1640,
    "power": 11500,
    "wide_product": 349,
    "wide_element": 74.6,
    "wide_function": 6170,
    "whole_product": 6.02,
    "rescaled": 133,
    "marks": 8.74,
    "prefix": 65,
    "cycles": 1.47,
}
