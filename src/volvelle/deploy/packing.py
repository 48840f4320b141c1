"""What every package is made from, and what every package holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec
import numpy as np

from volvelle.compiler import memory
from volvelle.compiler.records import Footprint
from volvelle.compiler.sources import Sources
from volvelle.compiler.typed import Member, Typed
from volvelle.errors import InputError
from volvelle.model.signature import MISSING_CODE

FOOTPRINT, MODEL = "footprint.json", "model.onnx"
KERNELS = (
    "The kernels inside the C come from Volvelle, Apache License 2.0 (https://www.apache.org/licenses/LICENSE-2.0)."
)
_VALUES = 12
"""Values in working memory that are listed."""
_FAR, _LATEST = 3e38, 9e15
"""No plausible number, and no plausible time in seconds, lies beyond."""


@dataclass(frozen=True, slots=True)
class Packing:
    """A compiled model and what is said of it.

    Attributes:
        sources: its C.
        onnx: the ONNX file.
        golden: the program of golden vectors.
        digest: SHA-256 of the ONNX file.
        footprint: what was measured on a device, where it was.
        title, statement: for people; any text.
        version: three numbers with dots.
        author, licence, url: as given; empty where they are not stated.
    """

    sources: Sources
    onnx: bytes
    golden: str
    digest: str
    footprint: Footprint | None = None
    title: str = ""
    statement: str = ""
    version: str = "0.1.0"
    author: str = ""
    licence: str = ""
    url: str = ""

    @property
    def name(self) -> str:
        """The prefix of everything in the C: lower-case letters, digits and underscores."""
        return self.sources.name

    @property
    def heading(self) -> str:
        """The title in letters that no format gives a meaning."""
        return plain(self.title) or self.name

    def next(self, move: str, folder: str) -> str:
        """What to do next: the `NEXT` of a package with its words filled in."""
        return move.replace("FOLDER", folder).replace("NAME", self.name)

    def named(self) -> Typed:
        """The names of features and classes.

        Raises:
            InputError: the ONNX file tells none.
        """
        if self.sources.typed is None:
            raise InputError(
                "this package asks for values by name, and the ONNX file holds no signature of Volvelle",
                next_move="volvelle package cmake takes any ONNX file",
            )
        return self.sources.typed


class Package(Protocol):
    """A file in ``deploy/packages/`` or a module in the group ``volvelle.packages``.

    One that builds with zig names what for in `TARGETS`, so that a first time, which takes longer, can be told before.
    """

    NEXT: str
    """What its receiver does first; FOLDER stands for where it lies, NAME for the name in the C."""

    def write(self, packing: Packing) -> dict[str, bytes]:
        """File names, with ``/`` between folders, to contents; the same for the same packing.

        Raises:
            InputError: this model cannot be packed so.
        """
        ...


def plain(text: str, most: int = 120) -> str:
    """One line of letters, digits and harmless punctuation.

    >>> plain("Pump <b>failure</b>\\n* 24 h")
    'Pump b failure /b 24 h'
    """
    kept = "".join(c if c.isalnum() or c in " .,:;+-=()%'/°" else " " for c in text)
    return " ".join(kept.split())[:most]


def filled(template: str, parts: Mapping[str, str]) -> str:
    """A template with every ``{{NAME}}`` replaced, once: what is put in is not looked at again.

    >>> filled("a {{B}} {{C}}", {"B": "{{C}}", "C": "d"})
    'a {{C}} d'
    """
    return re.sub(r"\{\{([A-Z_]+)\}\}", lambda found: parts[found[1]], template)


def example(packing: Packing) -> list[str]:
    """Statements of C and C++ that ask for one plausible row: the middle of each range, the first category."""
    name, typed = packing.name, packing.sources.typed
    if typed is None:
        ends = (*packing.sources.inputs, *packing.sources.outputs)
        arrays = [f"static {kind} {n}[{name.upper()}_{n.upper()}_SIZE];" for n, kind, _ in ends]
        return [*arrays, f"{name}_run({', '.join(n for n, _, _ in ends)});"]
    lines = [f"static {name}_row_t row;"]
    for member in typed.members:
        if member.tensor == "words":
            cell = f"row.{member.name}[i] = -1;"
            lines.append(f"for (int i = 0; i < {member.feature.length}; i++) {cell}")
        else:
            lines.append(f"row.{member.name} = {member.literal(np.array([middle(member)]))};")
    return [*lines, f"static {name}_answer_t answer;", f"const bool answered = {name}_predict_row(&row, &answer);"]


def middle(member: Member) -> np.float32 | np.int64:
    """A plausible value of a feature, as its tensor holds it."""
    feature = member.feature
    low = feature.low if feature.low is not None else 0.0
    high = feature.high if feature.high is not None else low
    if member.tensor == "numbers":
        centre = min(max(low / 2 + high / 2, -_FAR), _FAR)
        return np.float32(round(centre) if feature.kind == "integer" else float(f"{centre:.4g}"))
    if member.tensor == "codes":
        return np.int64(0 if feature.categories else MISSING_CODE)
    return np.int64(min(max(low, -_LATEST), _LATEST))


def program(packing: Packing) -> str:
    """A whole program in C that asks for one row and prints the answer."""
    lines = [f"    {line}" for line in example(packing)]
    name, typed = packing.name, packing.sources.typed
    if typed is None:
        out, _, size = packing.sources.outputs[0]
        lines.append(f'    for (int k = 0; k < {size}; k++) printf("%g\\n", (double){out}[k]);')
    else:
        lines += ["    if (!answered) {", '        printf("no answer\\n");', "        return 1;", "    }"]
        if typed.classes:
            lines.append(f'    printf("%s\\n", {name}_class_names[answer.label]);')
            score = f'printf("%s: %.6f\\n", {name}_class_names[k], (double)answer.scores[k]);'
            lines.append(f"    for (int k = 0; k < {len(typed.classes)}; k++) {score}")
        else:
            lines.append('    printf("%.6f\\n", (double)answer.prediction);')
    head = ["#include <stdio.h>", "", f'#include "{name}.h"', "", "int main(void) {"]
    return "\n".join([*head, *lines, "    return 0;", "}", ""])


def readme(packing: Packing, about: str, next_move: str, use: str = "") -> bytes:
    """What lies in the folder, how it is used, what its terms are.

    Args:
        packing: the model.
        about: one sentence on the package.
        next_move: what to do first.
        use: a block of Markdown that shows how the model is asked; a program in C where it is left out.
    """
    stated = (
        f"The model: {plain(packing.licence)}." if packing.licence else "The model: its owner has not stated terms."
    )
    measured = []
    if packing.footprint is not None:
        f = packing.footprint
        told = (
            f"{f.flash:,} bytes of flash, {f.ram:,} of RAM, {f.stack:,} of stack, {f.instructions.most:,} instructions"
        )
        measured = ["## Measured", "", f"On an emulated {f.device}: {told} for the slowest row.", ""]
        plan = memory.lines(f.memory, memory.parts(f.layers), _VALUES)
        where = "Working memory in bytes, by the type of what lies there and the parts of the C that need it:"
        measured += [where, "", "```text", *plan, "```", ""] if plan else []
    code = f"```c\n{program(packing)}```\n\nOne call runs at a time: the working memory is static."
    parts = [
        *(f"# {packing.heading} {packing.version}", "", plain(packing.statement, 400), "", about, ""),
        *("## Next", "", f"    {packing.next(next_move, '.')}", ""),
        *("## Use", "", use or code, ""),
        *measured,
        *("## Licence", "", stated, KERNELS, ""),
        *("## Origin", "", f"Compiled by Volvelle from the ONNX file with SHA-256 `{packing.digest}`.", ""),
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).encode()


def proof(packing: Packing, folder: str = "") -> dict[str, bytes]:
    """What the proof of a model is repeated from: the ONNX file, and the footprint where it was measured."""
    found = {f"{folder}{MODEL}": packing.onnx}
    if packing.footprint is not None:
        text = msgspec.json.format(msgspec.json.encode(packing.footprint), indent=1)
        found[f"{folder}{FOOTPRINT}"] = text + b"\n"
    return found
