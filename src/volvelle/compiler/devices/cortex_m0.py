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
    "real": 2.44,
    "double": 3.72,
    "whole": 1.36,
    "tree": 2.74,
    "wide": 747,
    "wide_division": 1510,
    "division": 95.2,
    "always": 631,
    "question": 54.2,
    "scaled_question": 219,
    "branch": 28.3,
    "leaf": 154,
    "product": 198,
    "element": 27.8,
    "function": 2580,
    "power": 21500,
    "wide_product": 537,
    "wide_element": 56.8,
    "wide_function": 10300,
    "whole_product": 5.03,
    "rescaled": 231,
    "marks": 7.98,
    "prefix": 92,
    "cycles": 1.46,
}
