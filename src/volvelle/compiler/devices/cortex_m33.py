"""Arm Cortex-M33 with its single-precision floating-point unit.

A load or store can overlap with the next (Cortex-M33 Technical Reference Manual, Arm 100230): 1 cycle; a
taken branch takes 2 to 3.
"""

CORE = "cortex_m33"
TARGET = "-target thumb-freestanding-eabihf -mcpu=cortex_m33+dsp+fp_armv8d16sp-fp64 -DVV_DSP"
MACHINE = "cortex-m33"
CYCLES = {"simple": 1, "memory": 1, "branch": 3, "multiply": 1, "divide": 7, "real": 1, "real divide": 14}
FLASH: int | None = None
RAM: int | None = None
CLOCK: int | None = None
