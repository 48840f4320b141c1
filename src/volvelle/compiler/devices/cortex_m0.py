"""Arm Cortex-M0: the smallest, no floating-point unit, no division.

Cycles as in the Cortex-M0 Technical Reference Manual (ARM DDI 0432C, 3.3): a load or store takes 2, a taken branch 3, a
product 1 with the fast multiplier.
"""

CORE = "cortex_m0"
TARGET = "-target thumb-freestanding-eabi -mcpu=cortex_m0"
MACHINE = "cortex-m0"
CYCLES = {"simple": 1, "memory": 2, "branch": 3, "multiply": 1, "divide": 1, "real": 1, "real divide": 1}
FLASH: int | None = None
RAM: int | None = None
CLOCK: int | None = None
COSTS = {
    "real": 2.61,
    "double": 4.66,
    "whole": 1.39,
    "tree": 2.89,
    "wide": 723,
    "wide_division": 1130,
    "division": 125,
    "always": 647,
    "question": 54.5,
    "scaled_question": 219,
    "branch": 0,
    "leaf": 152,
    "product": 198,
    "element": 27.7,
    "function": 2620,
    "power": 21200,
    "wide_product": 538,
    "wide_element": 60.2,
    "wide_function": 10200,
    "whole_product": 9.08,
    "rescaled": 140,
    "marks": 17,
    "prefix": 92,
    "cycles": 1.46,
}
