"""Names and texts of an ONNX file as C may hold them: nothing from outside reaches the C as it stands."""

from __future__ import annotations

import re
import unicodedata

_WORDS = frozenset(
    "auto bool break case char const continue default do double else enum extern false float for goto if inline int "
    "long register restrict return short signed sizeof static struct switch true typedef union unsigned void volatile "
    "while".split()
)
_INSIDE = frozenset(
    "at best cell count filled first last low high row rows sum where and asm catch class delete explicit export false "
    "friend main mutable namespace new not operator or private protected public template this throw true try typeid "
    "typename using virtual xor int8 signbit".split()
)
"""Names of variables inside, and of C++, from which the header may be read."""
_TAKEN = frozenset(
    "alignas alignof and and_eq asm assert bitand bitor catch class compl complex const_cast constexpr decltype delete "
    "dynamic_cast errno explicit export far friend i386 imaginary interface linux mutable namespace near new noexcept "
    "noreturn not not_eq nullptr operator or or_eq private protected public reinterpret_cast small static_assert "
    "static_cast stderr stdin stdout template this thread_local throw try typeid typename unix using virtual wchar_t "
    "xor xor_eq".split()
)
"""Words of C++, and what compilers and their headers define in lower case: no member of a struct may be called so."""


def c_name(text: str, taken: frozenset[str] = frozenset()) -> str:
    """A name that C allows and nobody took, near to a text from outside.

    >>> c_name("Air temperature [K]"), c_name("1st"), c_name("int"), c_name("Größe"), c_name("a", frozenset({"a"}))
    ('air_temperature_k', 'x_1st', 'int_', 'grosse', 'a_2')
    """
    letters = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "_", letters).strip("_") or "x"
    plain = f"x_{plain}" if plain[0].isdigit() else plain
    plain = f"{plain}_" if plain in _WORDS else plain[:60]
    made, count = plain, 1
    while made in taken:
        count += 1
        made = f"{plain}_{count}"
    return made


def argument(text: str, taken: frozenset[str]) -> str:
    """The same for an argument of the function, which shares its names with the variables inside.

    >>> argument("i", frozenset()), argument("size_t", frozenset()), argument("new", frozenset())
    ('in_i', 'in_size_t', 'in_new')
    """
    plain = c_name(text)
    own = re.fullmatch(r"[a-w]|[a-z]+\d+|.*_t|pool_.*|vv_.*|in_.*", plain) or plain in _INSIDE
    return c_name(f"in_{plain}" if own else plain, taken)


class Names:
    """Names of one scope, each given once; upper and lower case count as the same."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def new(self, text: str, prefix: str = "") -> str:
        """The prefix and a name near to a text.

        >>> names = Names()
        >>> names.new("new"), names.new("New!"), names.new("b c", "a_"), names.new("c", "a_b_")
        ('new_', 'new_2', 'a_b_c', 'a_b_c_2')
        """
        plain = c_name(text)
        plain = plain.rstrip("_") if prefix else f"{plain}_" if plain in _TAKEN else plain
        made, count = f"{prefix}{plain}", 1
        while made in self._given:
            count += 1
            made = f"{prefix}{plain.rstrip('_')}_{count}"
        self._given.add(made)
        return made


def comment(text: str) -> str:
    """Text from outside that cannot end a comment or a line.

    >>> comment("m/s */ int x;"), comment("a\\n°C")
    ('m/s ?/ int x;', 'a?°C')
    """
    return "".join(c if c.isalnum() or c in " .,:;+-<>=()[]%_'/°" else "?" for c in text)[:60]


def quoted(text: str) -> str:
    """Text from outside as a string of C, its bytes those of UTF-8.

    >>> quoted('a"b'), quoted("ö\\\\n")
    ('"a\\\\042b"', '"\\\\303\\\\266\\\\134n"')
    """
    plain = (chr(b) if 32 <= b < 127 and chr(b) not in '"\\?*' else f"\\{b:03o}" for b in text.encode("utf-8"))
    return f'"{"".join(plain)}"'
