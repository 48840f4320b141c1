"""Closures, over projects written for one question each. The bench of the cache asks many more."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from toy import swap  # type: ignore[import-not-found]

from volvelle.flow.closure import Closure, Code, rested, stamp
from volvelle.flow.ledger import Ledger

FILES = {
    "one.py": "from two import g\n\ndef f():\n    return g()\n\ndef alone():\n    return 1\n",
    "two.py": "import numpy as np\n\ndef g():\n    return np.zeros(1)\n\ndef other():\n    return 1\n",
}


class Closures:
    """A folder of modules and what their closures are now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger(folder / ".state" / "ledger.db")

    def write(self, name: str, text: str) -> None:
        """Write a module."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def of(self, root: str = "one:f") -> Closure:
        """The closure as a new process would find it."""
        return Code(self.ledger).closure(root)


@pytest.fixture
def closures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Closures]:
    """Two modules on the path."""
    made = Closures(tmp_path)
    for name, text in FILES.items():
        made.write(name, text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield made
    made.ledger.close()
    assert not {"one", "two"} & set(sys.modules)


def test_reached(closures: Closures) -> None:
    """A closure knows its files and the distributions it needs; nothing was imported for it."""
    found = closures.of()
    assert [Path(f).name for f in found.files] == ["one.py", "two.py"]
    assert found.packages == ("numpy",)


@pytest.mark.parametrize(
    ("name", "old", "new", "same"),
    [
        ("one.py", "return g()", "return 2 * g()", False),
        ("two.py", "np.zeros", "np.ones", False),
        ("two.py", "import numpy as np", "import math as np", False),
        ("one.py", "return 1", "return 2", True),
        ("two.py", "return 1", "return 2", True),
    ],
)
def test_follows_what_is_reached(closures: Closures, name: str, old: str, new: str, same: bool) -> None:
    """An edit counts for a closure exactly if it reaches the edited definition."""
    before = closures.of()
    swap(closures.folder, name, old, new)
    assert (closures.of().digest == before.digest) is same


def test_looked_up_while_files_rest(closures: Closures, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closure whose files were left alone is looked up: no source is parsed for it."""
    time.sleep(0.06)
    before = closures.of()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr("volvelle.flow.modules.read", refuse)
    assert closures.of() == before


def test_not_remembered_while_fresh(closures: Closures) -> None:
    """Files written this very moment are read again next time, since a second write might not show."""
    closures.of()
    assert not rested(stamp(closures.folder / "one.py")) or closures.ledger.recall("closure", "one:f")
    closures.write("two.py", FILES["two.py"].replace("zeros", "onces"))
    first = closures.of().digest
    closures.write("two.py", FILES["two.py"].replace("zeros", "twice"))
    assert closures.of().digest != first


def test_another_file_before_it_on_the_path(closures: Closures, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the same name in an earlier folder of the path is what counts, though the first file still stands."""
    before = closures.of().digest
    closures.write("earlier/two.py", "def g():\n    return 5\n")
    monkeypatch.syspath_prepend(str(closures.folder / "earlier"))
    assert closures.of().digest != before


def test_namespace_package(closures: Closures) -> None:
    """A folder without __init__ is followed like any package."""
    closures.write("space/inner.py", "def h():\n    return 1\n")
    closures.write("one.py", "import space.inner\n\ndef f():\n    return space.inner.h()\n")
    before = closures.of().digest
    swap(closures.folder, "space/inner.py", "return 1", "return 2")
    assert closures.of().digest != before


def test_circles(closures: Closures) -> None:
    """Modules that import each other, and functions that call each other, come to an end."""
    closures.write("one.py", "from two import g\n\ndef f(n):\n    return g(n)\n")
    closures.write("two.py", "import one\n\ndef g(n):\n    return one.f(n - 1) if n else 0\n")
    before = closures.of().digest
    swap(closures.folder, "two.py", "else 0", "else 1")
    assert closures.of().digest != before


def test_subclasses_that_register(closures: Closures) -> None:
    """A class that its base is told of counts for everybody who imports it, without being named."""
    closures.write(
        "two.py",
        "KINDS = []\nclass Kind:\n    def __init_subclass__(cls):\n        KINDS.append(cls)\n\n"
        "class Own(Kind):\n    weight = 1\n\ndef g():\n    return [k.weight for k in KINDS]\n",
    )
    before = closures.of().digest
    swap(closures.folder, "two.py", "weight = 1", "weight = 2")
    assert closures.of().digest != before


def test_plain_stage_of_the_wheel(tmp_path: Path) -> None:
    """The search reaches the worker that it starts by name; choosing reaches no learner."""
    code = Code(Ledger(tmp_path / "ledger.db"))
    stages = {root.rpartition(":")[2]: root for root, _, _ in code.stages("volvelle.flow.wheel:WHEEL")}
    search = code.closure(stages["search"])
    assert {"worker.py", "recipe.py", "trials.py"} <= {Path(f).name for f in search.files}
    assert not {"scikit-learn", "lightgbm", "optuna"} & set(code.closure(stages["choose"]).packages)
