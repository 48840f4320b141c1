"""Collects the C of one model: statements, tables, and the names of the kernels that they call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import C_NAMES, literal, narrow
from volvelle.compiler.ir import Graph, Tensor
from volvelle.compiler.place import Plan
from volvelle.compiler.records import Goal
from volvelle.errors import ContractBroken


@dataclass(frozen=True, slots=True)
class Wish:
    """What is chosen where there is a choice.

    Attributes:
        goal: little flash, the least flash, or few instructions.
        relaxed: whether products with a constant 0 may be left out although the other factor may be no number.
        ram: bytes of the device, some of which packed weights may be unpacked into once; None where nobody told.
        narrow: whether it is for cores with an int of 16 bits and a double of 32, such as AVR: constants lie in flash.
    """

    goal: Goal = "size"
    relaxed: bool = False
    ram: int | None = None
    narrow: bool = False


WISH = Wish()
PLACES = (
    "/* Constants lie in flash, which AVR has in an address space of its own. */",
    *("#if defined(__FLASH)", "#define VV_CONST const __flash", "#else", "#define VV_CONST const", "#endif", ""),
)
"""What `VV_CONST` means in the C for narrow cores; for others it is ``const`` from the start."""
KERNELS = Path(__file__).parent / "kernels"
_CALL = re.compile(r"\bvv_(\w+)\b")


class Code:
    """What operators write into.

    Args:
        graph: the graph to write.
        plan: its memory.
        names: C names of the graph's inputs and outputs.
        local: values that are single numbers in a register.
        wish: what is chosen where there is a choice.
    """

    def __init__(
        self, graph: Graph, plan: Plan, names: dict[str, str], local: frozenset[str], wish: Wish = WISH
    ) -> None:
        self.graph, self.plan = graph, plan
        self.local = local
        self._names = names
        self._slots = {s.name: s for s in plan.slots}
        self._tables: dict[tuple[str, bytes], str] = {}
        self._written: dict[str, str] = {}
        self.goal, self.relaxed, self.narrow = wish.goal, wish.relaxed, wish.narrow
        self.packed: Mapping[str, Any] = {}
        self.kept: dict[str, str] = {}
        """Weights that the first call unpacks, and where."""
        self.functions: dict[str, str] = {}
        self.body: list[str] = []
        self._count = 0

    def tensor(self, name: str) -> Tensor:
        """A value of the graph."""
        return self.graph.tensors[name]

    def kind(self, name: str) -> str:
        """The C type of a value's elements."""
        return C_NAMES[self.tensor(name).dtype]

    def suffix(self, name: str) -> str:
        """How kernels for the type of a value end: f for float, d for double."""
        return {"float": "f", "double": "d"}.get(self.kind(name), self.kind(name).removesuffix("_t"))

    def pointer(self, name: str) -> str:
        """The first element of a value."""
        tensor = self.tensor(name)
        if name in self.kept:
            return self.kept[name]
        if tensor.value is not None:
            return self.table(tensor.value)
        if name in self.local:
            return f"&{self.scalar(name)}"
        view = self.plan.views.get(name)
        root, offset = (view.root, view.offset) if view else (name, 0)
        if root in self._names:
            base = self._names[root]
        elif self.tensor(root).value is not None:
            base = self.table(self.tensor(root).value)
        elif root in self._slots:
            slot = self._slots[root]
            base, offset = f"pool_{slot.pool.removesuffix('_t')}", offset + slot.offset
        else:
            raise ContractBroken(f"value {name!r} has no place")
        return f"{base} + {offset}" if offset else base

    def element(self, name: str, index: str) -> str:
        """One element of a value, by a C expression of its position."""
        if name in self.local:
            return self.scalar(name)
        base, _, offset = self.pointer(name).partition(" + ")
        variable, _, plus = index.rpartition(" + ")
        if plus.isdigit() and int(plus) + int(offset or 0):
            more = str(int(plus) + int(offset or 0))
            return f"{base}[{variable} + {more}]" if variable else f"{base}[{more}]"
        if plus.isdigit() and variable:
            return f"{base}[{variable}]"
        return f"{base}[{index} + {offset}]" if offset else f"{base}[{index}]"

    def looks(self, name: str, source: str) -> bool:
        """Whether a value lies where its source does; what looks at a number in a register has nothing to look at."""
        return name in self.plan.views and source not in self.local

    def scalar(self, name: str) -> str:
        """The variable that holds a single number."""
        return f"s{sorted(self.local).index(name)}"

    def table(self, values: NDArray[Any] | None) -> str:
        """A constant table; equal ones are written once."""
        array = np.ascontiguousarray(values)
        key = (array.dtype.str, array.tobytes())
        if key not in self._tables:
            name = f"t{len(self._tables)}"
            self._tables[key] = name
            rows = _lines([literal(v) for v in array.reshape(-1)])
            text = f"static VV_CONST {C_NAMES[array.dtype]} {name}[{array.size}] = {{\n{rows}\n}};\n"
            self._written[name] = self._placed(text)
        return self._tables[key]

    def compact(self, values: NDArray[Any]) -> NDArray[Any]:
        """The same numbers in the smallest type that holds them all: whole numbers, floats, or as they are."""
        if values.dtype.kind != "f" or not np.isfinite(values).all():
            return values
        signed_zero = bool((np.signbit(values) & (values == 0)).any())
        if not signed_zero and (values == np.rint(values)).all() and abs(values).max() < 2**15:
            return values.astype(narrow(int(values.min()), int(values.max())))
        single = values.astype(np.float32)
        return single if (single == values).all() else values

    def constant(self, values: NDArray[Any], index: str) -> str:
        """An element of a constant, by a C expression of its position; a table that differs in sign serves as well."""
        kind = C_NAMES[values.dtype]
        flat = values.reshape(-1)
        small = self.compact(flat)
        turned = self.compact(-flat) if flat.dtype.kind == "f" else small
        if values.dtype.kind == "f" and (turned.itemsize, self.key(turned) not in self._tables) < (
            small.itemsize,
            self.key(small) not in self._tables,
        ):
            return f"-({kind}){self.table(turned)}[{index}]"
        return f"({kind}){self.table(small)}[{index}]" if small.dtype != flat.dtype else f"{self.table(flat)}[{index}]"

    def key(self, values: NDArray[Any]) -> tuple[str, bytes]:
        """What tells tables apart."""
        return values.dtype.str, values.tobytes()

    def whole_table(self, values: NDArray[Any]) -> tuple[str, str]:
        """A table of whole numbers in the smallest type that holds them, and that type."""
        kind = narrow(int(values.min()), int(values.max()))
        return self.table(values.astype(kind)), C_NAMES[kind]

    def fresh(self, stem: str) -> str:
        """A variable that no one else uses."""
        self._count += 1
        return f"{stem}{self._count}"

    def function(self, name: str, text: str) -> None:
        """A function of this model alone; it may use kernels, tables, and functions that were added before."""
        self.functions[name] = text

    def special(self, kernel: str, **constants: object) -> str:
        """A kernel with its constants, ``VV_`` and their names in capitals, put in; gives the name of the function.

        Two calls with the same constants give one function.
        """
        text = (KERNELS / f"{kernel}.c").read_text(encoding="utf-8")
        text = self._placed(re.sub(r"\bVV_([A-Z_]+)\b", lambda m: str(constants.get(m[1].lower(), m[0])), text))
        name = next((n for n, known in self.functions.items() if known == text.replace(f"vv_{kernel}(", f"{n}(")), "")
        if not name:
            name = self.fresh(kernel)
            self.function(name, text.replace(f"vv_{kernel}(", f"{name}("))
        return name

    def add(self, *lines: str) -> None:
        """Append statements."""
        self.body.extend(lines)

    def tables(self) -> str:
        """All tables that a statement reads: a value in a register needs no table of positions."""
        used = set(re.findall(r"\bt\d+\b", "\n".join([*self.functions.values(), *self.body])))
        return "\n".join(text for name, text in self._written.items() if name in used)

    def kernels(self) -> list[str]:
        """The sources of all kernels that are called, each after those that it calls itself."""
        found: dict[str, str] = {}

        def put(text: str) -> None:
            for name in dict.fromkeys(_CALL.findall(text)):
                source = "" if name in found else self._placed(_kernel(name, narrow=self.narrow))
                if not source:
                    continue
                put("\n".join(re.sub(rf"\bvv_{name}\b", "", line) for line in source.splitlines()))
                found[name] = source

        put("\n".join([*self.functions.values(), *self.body]))
        return list(found.values())

    def _placed(self, text: str) -> str:
        """C that says where its constants lie; weights are read from RAM where all are unpacked into it."""
        text = text.replace("VV_WEIGHT ", "const " if self.packed or self.kept else "VV_CONST ")
        return text if self.narrow else text.replace("VV_CONST ", "const ")


_FORMS = {"d": "double", "int8": "int8_t", "uint8": "uint8_t", "int32": "int32_t", "int64": "int64_t", "bool": "bool"}


def _kernel(name: str, *, narrow: bool) -> str:
    """Its own file, that for narrow cores first, or that for float or int8 with another type; or nothing."""
    stem, _, form = name.rpartition("_")
    for plain in (KERNELS / f"{'narrow_' * narrow}{name}.c", KERNELS / f"{name}.c"):
        if plain.is_file():
            return plain.read_text(encoding="utf-8")
    for given, kind in (("int8", "int8_t"), ("f", "float")):
        path = KERNELS / f"{stem}_{given}.c"
        if form in _FORMS and path.is_file() and (form != "d" or given == "f"):
            text = path.read_text(encoding="utf-8").replace(f"_{given}(", f"_{form}(")
            return re.sub(rf"\b{kind}\b", _FORMS[form], text)
    return ""


def _lines(texts: list[str], width: int = 110) -> str:
    rows, row = [], "   "
    for text in texts:
        if len(row) + len(text) + 2 > width:
            rows.append(row)
            row = "   "
        row += f" {text},"
    return "\n".join([*rows, row])


Emit = Callable[[Any, Code], None]
