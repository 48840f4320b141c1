"""ATmega2560: an AVR of 8 bits, as in the Arduino Mega; needs avr-gcc and simavr.

Instructions and cycles are counted by simavr, which knows how long each one takes; the table tells the usual ones.
`COSTS` are those of the ATmega328P: returns take a cycle more here.
"""

CORE = "atmega2560"
TARGET = "-mmcu=atmega2560"
MACHINE = "atmega2560"
CYCLES = {"simple": 1, "memory": 2, "branch": 2, "multiply": 2, "divide": 1, "real": 1, "real divide": 1}
WAY = ("gcc_avr", "simavr")
NARROW = True
FLASH: int | None = 262144
RAM: int | None = 8192
CLOCK: int | None = None
COSTS = {
    "real": 3.41,
    "double": 0,
    "whole": 1.96,
    "tree": 3.22,
    "wide": 0,
    "wide_division": 0,
    "division": 134,
    "always": 0,
    "question": 503,
    "scaled_question": 708,
    "branch": 55.6,
    "leaf": 377,
    "product": 221,
    "element": 32.6,
    "function": 3320,
    "power": 9340,
    "wide_product": 537,
    "wide_element": 133,
    "wide_function": 10300,
    "whole_product": 46.7,
    "rescaled": 306,
    "marks": 34,
    "prefix": 92,
    "cycles": 1.37,
}
