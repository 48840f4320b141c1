"""STM32L4R5, as on the Nucleo-L4R5ZI, the board of MLPerf Tiny."""

CORE = "cortex_m4f"
FLASH: int | None = 2097152
RAM: int | None = 655360
CLOCK: int | None = 120_000_000
