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
    "real": 1.43,
    "double": 1.37,
    "whole": 0,
    "tree": 1.82,
    "wide": 0,
    "wide_division": 0,
    "division": 0,
    "always": 81.2,
    "question": 58.2,
    "scaled_question": 69.9,
    "branch": 7.09,
    "leaf": 42.1,
    "product": 15.1,
    "element": 7.69,
    "function": 126,
    "power": 514,
    "wide_product": 16.7,
    "wide_element": 17.2,
    "wide_function": 321,
    "whole_product": 21.7,
    "rescaled": 8.67,
    "marks": 29.4,
    "prefix": 80,
    "cycles": 1,
}
