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
    "real": 2.69,
    "double": 4.33,
    "whole": 0.805,
    "tree": 3.82,
    "wide": 565,
    "wide_division": 889,
    "division": 64.6,
    "always": 459,
    "question": 31.8,
    "scaled_question": 109,
    "branch": 0,
    "leaf": 87.2,
    "product": 122,
    "element": 21.9,
    "function": 1610,
    "power": 8550,
    "wide_product": 250,
    "wide_element": 101,
    "wide_function": 4820,
    "cycles": 1.45,
}
