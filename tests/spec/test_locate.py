"""Where things stand in a TOML text."""

from __future__ import annotations

import pytest

from volvelle.spec.locate import Path, locate

TEXT = '''# comment = "x"
top = 1
[a]
b = """one
[not.a.table]
c = 1"""
'd.e' = [ "x", # "y"]
  'z', [1, 2],
]
f.g = {h = 1, "i j" = [true, {k = 'v'}]}
[a.sub]
x = 2024-01-01
[[list]]
n = 1
[[list]]
n = 2
'''


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("top",), (2, 7)),
        (("a", "b"), (4, 5)),
        (("a", "d.e", 1), (8, 3)),
        (("a", "d.e", 2, 1), (8, 12)),
        (("a", "f", "g", "h"), (10, 12)),
        (("a", "f", "g", "i j", 1, "k"), (10, 35)),
        (("a", "sub", "x"), (12, 5)),
        (("list", 1, "n"), (16, 5)),
        (("a", "absent"), (3, 1)),
        (("absent",), (1, 1)),
    ],
)
def test_every_value_is_found(path: Path, place: tuple[int, int]) -> None:
    """Values in tables, arrays, inline tables and after multi-line strings are found; the rest falls back."""
    assert locate(TEXT, path) == place
