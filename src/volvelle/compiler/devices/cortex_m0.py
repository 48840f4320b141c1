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
    "real": 3.08,
    "double": 3.82,
    "whole": 1.39,
    "tree": 8.1,
    "wide": 1140,
    "wide_division": 937,
    "division": 512,
    "always": 140,
    "question": 55.9,
    "scaled_question": 214,
    "branch": 0,
    "leaf": 139,
    "product": 169,
    "element": 28.3,
    "function": 2940,
    "power": 22400,
    "wide_product": 549,
    "wide_element": 103,
    "wide_function": 11000,
    "whole_product": 12,
    "rescaled": 248,
    "marks": 17,
    "prefix": 92,
    "cycles": 1.45,
}
