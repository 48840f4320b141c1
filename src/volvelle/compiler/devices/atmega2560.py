"""ATmega2560: an AVR of 8 bits, as in the Arduino Mega; needs avr-gcc and simavr.

Instructions and cycles are counted by simavr, which knows how long each one takes; the table tells the usual ones.
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
