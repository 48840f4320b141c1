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
    "real": 1.47,
    "double": 5.3,
    "whole": 0,
    "tree": 1.19,
    "wide": 883,
    "wide_division": 590,
    "division": 0,
    "always": 0,
    "question": 37.1,
    "scaled_question": 117,
    "branch": 0,
    "leaf": 7.37,
    "product": 3.85,
    "element": 4.44,
    "function": 107,
    "power": 7510,
    "wide_product": 227,
    "wide_element": 457,
    "wide_function": 5310,
    "whole_product": 1.94,
    "rescaled": 26.6,
    "marks": 12,
    "prefix": 62,
    "cycles": 1.12,
}
