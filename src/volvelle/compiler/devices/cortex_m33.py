"""Arm Cortex-M33 with its single-precision floating-point unit.

A load or store can overlap with the next (Cortex-M33 Technical Reference Manual, Arm 100230): 1 cycle; a
taken branch takes 2 to 3.
"""

CORE = "cortex_m33"
TARGET = "-target thumb-freestanding-eabihf -mcpu=cortex_m33+dsp+fp_armv8d16sp-fp64 -DVV_DSP"
MACHINE = "cortex-m33"
CYCLES = {"simple": 1, "memory": 1, "branch": 3, "multiply": 1, "divide": 7, "real": 1, "real divide": 14}
FLASH: int | None = None
RAM: int | None = None
CLOCK: int | None = None
COSTS = {
    "real": 1.51,
    "double": 5.33,
    "whole": 0,
    "tree": 1.03,
    "wide": 854,
    "wide_division": 588,
    "division": 0,
    "always": 0,
    "question": 36.5,
    "scaled_question": 118,
    "branch": 0,
    "leaf": 9.24,
    "product": 4.83,
    "element": 4.36,
    "function": 117,
    "power": 7500,
    "wide_product": 224,
    "wide_element": 472,
    "wide_function": 5350,
    "whole_product": 1.91,
    "rescaled": 26.8,
    "marks": 13.3,
    "prefix": 62,
    "cycles": 1.25,
}
