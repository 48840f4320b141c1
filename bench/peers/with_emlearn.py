"""Writes the C of the peers; run by `bench/device.py` in an environment that has them.

Every file defines ``void peer_run(const float *x, int32_t *label)``: 64 numbers in, a class out. Those of
int16 take int16.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import emlearn  # type: ignore[import-not-found]
import m2cgen  # type: ignore[import-not-found]
from bench.peers.digits import fingerprint, fitted

LARGEST = """
void peer_run(const float *x, int32_t *label) {{
    float out[{size}];
    score((float *)x, out);
    int best = 0;
    for (int i = 1; i < {size}; i++) if (out[i] > out[best]) best = i;
    *label = best;
}}
"""
WIDE = LARGEST.replace("    float out", "    double in[64], out").replace(
    "    score((float *)x", "    for (int i = 0; i < 64; i++) in[i] = x[i];\n    score(in"
)
DIRECT = """
void peer_run(const {kind} *x, int32_t *label) {{ *label = peer_predict(x, 64); }}
"""
NUMBER = re.compile(r"(?<![\w.])(\d+\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)(?![\w.])")
TREES = ("decision tree", "random forest, 10 trees of depth 8", "random forest, 50 trees")


def m2cgen_c(model: Any, kind: str) -> str:
    """m2cgen's C; of `float`, with every double and its numbers replaced by float, for a core that has no double."""
    text = m2cgen.export_to_c(model)
    if kind == "float":
        text = NUMBER.sub(r"\1f", text).replace("double", "float")
        text = re.sub(r"\b(exp|pow|sqrt)\(", r"\1f(", text)
    return f"#include <stdint.h>\n{text}" + (LARGEST if kind == "float" else WIDE).format(size=10)


def emlearn_c(model: Any, method: str, dtype: str, **more: Any) -> str:
    """emlearn's C by one of its methods."""
    text: str = emlearn.convert(model, method=method, dtype=dtype, **more).save(name="peer")
    return text + DIRECT.format(kind=dtype)


def ways(name: str) -> dict[str, Callable[[Any], str]]:
    """Every way in which a peer writes a model."""
    if name.startswith("MLP"):
        return {f"emlearn {how} float": partial(emlearn_c, method=how, dtype="float") for how in ("inline", "loadable")}
    if name not in TREES:
        return {f"m2cgen {kind}": partial(m2cgen_c, kind=kind) for kind in ("double", "float")}
    made: dict[str, Callable[[Any], str]] = {"m2cgen float": partial(m2cgen_c, kind="float")}
    for votes, bits in (("hard votes", 0), ("soft votes", 8)):
        for method, kind in (("inline", "float"), ("inline", "int16_t"), ("loadable", "int16_t")):
            way = partial(emlearn_c, method=method, dtype=kind, leaf_bits=bits)
            made[f"emlearn {method} {kind.removesuffix('_t')}, {votes}"] = way
    return made


def main() -> None:
    """List the ways of one model; or write it in one way into a folder, and print what it is."""
    folder, name, *wanted = Path(sys.argv[1]), *sys.argv[2:]
    if not wanted:
        print(json.dumps(list(ways(name))))
        return
    model = fitted(name)
    path = folder / "peer.c"
    path.write_text(ways(name)[wanted[0]](model), encoding="utf-8")
    about = {"path": str(path), "fingerprint": fingerprint(model), "include": str(Path(emlearn.__file__).parent)}
    print(json.dumps(about))


if __name__ == "__main__":
    main()
