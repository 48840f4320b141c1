"""x86-64: a server, or the machine at hand, with a program of its own, and no library.

Every instruction counts as one cycle: such processors reorder and overlap them, and no table foretells that. Flash is
the size of program and constants.
"""

CORE = "x86_64"
TARGET = "-target x86_64-freestanding -mcpu=x86_64 -mno-red-zone"
MACHINE = "x86-64"
CYCLES = {"simple": 1, "memory": 1, "branch": 1, "multiply": 1, "divide": 1, "real": 1, "real divide": 1}
FLASH: int | None = None
RAM: int | None = None
CLOCK: int | None = None
