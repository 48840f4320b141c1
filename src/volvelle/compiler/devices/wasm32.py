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
COSTS = {
    "real": 1.64,
    "double": 1.45,
    "whole": 0.153,
    "tree": 2.06,
    "wide": 0,
    "wide_division": 0,
    "division": 2.55,
    "always": 21.1,
    "question": 58.2,
    "scaled_question": 69.9,
    "branch": 0,
    "leaf": 42.1,
    "product": 15.1,
    "element": 7.69,
    "function": 126,
    "power": 521,
    "wide_product": 16.7,
    "wide_element": 16.7,
    "wide_function": 323,
    "whole_product": 8,
    "rescaled": 20,
    "marks": 15,
    "prefix": 80,
    "cycles": 1,
}
