"""PlatformIO: a library for every platform and framework, with an example that also runs on the computer at hand.

Source: PlatformIO documentation, "library.json".

>>> from volvelle.testing.named_models import packing_of
>>> import json
>>> json.loads(write(packing_of("regression", "pump"))["library.json"])["build"]
{'flags': ['-ffp-contract=off'], 'srcDir': 'src', 'includeDir': 'include'}
"""

from __future__ import annotations

import json
from typing import Any

from volvelle.deploy.packing import Packing, filled, plain, program, proof, readme

NEXT = "pio run -d FOLDER/examples/predict -t exec"
_PROJECT = """[env:native]
platform = native
lib_deps = symlink://../..
"""


def write(packing: Packing) -> dict[str, bytes]:
    """A library folder with an example project inside."""
    name = packing.name
    return {
        "library.json": (json.dumps(_manifest(packing), indent=2) + "\n").encode(),
        f"include/{name}.h": packing.sources.header.encode(),
        f"src/{name}.c": packing.sources.source.encode(),
        "examples/predict/platformio.ini": filled(_PROJECT, {}).encode(),
        "examples/predict/src/main.c": program(packing).encode(),
        "README.md": readme(packing, "The model as a PlatformIO library, with an example project.", NEXT),
        **proof(packing, "extras/"),
    }


def _manifest(packing: Packing) -> dict[str, Any]:
    author = plain(packing.author)
    stated: dict[str, Any] = {
        "name": packing.name,
        "version": packing.version,
        "description": plain(packing.statement, 250) or f"The model {packing.heading}, compiled to C",
        "keywords": ["machine learning", "model"],
        "authors": [{"name": author}] if author else None,
        "license": plain(packing.licence) or None,
        "homepage": packing.url or None,
        "headers": f"{packing.name}.h",
        "frameworks": "*",
        "platforms": "*",
        "build": {"flags": ["-ffp-contract=off"], "srcDir": "src", "includeDir": "include"},
        "examples": [{"name": "predict", "base": "examples/predict/src", "files": ["main.c"]}],
    }
    return {key: value for key, value in stated.items() if value is not None}
