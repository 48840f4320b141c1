"""The records of the compiler room."""

from __future__ import annotations

from typing import Literal

from volvelle.spec.requirements import Record

TOLERANCE = 1e-5
Precision = Literal["as written", "single"]
Goal = Literal["size", "tight", "speed"]
"""What C is written for: little flash; the least that there is, whatever the time; few instructions."""


class Device(Record, frozen=True):
    """A core, and the limits of its board where they are known."""

    name: str
    core: str
    target: str
    machine: str
    cycles: dict[str, int]
    flash: int | None = None
    """Bytes."""
    ram: int | None = None
    clock: int | None = None
    """Hz."""
    way: tuple[str, str] = ("zig", "unicorn")
    """Names of the toolchain and the emulator that a proof takes by itself."""
    narrow: bool = False
    """Whether int has 16 bits in its C, and double 32."""


class Spread(Record, frozen=True):
    """Least, median and most over rows."""

    least: int
    median: int
    most: int


class Parity(Record, frozen=True):
    """Answers of compiled C, or of NumPy, beside those of onnxruntime, on the same rows."""

    where: str
    """NumPy (the operators' definitions), host, host with sanitizers, or the emulated core."""
    rows: int
    label_differences: int
    """Rows with another whole number, or another bit behind a quantiser."""
    largest: float
    """Largest difference of a real number, relative to the larger of 1 and its size."""
    same: bool | None = None
    """Of another core: whether every answer has the bits that this machine gave; None for this machine."""

    def differs(self) -> str:
        """In what the answers differ more than they may; empty where they agree."""
        found = []
        if self.label_differences:
            found.append(f"{self.label_differences:,} of {self.rows:,} rows with another label")
        if not self.largest <= TOLERANCE:
            found.append(f"a number {self.largest:.1g} off, and {TOLERANCE:g} is allowed")
        if self.same is False:
            found.append("other bits than this machine gave")
        return ", ".join(found)


class Placed(Record, frozen=True):
    """One value in working memory."""

    name: str
    pool: str
    offset: int
    bytes: int
    first: int
    last: int


class Stored(Record, frozen=True):
    """How the packed weights of one layer lie in flash."""

    part: str
    """The part of the C that takes them: its heading."""
    how: str
    """marks, gaps or prefix: see `compiler/packing.py`."""
    flash: int
    """Bytes, with the loop that unpacks them."""
    plain: int
    """Bytes, as they are."""
    kept: bool
    """Whether they are unpacked once, into RAM; else while the layer runs, some rows at a time."""


class Layer(Record, frozen=True):
    """What one part of the C costs for the slowest row."""

    name: str
    """Its heading in the C: a number, and the operators of ONNX that it carries out."""
    instructions: int
    """Executed in it, and in what it calls."""


class Foretold(Record, frozen=True):
    """What a model is expected to take on a device, before any C is compiled."""

    flash: int
    """Bytes of program and constants."""
    tables: int
    """Bytes of flash that are constants: what may grow with the rows that are learnt from."""
    ram: int
    """Bytes of static memory."""
    instructions: int
    """For one row."""
    cycles: int
    leaves: int = 0
    """Of all trees."""


class Footprint(Record, frozen=True):
    """What a model takes on a device, measured."""

    device: str
    onnx: str
    """SHA-256 of the ONNX file."""
    source: str
    """SHA-256 of the C."""
    flash: int
    """Bytes of program and constants, with the arithmetic that the core lacks."""
    ram: int
    """Bytes of static memory."""
    stack: int
    """Most bytes of stack that any of the rows needed."""
    instructions: Spread
    """Over all rows, those that were made up among them."""
    cycles: Spread
    """An estimate, from the table of the core."""
    parity: tuple[Parity, ...]
    memory: tuple[Placed, ...]
    seed: int
    """Of the rows that were made up."""
    compiler: str
    emulator: str
    clock: int | None = None
    """Hz."""
    precision: Precision = "as written"
    """Single, where double precision in the file was replaced by it and every comparison still agreed."""
    stack_bound: int | None = None
    """Bytes of stack that no row can exceed, from the machine code; None where there is no bound to be found."""
    goal: Goal = "size"
    """What was chosen where there was a choice."""
    layers: tuple[Layer, ...] = ()
    """Parts of the C in their order, with those that take no instruction left out."""
    real: Spread | None = None
    """Instructions over the real rows alone; None where there were none."""
    weights: tuple[Stored, ...] = ()
    """Layers whose weights are packed."""
    room: int | None = None
    """Bytes of RAM that the compiler was told of, for packed weights to be unpacked into once."""
    files: str = ""
    """SHA-256 of the folder's files in the store, as one JSON object of names and texts."""

    def latency(self) -> float | None:
        """Seconds of the slowest row at the clock of the device: an estimate; None where no clock is known."""
        return self.cycles.most / self.clock if self.clock else None

    def agrees(self) -> bool:
        """Whether every comparison gave equal labels and numbers within 1e-5, and the core the bits of this machine.

        A footprint without comparisons agrees with nothing.
        """
        return not self.differs()

    def differs(self) -> str:
        """What is wrong, comparison by comparison; empty where all agree."""
        if not self.parity:
            return "nothing was compared"
        return "; ".join(f"{one.where}: {one.differs()}" for one in self.parity if one.differs())
