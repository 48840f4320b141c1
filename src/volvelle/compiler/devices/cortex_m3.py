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
