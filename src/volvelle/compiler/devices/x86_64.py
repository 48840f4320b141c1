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
COSTS = {
    "real": 1.34,
    "double": 1.91,
    "whole": 0.183,
    "tree": 2.23,
    "wide": 0,
    "wide_division": 2.36,
    "division": 0,
    "always": 0,
    "question": 37.5,
    "scaled_question": 46.6,
    "branch": 4.44,
    "leaf": 10.8,
    "product": 2.84,
    "element": 2.66,
    "function": 62.9,
    "power": 259,
    "wide_product": 5.43,
    "wide_element": 7.21,
    "wide_function": 94.9,
    "whole_product": 3.87,
    "rescaled": 18.7,
    "marks": 13.7,
    "prefix": 92,
    "cycles": 1,
}
