"""Arduino: a library with an example sketch, for the Arduino IDE and arduino-cli.

Source: Arduino library specification, format 1.5. Values in ``library.properties`` hold no line breaks, and a name
holds at most 63 letters, digits, blanks, dots, dashes and underscores. Arduino's compilers contract products and sums
into one step, which the proof was made without: a pragma takes it back.

>>> from volvelle.testing.named_models import packing_of
>>> sorted(write(packing_of("regression", "pump")))[:3]
['README.md', 'examples/Predict/Predict.ino', 'extras/model.onnx']
"""

from __future__ import annotations

import re

from volvelle.deploy.packing import Packing, example, plain, proof, readme

NEXT = "arduino-cli compile --library FOLDER --fqbn arduino:mbed_nano:nano33ble FOLDER/examples/Predict"
_EXACT = """#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

"""


def write(packing: Packing) -> dict[str, bytes]:
    """A library folder: install it as a ZIP, or put it into ``libraries``."""
    name = packing.name
    return {
        "library.properties": _properties(packing).encode(),
        "keywords.txt": _keywords(packing).encode(),
        f"src/{name}.h": packing.sources.header.encode(),
        f"src/{name}.c": (_EXACT + packing.sources.source).encode(),
        "examples/Predict/Predict.ino": _sketch(packing).encode(),
        "README.md": readme(packing, "The model as an Arduino library, with an example sketch.", NEXT),
        **proof(packing, "extras/"),
    }


def _properties(packing: Packing) -> str:
    title = re.sub(r"[^A-Za-z0-9 _.-]+", " ", packing.heading).strip(" .-_")[:63].strip() or packing.name
    lines = {
        "name": title,
        "version": packing.version,
        "author": plain(packing.author) or "not stated",
        "maintainer": plain(packing.author) or "not stated",
        "sentence": plain(packing.statement, 200) or f"The model {title}, compiled to C.",
        "paragraph": f"Compiled by Volvelle from the ONNX file {packing.digest[:16]}.",
        "category": "Data Processing",
        "url": packing.url,
        "architectures": "*",
        "includes": f"{packing.name}.h",
        "license": plain(packing.licence),
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items() if value)


def _keywords(packing: Packing) -> str:
    name, typed = packing.name, packing.sources.typed
    words = [(f"{name}_run", "KEYWORD2")]
    if typed is not None:
        words += [(f"{name}_row_t", "KEYWORD1"), (f"{name}_answer_t", "KEYWORD1"), (f"{name}_predict_row", "KEYWORD2")]
        constants = [c for m in typed.members for c in (m.unknown, m.missing, *m.values) if c]
        words += [(c, "LITERAL1") for c in (*constants, *typed.classes)]
    return "".join(f"{word}\t{kind}\n" for word, kind in words)


def _sketch(packing: Packing) -> str:
    name, typed = packing.name, packing.sources.typed
    lines = [f"  {line}" for line in example(packing)]
    if typed is None:
        out, _, size = packing.sources.outputs[0]
        lines.append(f"  for (int k = 0; k < {size}; k++) Serial.println({out}[k], 6);")
    elif typed.classes:
        show = f'Serial.println(answered ? {name}_class_names[answer.label] : "no answer");'
        score = f'Serial.print({name}_class_names[k]); Serial.print(": "); Serial.println(answer.scores[k], 6);'
        lines += [f"  {show}", f"  for (int k = 0; k < {len(typed.classes)}; k++) {{ {score} }}"]
    else:
        lines += ["  if (answered) Serial.println(answer.prediction, 6);", '  else Serial.println("no answer");']
    setup = ["void setup() {", "  Serial.begin(115200);", "}", ""]
    return "\n".join([f"#include <{name}.h>", "", *setup, "void loop() {", *lines, "  delay(1000);", "}", ""])
