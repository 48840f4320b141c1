"""A toy project and the kinds of change that are made to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

FILES = {
    "volvelle.toml": """\
[problem]
target = "y"
statement = "A toy"

[data]
source = "data.txt"

[search]
folds = 4
seed = 3

[device]
core = "cortex-m4f"
""",
    "data.txt": "1 2 3\n",
    "notes.txt": "nobody reads this\n",
    "toy/__init__.py": "",
    "toy/records.py": '''\
"""Records."""

import msgspec


class First(msgspec.Struct, frozen=True):
    numbers: tuple[float, ...]
    folds: int
    device: bool


class Second(msgspec.Struct, frozen=True):
    parts: dict[str, float]


class Third(msgspec.Struct, frozen=True):
    count: int
''',
    "toy/wheel.py": """\
from toy.first import first
from toy.stages import second
from toy.third import third

WHEEL = (first, second, third)
""",
    "toy/stages.py": '''\
"""Stages."""

import json
import os
import sys
from typing import TYPE_CHECKING

import fakelib
import toy.effects
from toy import shapes
from toy.aids import distant, other, swapped_a as sa, swapped_b as sb
from toy.again import passed_on
from toy.pack.part import packed
from toy.records import First, Second
from toy.stars import *
from volvelle.catalog import METRICS

try:
    import speedups
except ImportError:
    speedups = None

if sys.version_info >= (3, 0):
    from toy.modern import pick
else:
    from toy.old import pick

RATE = 2.0
FIRST = 1
FIRST = FIRST + 1
registry = {}
registry["own"] = 5.0


def doubled(function):
    """Decorate."""

    def inner(x):
        return 2 * function(x)

    return inner


@doubled
def decorated(x: float) -> float:
    return x + 1


def near(x: float) -> float:
    """Help a little."""
    return deeper(x) * RATE


def deeper(x):
    return x + 0.5


def unused(x):
    return x


def with_default(x, by=3.0):
    return x * by


squared = lambda x: x * x  # noqa: E731


def late(x):
    from toy.lately import given

    return given(x)


def second(first: First) -> Second:
    x = sum(first.numbers) + first.folds + first.device
    parts = {
        "near": near(x),
        "distant": distant(x),
        "decorated": decorated(x),
        "class": shapes.Square(x).area(),
        "default": with_default(x),
        "lambda": squared(x),
        "own effect": registry["own"] + FIRST,
        "other effect": toy.effects.STATE["value"],
        "alias": other(x),
        "swapped": sa(x) - 2 * sb(x),
        "again": passed_on(x),
        "picked": pick(x),
        "star": starred(x),
        "late": late(x),
        "packed": packed(x),
        "library": fakelib.factor() * x,
        "speed": speedups.factor() if speedups else 0.0,
        "environment": float(os.environ.get("TOY_LEVEL", "1")),
        "extension": METRICS.load("toy_a").score(x),
    }
    return Second(parts)
''',
    "toy/first.py": """\
import hashlib

from toy.records import First


def first(spec, context) -> First:
    place = context.folder / spec.data.source
    content = place.read_bytes()
    context.depends_on(place, hashlib.sha256(content).hexdigest())
    numbers = tuple(float(w) for w in content.split())
    return First(numbers, spec.search.folds, spec.device is not None)
""",
    "toy/third.py": """\
from toy.records import Second, Third
from volvelle.catalog import METRICS


def third(second: Second) -> Third:
    listed = [name for name in METRICS.names() if name.startswith("toy_")]
    return Third(len(second.parts) + 100 * len(listed) + (METRICS.fact("toy_b", "DIRECTION") == "up"))
""",
    "toy/aids.py": """\
def distant(x):
    return x + 7


def other(x):
    return x + 11


def another(x):
    return x + 13


def swapped_a(x):
    return x + 17


def swapped_b(x):
    return x + 19
""",
    "toy/shapes.py": '''\
class Shape:
    """A base class."""

    scale = 1.5

    def measure(self):
        return self.side * self.scale


class Square(Shape):
    power = 2

    def __init__(self, side):
        self.side = side

    def area(self):
        """A method."""
        return self.measure() ** self.power
''',
    "toy/effects.py": """\
import toy.registering

STATE = {}
STATE["value"] = 4.0
toy.registering.tell(STATE)
""",
    "toy/registering.py": """\
def tell(state):
    state["value"] += 1
""",
    "toy/again.py": "from toy.origin import passed_on\n",
    "toy/origin.py": "def passed_on(x):\n    return x + 23\n",
    "toy/elsewhere.py": "def passed_on(x):\n    return x + 29\n",
    "toy/modern.py": "def pick(x):\n    return x + 31\n",
    "toy/old.py": "def pick(x):\n    return x + 37\n",
    "toy/stars.py": "def starred(x):\n    return x + 41\n",
    "toy/lately.py": "def given(x):\n    return x + 43\n",
    "toy/pack/__init__.py": "",
    "toy/pack/part.py": "LEVEL = [0]\n\n\ndef packed(x):\n    return x + LEVEL[0]\n",
    "toy/alone.py": "def nobody(x):\n    return x\n",
    "installed/fakelib.py": "def factor():\n    return 2.0\n",
    "installed/Fake_Lib-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: Fake-Lib\nVersion: 1.0\n",
    "installed/Fake_Lib-1.0.dist-info/top_level.txt": "fakelib\n",
    "installed/stranger-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n",
    "installed/extensions-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: extensions\nVersion: 1.0\n",
    "installed/extensions-1.0.dist-info/entry_points.txt": (
        "[volvelle.metrics]\ntoy_a = toy_metrics.a\ntoy_b = toy_metrics.b\n"
    ),
    "toy_metrics/a.py": (
        'TASKS = ("binary",)\nDIRECTION = "up"\nRANGE = (0.0, 1.0)\nNEEDS = "labels"\n\n\n'
        "def score(x):\n    return x + 47\n"
    ),
    "toy_metrics/b.py": (
        'TASKS = ("binary",)\nDIRECTION = "up"\nRANGE = (0.0, 1.0)\nNEEDS = "labels"\n\n\n'
        "def score(x):\n    return x + 53\n"
    ),
}
PATH = ("", "installed")
"""Folders of the project that stand on the path."""
Change = Callable[[Path], object]


class Kind(NamedTuple):
    """One kind of change."""

    name: str
    changes: bool
    """Whether an output must come out different."""
    steps: tuple[Change, ...]
    """A run is made after each."""


def write(folder: Path) -> None:
    """The toy project."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _swap(name: str, *pairs: str) -> Change:
    def change(folder: Path) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            if text.count(old) != 1:
                raise ValueError(f"{old!r} stands {text.count(old)} times in {name}")
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    return change


def _stages(*pairs: str) -> Change:
    return _swap("toy/stages.py", *pairs)


def _new(name: str, text: str) -> Change:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    return change


def _move(old: str, new: str) -> Change:
    return lambda folder: shutil.move(folder / old, folder / new)


def _all(*changes: Change) -> Change:
    return lambda folder: [change(folder) for change in changes]


def _env(name: str, value: str) -> Change:
    return lambda folder: os.environ.__setitem__(name, value)


def _unseen_edit(folder: Path) -> None:
    """Same size, and the time of writing put back."""
    path = folder / "data.txt"
    before = path.stat()
    path.write_text("1 2 4\n", encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _equal_copy(folder: Path) -> None:
    path = folder / "data.txt"
    path.with_name("new").write_bytes(path.read_bytes())
    path.with_name("new").replace(path)


def _linked(text: str) -> Change:
    """The data are a link, and what it leads to is edited."""

    def change(folder: Path) -> None:
        path = folder / "data.txt"
        path.unlink(missing_ok=True)
        (folder / "far").mkdir(exist_ok=True)
        (folder / "far" / "data").write_text(text, encoding="utf-8")
        path.symlink_to(folder / "far" / "data")

    return change


def _reordered(folder: Path) -> None:
    sections = FILES["volvelle.toml"].split("\n\n")
    (folder / "volvelle.toml").write_text("\n\n".join(reversed(sections)) + "\n", encoding="utf-8")


_RATE = _stages("RATE = 2.0", "RATE = 2.5")
_RATE_BACK = _stages("RATE = 2.5", "RATE = 2.0")
_FOLDS = _swap("volvelle.toml", "folds = 4", "folds = 5")
_FOLDS_BACK = _swap("volvelle.toml", "folds = 5", "folds = 4")
_VERSION = _move("installed/Fake_Lib-1.0.dist-info", "installed/Fake_Lib-2.0.dist-info")
_GUARDED = 'if __name__ == "__main__":\n    print(1)\n'

SAME = {
    "nothing": lambda folder: None,
    "comment": _stages("    return deeper(x) * RATE", "    # Why not.\n    return deeper(x) * RATE  # so"),
    "blank lines": _stages("RATE = 2.0\n", "\n\n\nRATE = 2.0\n"),
    "docstring of a function": _stages("Help a little.", "Help a lot."),
    "docstring of a module": _stages('"""Stages."""', '"""All stages."""'),
    "docstring of a method": _swap("toy/shapes.py", "A method.", "The method."),
    "formatting": _stages("return x * by", "return (\n        x  *  by\n    )"),
    "annotation of a parameter": _stages("def near(x: float) -> float:", "def near(x: int) -> int:"),
    "annotation of a constant": _stages("RATE = 2.0", "RATE: float = 2.0"),
    "imports reordered": _stages("import json\nimport os\n", "import os\nimport json\n"),
    "functions reordered": _stages(
        "def deeper(x):\n    return x + 0.5\n\n\n",
        "",
        "def second(",
        "def deeper(x):\n    return x + 0.5\n\n\ndef second(",
    ),
    "import for type checkers": _stages("\nRATE", "\nif TYPE_CHECKING:\n    import toy.alone\n\nRATE"),
    "block of a script": _new("toy/again.py", FILES["toy/again.py"] + _GUARDED),
    "unused function added": _stages("def near(", "def brand_new(x):\n    return x\n\n\ndef near("),
    "unused function edited": _stages("def unused(x):\n    return x", "def unused(x):\n    return x + 1"),
    "unused function edited in an imported module": _swap("toy/aids.py", "return x + 13", "return x + 14"),
    "unused import added": _stages("import fakelib\n", "import fakelib\nimport toy.alone\n"),
    "unused module edited": _swap("toy/alone.py", "return x", "return -x"),
    "module not picked edited": _swap("toy/elsewhere.py", "29", "30"),
    "helper's file renamed": _all(_move("toy/aids.py", "toy/assistance.py"), _stages("toy.aids", "toy.assistance")),
    "data touched": lambda folder: os.utime(folder / "data.txt"),
    "data replaced by equal content": _equal_copy,
    "data become a link to equal content": _linked(FILES["data.txt"]),
    "other file edited": _swap("notes.txt", "nobody", "no one"),
    "comment in the spec": _swap("volvelle.toml", "folds = 4", "folds = 4  # enough"),
    "spec reordered": _reordered,
    "spec key not read": _swap("volvelle.toml", "A toy", "A game"),
    "spec key of a record of which only the presence is read": _swap("volvelle.toml", "cortex-m4f", "cortex-m7"),
    "default written out in the spec": _swap("volvelle.toml", "seed = 3", 'seed = 3\nmethod = "auto"'),
    "another package upgraded": _move("installed/stranger-1.0.dist-info", "installed/stranger-2.0.dist-info"),
    "another extension edited": _swap("toy_metrics/b.py", "53", "54"),
    "another environment variable": _env("TOY_OTHER", "9"),
}
DIFFERENT = {
    "constant": _RATE,
    "constant bound twice, the first": _stages("FIRST = 1\n", "FIRST = 2\n"),
    "helper": _stages("return deeper(x) * RATE", "return deeper(x) * RATE + 1"),
    "helper's helper": _stages("return x + 0.5", "return x + 0.6"),
    "helper in another module": _swap("toy/aids.py", "return x + 7", "return x + 8"),
    "decorator": _stages("return 2 * function(x)", "return 3 * function(x)"),
    "decorator added": _stages("def deeper(x)", "@doubled\ndef deeper(x)"),
    "class attribute": _swap("toy/shapes.py", "power = 2", "power = 3"),
    "method": _swap("toy/shapes.py", "self.measure() **", "1 + self.measure() **"),
    "base class": _swap("toy/shapes.py", "scale = 1.5", "scale = 1.6"),
    "method of a base class": _swap("toy/shapes.py", "self.side * self.scale", "self.side - self.scale"),
    "default argument": _stages("by=3.0", "by=4.0"),
    "lambda": _stages("lambda x: x * x", "lambda x: x * x * x"),
    "side effect of the module": _stages('registry["own"] = 5.0', 'registry["own"] = 6.0'),
    "side effect of an imported module": _swap("toy/effects.py", '["value"] = 4.0', '["value"] = 5.0'),
    "helper of a side effect": _swap("toy/registering.py", "+= 1", "+= 2"),
    "side effect of a package": _new("toy/pack/__init__.py", "from toy.pack import part\n\npart.LEVEL[0] = 5\n"),
    "import alias leads elsewhere": _stages("distant, other,", "distant, another as other,"),
    "import aliases exchanged": _stages("swapped_a as sa, swapped_b as sb", "swapped_b as sa, swapped_a as sb"),
    "re-exported function edited": _swap("toy/origin.py", "23", "24"),
    "re-export leads elsewhere": _swap("toy/again.py", "toy.origin", "toy.elsewhere"),
    "conditional import, edited": _swap("toy/modern.py", "31", "32"),
    "conditional import, condition": _stages(">= (3, 0)", "< (3, 0)"),
    "star import, edited": _swap("toy/stars.py", "41", "42"),
    "star import hides another name": _new(
        "toy/stars.py", FILES["toy/stars.py"] + "\n\ndef sum(x):\n    return 100.0\n"
    ),
    "import inside a function": _swap("toy/lately.py", "43", "44"),
    "extension edited": _swap("toy_metrics/a.py", "47", "48"),
    "extension added where they are listed": _all(
        _new("toy_metrics/c.py", FILES["toy_metrics/b.py"]),
        _swap("installed/extensions-1.0.dist-info/entry_points.txt", "toy_b = ", "toy_c = toy_metrics.c\ntoy_b = "),
    ),
    "literal of an extension": _swap("toy_metrics/b.py", '"up"', '"down"'),
    "extension leads elsewhere": _swap(
        "installed/extensions-1.0.dist-info/entry_points.txt", "toy_a = toy_metrics.a", "toy_a = toy_metrics.b"
    ),
    "data edited": _new("data.txt", "1 2 3 4\n"),
    "data edited, size and time as before": _unseen_edit,
    "data become a link to other content": _linked("5\n"),
    "spec key": _FOLDS,
    "record of the spec removed": _swap("volvelle.toml", '[device]\ncore = "cortex-m4f"\n', ""),
    "package upgraded": _all(_VERSION, _swap("installed/fakelib.py", "2.0", "3.0")),
    "absent package installed": _all(
        _new("installed/speedups.py", "def factor():\n    return 59.0\n"),
        _new("installed/speedups-1.0.dist-info/top_level.txt", "speedups\n"),
        _new("installed/speedups-1.0.dist-info/METADATA", "Name: speedups\nVersion: 1.0\n"),
    ),
    "absent module written": _new("speedups.py", "def factor():\n    return 61.0\n"),
    "environment variable": _env("TOY_LEVEL", "2"),
}
BACK = {
    "spec key there and back": (_FOLDS, _FOLDS_BACK),
    "constant there and back": (_RATE, _RATE_BACK),
    "data there and back": (_new("data.txt", "9\n"), _new("data.txt", FILES["data.txt"])),
    "link, then the file behind it edited": (_linked("5\n"), lambda f: (f / "far" / "data").write_text("7\n")),
}
KINDS = (
    *(Kind(name, False, (change,)) for name, change in SAME.items()),
    *(Kind(name, True, (change,)) for name, change in DIFFERENT.items()),
    *(Kind(name, not name.endswith("back"), steps) for name, steps in BACK.items()),
)
