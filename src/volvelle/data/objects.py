"""Objects as rows: JSON parsed strictly (RFC 8259), and objects inside objects unfolded.

>>> flat(parse_json('{"a": 1, "b": {"c": "x"}}'))
{'a': 1, 'b.c': 'x'}
"""

from __future__ import annotations

import json
from typing import Any, NoReturn


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is no JSON (then a `json.JSONDecodeError`), holds NaN, or a key twice in one object.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)


def flat(row: dict[str, Any], before: str = "") -> dict[str, Any]:
    """The row with objects inside it unfolded: ``place.city``.

    Raises:
        ValueError: two values would have one name.
    """
    made: dict[str, Any] = {}
    for key, value in row.items():
        inside = flat(value, f"{before}{key}.") if isinstance(value, dict) else {before + key: value}
        clash = next((name for name in inside if name in made), None)
        if clash is not None:
            raise ValueError(f"two values would be called {clash!r}")
        made |= inside
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if key in (k for k, _ in pairs[:i]))
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found
