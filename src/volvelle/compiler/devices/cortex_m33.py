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
    "real": 1.47,
    "double": 4.01,
    "whole": 0,
    "tree": 1.58,
    "wide": 929,
    "wide_division": 1110,
    "division": 0,
    "always": 0,
    "question": 34.3,
    "scaled_question": 41.8,
    "branch": 0,
    "leaf": 13.1,
    "product": 5.75,
    "element": 4.48,
    "function": 75.7,
    "power": 7360,
    "wide_product": 252,
    "wide_element": 128,
    "wide_function": 4920,
    "cycles": 1.2,
}
