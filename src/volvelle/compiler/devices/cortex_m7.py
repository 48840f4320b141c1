"""Arm Cortex-M7 with a single-precision floating-point unit.

It issues up to two instructions a cycle; the table counts one, so the estimate is an upper one where its caches
hold the program.
"""

CORE = "cortex_m7"
TARGET = "-target thumb-freestanding-eabihf -mcpu=cortex_m7+fp_armv8d16sp-fp64 -DVV_DSP"
MACHINE = "cortex-m7"
CYCLES = {"simple": 1, "memory": 1, "branch": 2, "multiply": 1, "divide": 7, "real": 1, "real divide": 14}
FLASH: int | None = None
RAM: int | None = None
CLOCK: int | None = None
