"""The conformance kit of metrics: ours pass, broken ones are refused with a sentence."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from volvelle.catalog import METRICS
from volvelle.testing.check_metric import check_metric

SOUND = '''"""Share right.

>>> import numpy as np
>>> float(score(np.array([1]), np.array([1])))
1.0
"""
import numpy as np
TASKS = ("binary",)
DIRECTION = "up"
RANGE = (0.0, 1.0)
NEEDS = "labels"
def score(y, p):
    return float((y == p).mean()) if len(y) else float("nan")
'''
BODY = 'return float((y == p).mean()) if len(y) else float("nan")'
BROKEN = {
    "computed": (SOUND.replace("(0.0, 1.0)", "(0.0, float('inf'))"), "must be a literal"),
    "absent": (SOUND.replace('NEEDS = "labels"\n', ""), "lacks NEEDS"),
    "silent": (SOUND.replace("Share right.", ""), "first line is a sentence"),
    "untested": (SOUND.replace(">>>", "..."), "needs a doctest"),
    "lying": (SOUND.replace("1.0\n", "0.5\n", 1), "doctests of"),
    "backwards": (SOUND.replace('"up"', '"down"'), "perfect prediction"),
    "outside": (SOUND.replace("(0.0, 1.0)", "(0.99, 1.0)"), "outside its RANGE"),
    "ordered": (SOUND.replace(BODY, "return float(y[0] == p[0]) if len(y) else float('nan')"), "order of the rows"),
    "zero": (SOUND.replace('float("nan")', "0.0"), "without rows must be NaN"),
    "writes": (SOUND.replace("    return", "    p[:] = y\n    return"), "changes the arrays"),
    "wrong type": (SOUND.replace("return float((y == p).mean())", "return (y == p).mean()"), "not float"),
    "flat": (SOUND.replace(BODY, 'return 1.0 if len(y) else float("nan")'), "does not get worse"),
    "task": (SOUND.replace('("binary",)', '("ranking",)'), "must be some of"),
    "needs": (SOUND.replace('"labels"', '"values"'), "does not give"),
    "counts": (SOUND + "def of_counts(counts):\n    return counts[..., 1, 1] * 0.5\n", "of_counts"),
    "share": (SOUND + "def share(counts):\n    return 1, 2\n", "share of"),
}


def module(folder: Path, text: str) -> ModuleType:
    """A file as a module."""
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("mine", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("name", METRICS.names())
def test_our_metrics_keep_the_contract(name: str) -> None:
    """Every metric in the folder passes its own kit."""
    check_metric(METRICS.load(name))


def test_sound_metric_of_a_stranger_passes(tmp_path: Path) -> None:
    """A minimal metric without the optional forms is accepted."""
    check_metric(module(tmp_path, SOUND))


@pytest.mark.parametrize("fault", sorted(BROKEN))
def test_broken_metric_is_refused(fault: str, tmp_path: Path) -> None:
    """Each way of breaking the contract is found and named."""
    text, words = BROKEN[fault]
    with pytest.raises(AssertionError, match=words):
        check_metric(module(tmp_path, text))


def test_weighted_that_forgets_its_weights_is_refused(tmp_path: Path) -> None:
    """`weighted` must agree with `score` on repeated rows."""
    source = Path(str(METRICS.load("rmse").__file__)).read_text(encoding="utf-8")
    broken = source.replace("w @ (y - p) ** 2, w.sum(axis=1)", "w @ np.abs(y - p), w.sum(axis=1)")
    rest = broken.replace("float(weighted(y, p, np.ones((1, len(y))))[0])", "float(np.sqrt(np.mean((y - p) ** 2)))")
    assert rest != broken != source
    with pytest.raises(AssertionError, match="differs from score on repeated rows"):
        check_metric(module(tmp_path, rest))
