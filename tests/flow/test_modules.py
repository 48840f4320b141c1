"""What is read from the text of a module."""

from __future__ import annotations

import pytest

from volvelle.flow import modules
from volvelle.flow.modules import Facts, read


def facts(source: str, module: str = "pack.part", *, package: bool = False) -> Facts:
    """Facts of a text, with the standard library as the only library."""
    return read(source, module, package=package, foreign=lambda name: name in ("math", "numpy"))


def digest(source: str, name: str = "f") -> str:
    """Hash of one definition."""
    return str(facts(source)["symbols"][name][0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(x):\n    return x", "def f( x ) :\n    # why\n\n    return (x)"),
        ("def f(x):\n    return x", 'def f(x):\n    """Words."""\n    return x'),
        ("def f(x):\n    return x", "def f(x: int) -> int:\n    return x"),
        ("def f():\n    y = 1\n    return y", "def f():\n    y: int = 1\n    return y"),
        ("f = 'a'", 'f = "a"'),
        ("f = 1", "f: int = 1"),
        ("class f:\n    x: int = 1", 'class f:\n    """Words."""\n\n    x: int = 1\n    """What x is."""'),
        ("async def f(*a, **k):\n    pass", "async def f(*a: int, **k: str) -> None:\n    pass"),
    ],
)
def test_what_does_not_count(one: str, other: str) -> None:
    """Comments, blanks, formatting, docstrings and annotations of plain functions leave the hash as it is."""
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(x):\n    return x", "def f(x):\n    return -x"),
        ("def f(x=1):\n    return x", "def f(x=2):\n    return x"),
        ("def f(x):\n    return x", "async def f(x):\n    return x"),
        ("class f:\n    x: int = 1", "class f:\n    x: str = 1"),
        ("@d\ndef f(x: int):\n    pass", "@d\ndef f(x: str):\n    pass"),
        ("f = 1\nf = f + 1", "f = 2\nf = f + 1"),
        ("class f(A):\n    pass", "class f(B):\n    pass"),
        ('def f():\n    return "a"', 'def f():\n    return "b"'),
    ],
)
def test_what_counts(one: str, other: str) -> None:
    """Whatever can change what code does changes the hash: annotations too, where something may look at them."""
    assert digest(one) != digest(other)


def test_references() -> None:
    """Names are noted as long as they are written, with imports inside functions resolved on the spot."""
    source = "def f(x):\n    from ..near import g as h\n    import a.b\n    return h.k(x) + a.b.c + other.part.thing"
    found = facts(source)["symbols"]["f"][1]
    assert {"=near|g.k", "!near", "!a.b", "=a|b.c", "other.part.thing"} <= set(found)
    assert "other" not in found


@pytest.mark.parametrize(
    ("code", "reference"),
    [
        ("getattr(x, name)", modules.WHOLE),
        ("eval(x)", modules.WHOLE),
        ("x.__subclasses__()", modules.WHOLE),
        ("import_module(x)", modules.WHOLE),
        ("import_module('a.b')", "=a.b|"),
        ("import_late('a.b', 'it')", "=a.b|"),
        ("os.environ['LEVEL']", "$LEVEL"),
        ("os.environ.get('LEVEL', '1')", "$LEVEL"),
        ("os.getenv('LEVEL')", "$LEVEL"),
    ],
)
def test_hidden_references(code: str, reference: str) -> None:
    """Code that hides what it reaches names its whole module, the module it imports, or the variable it reads."""
    assert reference in facts(f"def f(x, name):\n    return {code}")["symbols"]["f"][1]


def test_plain_getattr_hides_nothing() -> None:
    """A constant attribute is no reason to take the whole module."""
    assert modules.WHOLE not in facts("def f(x):\n    return getattr(x, 'a', 1)")["symbols"]["f"][1]


def test_imports() -> None:
    """Aliases lead where they lead; relative ones are resolved, and an alias may have two origins."""
    found = facts("import a.b\nimport c as d\nfrom . import e\nfrom .f import g as h\nfrom i import *\nimport math\n")
    assert found["imports"] == {
        "a": [["a", ""]],
        "d": [["c", ""]],
        "e": [["pack", "e"]],
        "h": [["pack.f", "g"]],
        "math": [["math", ""]],
    }
    assert found["stars"] == ["i"]
    assert ["a.b", ""] in found["loads"]
    both = facts("try:\n    from fast import f\nexcept ImportError:\n    from slow import f\n")
    assert both["imports"]["f"] == [["fast", "f"], ["slow", "f"]]


def test_relative_to_a_package() -> None:
    """In an __init__ file one dot is the package itself."""
    assert facts("from .a import b", "pack", package=True)["imports"]["b"] == [["pack.a", "b"]]


@pytest.mark.parametrize(
    ("source", "acts"),
    [
        ("import math\nx = 1\ndef f(): pass\nclass C: pass", False),
        ("import math\nx = math.sqrt(2)\ny = frozenset([1])", False),
        ("import functools\n@functools.cache\ndef f(): pass", False),
        ("f = lambda: mine()\ndef mine(): pass", False),
        ("if TYPE_CHECKING:\n    import a", False),
        ("if __name__ == '__main__':\n    f()", False),
        ("import a\nx = a.register(1)", True),
        ("def mine(): pass\nx = mine()", True),
        ("def keep(g): return g\n@keep\ndef f(): pass", True),
        ("x = {}\nx['a'] = 1", True),
        ("import a\na.x = 1", True),
        ("x = 1\nx += 1", True),
        ("print(1)", True),
        ("for i in range(3):\n    pass", True),
    ],
)
def test_what_acts_when_imported(source: str, acts: bool) -> None:
    """Definitions, and values made by libraries alone, merely stand there; anything else may act on others."""
    assert bool(facts(source)["effects"][0]) is acts


def test_wheel_and_shapes() -> None:
    """The names in a literal tuple, and the parameters and result of functions, are read."""
    found = facts("def a(spec, x: X, *, k=1) -> 'R': pass\nW = (a, b)\nV = (a(), b)")
    assert found["functions"]["a"] == [["spec", "x", "k"], "R"]
    assert found["tuples"] == {"W": ["a", "b"]}
