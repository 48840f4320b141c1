"""ESP32-C3: a RISC-V core."""

CORE = "rv32imac"
FLASH: int | None = 4194304
RAM: int | None = 409600
CLOCK: int | None = 160_000_000
