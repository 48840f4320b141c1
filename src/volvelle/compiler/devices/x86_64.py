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
    "real": 1.41,
    "double": 2.01,
    "whole": 0.286,
    "tree": 1.73,
    "wide": 0,
    "wide_division": 0,
    "division": 0,
    "always": 0,
    "question": 37.5,
    "scaled_question": 46.6,
    "branch": 0,
    "leaf": 10.6,
    "product": 2.86,
    "element": 2.66,
    "function": 63.4,
    "power": 248,
    "wide_product": 5.43,
    "wide_element": 7.78,
    "wide_function": 93.7,
    "whole_product": 3.9,
    "rescaled": 17,
    "marks": 11.8,
    "prefix": 92,
    "cycles": 1,
}
