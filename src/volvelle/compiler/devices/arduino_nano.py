"""Arduino Nano: ATmega328P, of whose flash the bootloader takes 2 KiB."""

CORE = "atmega328p"
FLASH: int | None = 30720
RAM: int | None = 2048
CLOCK: int | None = 16_000_000
