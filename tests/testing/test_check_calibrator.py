"""The conformance kit of calibrators: ours pass, broken ones are refused with a sentence."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from volvelle.catalog import CALIBRATORS
from volvelle.testing.check_calibrator import check_calibrator

SOURCE = Path(str(CALIBRATORS.load("temperature").__file__)).read_text(encoding="utf-8")
BROKEN = {
    "task": ('("binary", "multiclass")', '("ranking",)', "must be some of"),
    "gives up": ("    floor = max", "    return None\n    floor = max", "gives up"),
    "array": ('"temperature": 2.0 / (low + high),', '"temperature": (2.0 / (low + high),),', "survive JSON"),
    "shape": (
        'return _softmax(_logs(scores, params["floor"]) / params',
        "return _softmax(_logs(scores, 0.1)[:, :1] / params",
        "shape",
    ),
    "sums": ("return _softmax(_logs(scores,", "return 0.5 * _softmax(_logs(scores,", "sum to one"),
    "graph": ('np.array([params["temperature"]])', 'np.array([1.01 * params["temperature"]])', "differs from apply"),
    "useless": ('{"temperature": 2.0 / (low + high),', '{"temperature": 1.0,', "does not lower the log loss"),
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


@pytest.mark.parametrize("name", CALIBRATORS.names())
def test_our_calibrators_keep_the_contract(name: str) -> None:
    """Every calibrator in the folder passes its own kit."""
    check_calibrator(CALIBRATORS.load(name))


@pytest.mark.parametrize("fault", sorted(BROKEN))
def test_broken_calibrator_is_refused(fault: str, tmp_path: Path) -> None:
    """Each way of breaking the contract is found and named."""
    old, new, words = BROKEN[fault]
    head, _, body = SOURCE.partition('"""\n\nfrom')
    doctest = '"""Nothing.\n\n>>> 1\n1\n"""\n\nfrom'
    assert old in body
    with pytest.raises(AssertionError, match=words):
        check_calibrator(module(tmp_path, doctest + body.replace(old, new)))
    assert head
