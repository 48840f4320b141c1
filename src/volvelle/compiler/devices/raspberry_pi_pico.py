"""Raspberry Pi Pico: RP2040, two cores of which one is used."""

CORE = "cortex_m0"
FLASH: int | None = 2097152
RAM: int | None = 270336
CLOCK: int | None = 133_000_000
