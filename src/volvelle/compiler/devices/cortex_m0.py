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
    "real": 2.7,
    "double": 4.76,
    "whole": 1.43,
    "tree": 3.44,
    "wide": 743,
    "wide_division": 1030,
    "division": 141,
    "always": 589,
    "question": 56.5,
    "scaled_question": 221,
    "branch": 0,
    "leaf": 138,
    "product": 195,
    "element": 28.1,
    "function": 2780,
    "power": 21200,
    "wide_product": 533,
    "wide_element": 88.1,
    "wide_function": 10300,
    "cycles": 1.46,
}
