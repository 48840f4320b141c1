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
    "real": 1.46,
    "double": 3.93,
    "whole": 0,
    "tree": 1.6,
    "wide": 935,
    "wide_division": 1190,
    "division": 0,
    "always": 0,
    "question": 34.2,
    "scaled_question": 41.7,
    "branch": 0,
    "leaf": 13.8,
    "product": 5.74,
    "element": 4.45,
    "function": 74.5,
    "power": 7480,
    "wide_product": 251,
    "wide_element": 127,
    "wide_function": 4930,
    "whole_product": 2.49,
    "rescaled": 18.5,
    "marks": 12.8,
    "prefix": 62,
    "cycles": 1.21,
}
