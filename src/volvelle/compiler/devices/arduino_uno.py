"""Arduino Uno: ATmega328P, of whose flash the bootloader takes 0.5 KiB."""

CORE = "atmega328p"
FLASH: int | None = 32256
RAM: int | None = 2048
CLOCK: int | None = 16_000_000
