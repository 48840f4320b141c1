"""Arm Cortex-M3: no floating-point unit.

Cycles as in the Cortex-M3 Technical Reference Manual (ARM DDI 0337, 3.3): a load or store takes 2, a taken
branch 2 to 4, a division 2 to 12, here 7.
"""

CORE = "cortex_m3"
TARGET = "-target thumb-freestanding-eabi -mcpu=cortex_m3"
MACHINE = "cortex-m3"
CYCLES = {"simple": 1, "memory": 2, "branch": 3, "multiply": 1, "divide": 7, "real": 1, "real divide": 14}
FLASH: int | None = None
RAM: int | None = None
CLOCK: int | None = None
COSTS = {
    "real": 3.01,
    "double": 3.62,
    "whole": 0.778,
    "tree": 7.98,
    "wide": 907,
    "wide_division": 763,
    "division": 409,
    "always": 53.7,
    "question": 31.6,
    "scaled_question": 106,
    "branch": 0,
    "leaf": 88,
    "product": 105,
    "element": 22.1,
    "function": 1730,
    "power": 9170,
    "wide_product": 262,
    "wide_element": 116,
    "wide_function": 5220,
    "whole_product": 7.96,
    "rescaled": 184,
    "marks": 13.1,
    "prefix": 60,
    "cycles": 1.44,
}
