"""STM32F411, as on the Nucleo-F411RE."""

CORE = "cortex_m4f"
FLASH: int | None = 524288
RAM: int | None = 131072
CLOCK: int | None = 100_000_000
