"""Arm Cortex-M7 with a single-precision floating-point unit.

It issues up to two instructions a cycle; the table counts one, so the estimate is an upper one where its caches
hold the program.
"""

CORE = "cortex_m7"
TARGET = "-target thumb-freestanding-eabihf -mcpu=cortex_m7+fp_armv8d16sp-fp64 -DVV_DSP"
MACHINE = "cortex-m7"
CYCLES = {"simple": 1, "memory": 1, "branch": 2, "multiply": 1, "divide": 7, "real": 1, "real divide": 14}
FLASH: int | None = None
RAM: int | None = None
CLOCK: int | None = None
COSTS = {
    "real": 1.43,
    "double": 3.99,
    "whole": 0,
    "tree": 1.71,
    "wide": 958,
    "wide_division": 1110,
    "division": 0,
    "always": 0,
    "question": 34.6,
    "scaled_question": 42.1,
    "branch": 0,
    "leaf": 12.7,
    "product": 4.76,
    "element": 4.54,
    "function": 65.6,
    "power": 7340,
    "wide_product": 251,
    "wide_element": 133,
    "wide_function": 4920,
    "cycles": 1.11,
}
