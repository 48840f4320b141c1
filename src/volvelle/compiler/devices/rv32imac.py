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
    "real": 3.63,
    "double": 5.73,
    "whole": 1.53,
    "tree": 5.24,
    "wide": 1070,
    "wide_division": 1240,
    "division": 254,
    "always": 862,
    "question": 45.9,
    "scaled_question": 171,
    "branch": 0,
    "leaf": 74.4,
    "product": 130,
    "element": 26.5,
    "function": 1660,
    "power": 11300,
    "wide_product": 350,
    "wide_element": 76.6,
    "wide_function": 6150,
    "whole_product": 6.2,
    "rescaled": 130,
    "marks": 12.2,
    "prefix": 65,
    "cycles": 1.47,
}
