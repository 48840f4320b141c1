"""Arm Cortex-M4 with its single-precision floating-point unit.

Cycles as in the Cortex-M4 Technical Reference Manual (ARM DDI 0439, 3.3 and 7.2): a load or store takes 2, a taken
branch 2 to 4, a division 2 to 12, here 7, a real division or root 14.
"""

CORE = "cortex_m4f"
TARGET = "-target thumb-freestanding-eabihf -mcpu=cortex_m4+vfp4d16sp-fp64 -DVV_DSP"
MACHINE = "cortex-m4"
CYCLES = {"simple": 1, "memory": 2, "branch": 3, "multiply": 1, "divide": 7, "real": 1, "real divide": 14}
FLASH: int | None = None
RAM: int | None = None
CLOCK: int | None = None
COSTS = {
    "real": 1.37,
    "double": 2.63,
    "whole": 0,
    "tree": 2.13,
    "wide": 974,
    "wide_division": 1710,
    "division": 0,
    "always": 0,
    "question": 34.1,
    "scaled_question": 41.4,
    "branch": 5.89,
    "leaf": 13.9,
    "product": 5.75,
    "element": 4.87,
    "function": 73.6,
    "power": 7540,
    "wide_product": 251,
    "wide_element": 126,
    "wide_function": 4930,
    "whole_product": 2.48,
    "rescaled": 23.8,
    "marks": 12,
    "prefix": 65,
    "cycles": 1.4,
}
