"""Writes the C of the peers; run by `bench/device.py` in an environment that has them.

Every file defines ``void peer_run(const float *x, int32_t *label)``: 64 numbers in, a class out. Those of
int16 take int16.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import emlearn  # type: ignore[import-not-found]
import m2cgen  # type: ignore[import-not-found]
from bench.peers.digits import MODELS, fingerprint, fitted

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
        text = NUMBER.sub(r"\1f", text).replace("double", "float").replace("exp(", "expf(")
    return f"#include <stdint.h>\n{text}" + (LARGEST if kind == "float" else WIDE).format(size=10)


def emlearn_c(model: Any, method: str, dtype: str, **more: Any) -> str:
    """emlearn's C by one of its methods."""
    text: str = emlearn.convert(model, method=method, dtype=dtype, **more).save(name="peer")
    return text + DIRECT.format(kind=dtype)


def written(name: str, model: Any) -> dict[str, str]:
    """Every way in which a peer writes a model."""
    made: dict[str, str] = {}
    if name in TREES:
        made["m2cgen"] = m2cgen_c(model, "float")
        for votes, bits in (("hard votes", 0), ("soft votes", 8)):
            made[f"emlearn inline float, {votes}"] = emlearn_c(model, "inline", "float", leaf_bits=bits)
            made[f"emlearn inline int16, {votes}"] = emlearn_c(model, "inline", "int16_t", leaf_bits=bits)
            made[f"emlearn loadable int16, {votes}"] = emlearn_c(model, "loadable", "int16_t", leaf_bits=bits)
    elif name.startswith("MLP"):
        made["emlearn inline float"] = emlearn_c(model, "inline", "float")
        made["emlearn loadable float"] = emlearn_c(model, "loadable", "float")
    else:
        made["m2cgen double"] = m2cgen_c(model, "double")
        made["m2cgen float"] = m2cgen_c(model, "float")
    return made


def main() -> None:
    """Write one model's files into a folder, and print what they are."""
    folder, wanted = Path(sys.argv[1]), sys.argv[2:]
    listed = []
    for number, name in enumerate(MODELS):
        if wanted and name not in wanted:
            continue
        model = fitted(name)
        for count, (peer, text) in enumerate(written(name, model).items()):
            path = folder / f"peer_{number}_{count}.c"
            path.write_text(text, encoding="utf-8")
            listed.append({"model": name, "peer": peer, "path": str(path), "fingerprint": fingerprint(model)})
    print(json.dumps({"include": str(Path(emlearn.__file__).parent), "files": listed}))


if __name__ == "__main__":
    main()
