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
    "real": 1.34,
    "double": 2.64,
    "whole": 0,
    "tree": 0.819,
    "wide": 979,
    "wide_division": 1680,
    "division": 0,
    "always": 0,
    "question": 34.2,
    "scaled_question": 41.7,
    "branch": 0,
    "leaf": 13.7,
    "product": 5.73,
    "element": 4.45,
    "function": 74.5,
    "power": 7500,
    "wide_product": 251,
    "wide_element": 128,
    "wide_function": 4930,
    "whole_product": 2.48,
    "rescaled": 18.8,
    "marks": 12.1,
    "prefix": 62,
    "cycles": 1.21,
}
