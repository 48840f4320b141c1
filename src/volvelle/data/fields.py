"""The columns that a driver will hand on, read from its Arrow schema before any row is.

Source: the Arrow C data interface, "The ArrowSchema structure".
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any, NamedTuple

_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype = ctypes.c_void_p
_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


class Field(NamedTuple):
    """One column: name, Arrow format string, and what the driver says besides."""

    name: str
    format: str
    about: dict[str, str]


class _Schema(ctypes.Structure):
    pass


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
]


def fields_of(schema: Any) -> list[Field]:
    """The columns of an object that exports an Arrow schema."""
    capsule = schema.__arrow_c_schema__()
    top = ctypes.cast(_pointer(capsule, b"arrow_schema"), ctypes.POINTER(_Schema)).contents
    children = (top.children[i].contents for i in range(top.n_children))
    return [Field(c.name.decode(), c.format.decode(), _about(c.metadata)) for c in children]


def _about(place: int | None) -> dict[str, str]:
    """Pairs of length-prefixed texts behind their count."""
    if not place:
        return {}
    found: dict[str, str] = {}
    (count,) = struct.unpack("=i", ctypes.string_at(place, 4))
    place += 4
    for _ in range(count):
        pair = []
        for _ in range(2):
            (size,) = struct.unpack("=i", ctypes.string_at(place, 4))
            pair.append(ctypes.string_at(place + 4, size).decode("utf-8", "replace"))
            place += 4 + size
        found[pair[0]] = pair[1]
    return found
