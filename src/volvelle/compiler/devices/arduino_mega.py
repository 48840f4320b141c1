"""Arduino Mega 2560: ATmega2560, of whose flash the bootloader takes 8 KiB."""

CORE = "atmega2560"
FLASH: int | None = 253952
RAM: int | None = 8192
CLOCK: int | None = 16_000_000
