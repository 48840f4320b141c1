"""WebAssembly: a browser, or a runtime on a server or at the edge.

Flash is the module, RAM its static part of linear memory; constants are copied there, so they count in both. An
instruction is one of WebAssembly's own, and counts as one cycle: what a runtime makes of it is its own business.
"""

CORE = "wasm32"
TARGET = "-target wasm32-freestanding"
MACHINE = "wasm32"
CYCLES = {"simple": 1, "memory": 1, "branch": 1, "multiply": 1, "divide": 1, "real": 1, "real divide": 1}
WAY = ("zig_wasm", "wasmtime")
FLASH: int | None = None
RAM: int | None = None
CLOCK: int | None = None
