"""BBC micro:bit, second edition: nRF52833."""

CORE = "cortex_m4f"
FLASH: int | None = 524288
RAM: int | None = 131072
CLOCK: int | None = 64_000_000
