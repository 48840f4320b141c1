"""One C, two ways: zig on Unicorn, and arm-none-eabi-gcc on QEMU. Flash, RAM and instructions of the same models.

Models are exported by skl2onnx from scikit-learn, over its handwritten digits.
"""

from __future__ import annotations

import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from volvelle.compiler.device import device
from volvelle.compiler.prove import compiled, prove

WAYS = (("zig", "unicorn"), ("gcc_arm", "qemu"))
MODELS = {
    "logistic regression": LogisticRegression(max_iter=200),
    "forest of 10, depth 8": RandomForestClassifier(10, max_depth=8, random_state=0),
    "network 32": MLPClassifier((32,), max_iter=60, random_state=0),
}


def main() -> None:
    """Print a table in Markdown."""
    x, y = load_digits(return_X_y=True)
    x = x.astype(np.float32)
    print("| model | core | flash, zig | flash, gcc | instructions, zig | instructions, gcc | answers |")
    print("| --- | --- | ---: | ---: | ---: | ---: | --- |")
    for name, model in MODELS.items():
        content = to_onnx(
            model.fit(x[:400], y[:400]), x[:1], target_opset={"": 17, "ai.onnx.ml": 3}
        ).SerializeToString()
        made = compiled(content, "m", rows={"X": x[:100]})
        for core in ("cortex-m0", "cortex-m4f"):
            first, other = (prove(content, made, device(core), {"X": x[:100]}, way=way) for way in WAYS)
            told = "agree" if first.agrees() and other.agrees() else "differ"
            cells = (first.flash, other.flash, first.instructions.median, other.instructions.median)
            print(f"| {name} | `{core}` |", " | ".join(f"{c:,}" for c in cells), f"| {told} |", flush=True)


if __name__ == "__main__":
    main()
