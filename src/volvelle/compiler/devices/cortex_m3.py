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
    "real": 2.63,
    "double": 4.31,
    "whole": 0.811,
    "tree": 3.55,
    "wide": 550,
    "wide_division": 933,
    "division": 51.7,
    "always": 489,
    "question": 30.7,
    "scaled_question": 108,
    "branch": 0.746,
    "leaf": 94.9,
    "product": 123,
    "element": 21.6,
    "function": 1530,
    "power": 8610,
    "wide_product": 252,
    "wide_element": 85.6,
    "wide_function": 4810,
    "whole_product": 6,
    "rescaled": 105,
    "marks": 13.3,
    "prefix": 60,
    "cycles": 1.46,
}
