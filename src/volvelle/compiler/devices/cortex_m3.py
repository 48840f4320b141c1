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
    "real": 2.47,
    "double": 3.53,
    "whole": 0.748,
    "tree": 3.1,
    "wide": 559,
    "wide_division": 1270,
    "division": 16.8,
    "always": 488,
    "question": 30.5,
    "scaled_question": 108,
    "branch": 16,
    "leaf": 96.1,
    "product": 123,
    "element": 21.7,
    "function": 1510,
    "power": 8790,
    "wide_product": 251,
    "wide_element": 83.1,
    "wide_function": 4830,
    "whole_product": 2.78,
    "rescaled": 140,
    "marks": 11.4,
    "prefix": 60,
    "cycles": 1.46,
}
