"""Arduino Nano 33 BLE Sense: nRF52840."""

CORE = "cortex_m4f"
FLASH: int | None = 1048576
RAM: int | None = 262144
CLOCK: int | None = 64_000_000
