"""The gate grammar: ``metric [where slice] comparison bound [unit]``.

::

    gate       = name [ "where" condition { "and" condition } ] comparison number [ unit ]
    condition  = column ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) literal | column "in" "(" literal { "," literal } ")"
    comparison = ">=" | "<=" | ">" | "<" | "=="
    column     = word | '"' any '"'
    literal    = number | "'" any "'"
"""

from __future__ import annotations

import math
import re
from typing import Literal, NamedTuple, cast

from volvelle.catalog import GATES, METRICS
from volvelle.errors import InputError, SpecError, near
from volvelle.spec.requirements import Record
from volvelle.spec.units import convert, show

Comparison = Literal[">=", "<=", ">", "<", "=="]
_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>'(?:[^']|'')*')|(?P<column>"(?:[^"]|"")*")|(?P<number>[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<op>>=|<=|==|!=|[<>=(),])|(?P<unit>%|/\w+)|(?P<word>[^\W\d][\w.\-µ]*))""",
    re.VERBOSE,
)


class Condition(Record, frozen=True):
    """One condition of a slice."""

    column: str
    comparison: Literal["=", "!=", "<", "<=", ">", ">=", "in"]
    values: tuple[str | float, ...]
    """One value, unless the comparison is "in"."""


class Gate(Record, frozen=True):
    """One requirement, parsed."""

    text: str
    name: str
    comparison: Comparison
    bound: float
    """In the own unit of its dimension: bytes, seconds, a share of one."""
    where: tuple[Condition, ...] = ()
    """Joined by "and"; empty for all rows."""
    unit: str = ""
    """As written."""
    dimension: str = "1"

    def shown_bound(self) -> str:
        """Comparison and bound for people, e.g. ``>= 0.800``."""
        return f"{self.comparison} {show(self.bound, self.dimension)}"


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse(text: str) -> Gate:
    """Parse one gate and refuse nonsense.

    >>> parse("recall where sex = 'Female' >= 0.75").where
    (Condition(column='sex', comparison='=', values=('Female',)),)
    >>> parse("flash <= 64 KiB").bound
    65536.0

    Raises:
        SpecError: the text breaks the grammar, names no metric, or asks the impossible.
    """
    reader = _Reader(text)
    name = reader.take("word", "a metric or gate, e.g. 'recall'").text
    dimension = _known(name, reader)
    where: list[Condition] = []
    if reader.next_is("word", "where"):
        reader.skip()
        where.append(_condition(reader))
        while reader.next_is("word", "and"):
            reader.skip()
            where.append(_condition(reader))
    sign = reader.take("op", "a comparison: >=, <=, >, < or ==")
    if sign.text not in (">=", "<=", ">", "<", "=="):
        raise reader.wrong(f"{sign.text!r} is not a comparison of a gate", "use >=, <=, >, < or ==", sign.at)
    number = reader.take("number", "a number as bound")
    unit = ""
    if not reader.done():
        token = reader.skip()
        if token.kind not in ("word", "unit"):
            raise reader.wrong(f"{token.text!r} is not expected after the bound", "end the gate there", token.at)
        unit = token.text
    if not reader.done():
        token = reader.skip()
        raise reader.wrong(f"{token.text!r} is not expected after the bound", "write one gate a line", token.at)
    try:
        bound = convert(float(number.text.replace("_", "")), unit, dimension)
    except InputError as error:
        raise reader.wrong(error.problem, error.next_move, number.at) from error
    gate = Gate(
        text=text.strip(),
        name=name,
        where=tuple(where),
        comparison=cast(Comparison, sign.text),
        bound=bound,
        unit=unit,
        dimension=dimension,
    )
    _possible(gate, reader)
    return gate


def slice_text(where: tuple[Condition, ...]) -> str:
    """The conditions as they are written in a gate.

    >>> slice_text((Condition(column="age", comparison=">=", values=(65.0,)),))
    'age >= 65'
    """
    return " and ".join(_condition_text(c) for c in where)


def _condition_text(condition: Condition) -> str:
    column = condition.column if re.fullmatch(r"[^\W\d][\w.\-]*", condition.column) else f'"{condition.column}"'
    shown = ["'" + v.replace("'", "''") + "'" if isinstance(v, str) else f"{v:.10g}" for v in condition.values]
    body = f"({', '.join(shown)})" if condition.comparison == "in" else shown[0]
    return f"{column} {condition.comparison} {body}"


def _known(name: str, reader: _Reader) -> str:
    """The dimension of a metric or gate; refuses unknown names."""
    if name in METRICS:
        return "1"
    if name in GATES:
        return str(GATES.fact(name, "UNIT") or "1")
    raise reader.wrong(f"no metric or gate is called {name!r}", near(name, (*METRICS.names(), *GATES.names())), 0)


def _possible(gate: Gate, reader: _Reader) -> None:
    """Refuse bounds that no value, or every value, would meet."""
    if not math.isfinite(gate.bound):
        raise reader.wrong("the bound is not finite", "write a finite number", 0)
    if gate.name not in METRICS:
        if gate.bound < 0:
            raise reader.wrong(f"{gate.name} is never negative", "write a bound of zero or more", 0)
        return
    low, high = (float(edge) for edge in METRICS.fact(gate.name, "RANGE") or ("-inf", "inf"))
    if not low <= gate.bound <= high:
        percent = f"write '{gate.bound:g} %' if per cent is meant"
        advice = percent if 2 <= gate.bound <= 100 and high == 1 else "move the bound inside"
        raise reader.wrong(f"{gate.name} lies between {low:g} and {high:g}; {gate.bound:g} is outside", advice, 0)
    wrong_way = "<=" if METRICS.fact(gate.name, "DIRECTION") == "up" else ">="
    if gate.comparison[0] == wrong_way[0]:
        better = "higher" if wrong_way == "<=" else "lower"
        turned = gate.comparison.replace("<", "\0").replace(">", "<").replace("\0", ">")
        raise reader.wrong(f"{better} {gate.name} is better, and this gate asks for worse", f"write '{turned}'", 0)


def _condition(reader: _Reader) -> Condition:
    token = reader.skip("a column name")
    if token.kind not in ("word", "column"):
        raise reader.wrong(
            f"{token.text!r} is not a column name", 'write it in double quotes: "Air temperature"', token.at
        )
    column = token.text[1:-1].replace('""', '"') if token.kind == "column" else token.text
    if reader.next_is("word", "in"):
        reader.skip()
        reader.take("op", "'('", "(")
        values = [_literal(reader)]
        while reader.next_is("op", ","):
            reader.skip()
            values.append(_literal(reader))
        reader.take("op", "')'", ")")
        return Condition(column=column, comparison="in", values=tuple(values))
    sign = reader.skip("a comparison such as =")
    comparison = "=" if sign.text == "==" else sign.text
    if comparison not in ("=", "!=", "<", "<=", ">", ">="):
        advice = f'a name with blanks goes in double quotes: "{column} {sign.text}"' if sign.kind == "word" else "use ="
        raise reader.wrong(f"{sign.text!r} is not a comparison", advice, sign.at)
    return Condition(column=column, comparison=comparison, values=(_literal(reader),))  # type: ignore[arg-type]


def _literal(reader: _Reader) -> str | float:
    token = reader.skip("a value")
    if token.kind == "quoted":
        return token.text[1:-1].replace("''", "'")
    if token.kind == "number":
        return float(token.text.replace("_", ""))
    raise reader.wrong(
        f"{token.text!r} is not a value", f"write text in single quotes: '{token.text.strip(chr(34))}'", token.at
    )


class _Reader:
    """The tokens of one gate, read from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens: list[_Token] = []
        self._next = 0
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                found = text[at:].strip()[0]
                advice = "close the quote" if found in "'\"" else "metric [where slice] comparison bound [unit]"
                raise self.wrong(f"{found!r} is not expected", advice, at)
            kind = str(match.lastgroup)
            self._tokens.append(_Token(kind, match.group(kind), match.start(kind)))
            at = match.end()

    def done(self) -> bool:
        return self._next >= len(self._tokens)

    def next_is(self, kind: str, text: str) -> bool:
        return not self.done() and self._tokens[self._next][:2] == (kind, text)

    def skip(self, expected: str = "") -> _Token:
        if self.done():
            raise self.wrong(
                f"the gate ends where {expected} is expected", "metric [where slice] comparison bound [unit]"
            )
        self._next += 1
        return self._tokens[self._next - 1]

    def take(self, kind: str, expected: str, text: str | None = None) -> _Token:
        token = self.skip(expected)
        if token.kind != kind or (text is not None and token.text != text):
            raise self.wrong(
                f"{token.text!r} stands where {expected} is expected",
                "metric [where slice] comparison bound [unit]",
                token.at,
            )
        return token

    def wrong(self, problem: str, next_move: str, at: int | None = None) -> SpecError:
        place = f" (character {at + 1})" if at else ""
        return SpecError(f"in gate {self.text!r}: {problem}{place}", next_move=next_move)
