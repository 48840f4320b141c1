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
    "real": 1.31,
    "double": 2.63,
    "whole": 0,
    "tree": 1.22,
    "wide": 1010,
    "wide_division": 1670,
    "division": 0,
    "always": 0,
    "question": 34.5,
    "scaled_question": 42,
    "branch": 0,
    "leaf": 13.3,
    "product": 4.74,
    "element": 4.5,
    "function": 64.6,
    "power": 7480,
    "wide_product": 251,
    "wide_element": 133,
    "wide_function": 4930,
    "whole_product": 2.31,
    "rescaled": 20.3,
    "marks": 10.7,
    "prefix": 62,
    "cycles": 1.12,
}
