"""Types and numbers as C writes them."""

from __future__ import annotations

from typing import Any

import numpy as np

C_NAMES: dict[np.dtype[Any], str] = {
    np.dtype(np.float32): "float",
    np.dtype(np.float64): "double",
    np.dtype(np.int64): "int64_t",
    np.dtype(np.int32): "int32_t",
    np.dtype(np.int16): "int16_t",
    np.dtype(np.uint16): "uint16_t",
    np.dtype(np.int8): "int8_t",
    np.dtype(np.uint8): "uint8_t",
    np.dtype(np.bool_): "bool",
}
_UNSIGNED = (np.dtype(np.uint8), np.dtype(np.uint16))
_SIGNED = (np.dtype(np.int8), np.dtype(np.int16), np.dtype(np.int32), np.dtype(np.int64))


def literal(value: Any) -> str:
    """A number in C that reads back as the same bits, in brackets where it has a sign.

    >>> literal(np.float32(0.1)), literal(np.float64(2)), literal(np.int64(-3)), literal(np.float32("nan"))
    ('0.1f', '2.0', '(-3)', 'VV_NAN')
    """
    kind = np.asarray(value).dtype
    if kind.kind == "b":
        return "true" if value else "false"
    if kind.kind in "iu":
        number = int(value)
        if number == -(2**63):
            return "INT64_MIN"
        text = str(number) if -(2**31) < number < 2**31 else f"INT64_C({number})"
        return f"({text})" if number < 0 else text
    if np.isnan(value):
        return "VV_NAN"
    if np.isinf(value):
        return "VV_INF" if value > 0 else "(-VV_INF)"
    text = repr(value.item()) if kind == np.float64 else np.format_float_positional(value, unique=True, trim="0")
    if kind == np.float32 and len(text) > 16:
        text = np.format_float_scientific(value, unique=True, trim="0")
    text = text if any(c in text for c in ".e") else f"{text}.0"
    text += "f" if kind == np.float32 else ""
    return f"({text})" if np.signbit(value) else text


def narrow(low: int, high: int) -> np.dtype[Any]:
    """The smallest whole number type that holds a range.

    >>> narrow(0, 200), narrow(-1, 200), narrow(0, 70000)
    (dtype('uint8'), dtype('int16'), dtype('int32'))
    """
    for kind in (*_UNSIGNED, *_SIGNED) if low >= 0 else _SIGNED:
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return kind
    return np.dtype(np.int64)
