"""The texts of ``[monitor]``: when to retrain, how often a false alarm is borne, who is told.

::

    retrain   = "never" | term { "or" term }
    term      = "on drift" | "on loss" | "every" duration | metric [ "where" slice ] comparison number

A condition says when to retrain, so its comparison points to the worse side: ``recall < 0.75``.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from volvelle.catalog import METRICS
from volvelle.errors import InputError, near
from volvelle.spec.gates import Gate, parse
from volvelle.spec.requirements import Monitor, Record
from volvelle.spec.sources import holds_password
from volvelle.spec.units import quantity

_TERMS = ("on drift", "on loss", "every 30 d", "never")
_DRIFT = re.compile(r"fdr\s+(\d+(?:\.\d+)?)\s*%")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(\w+)")
_PERIODS = {"day": 365.25, "week": 365.25 / 7, "month": 12.0, "year": 1.0}
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_OR = re.compile(r"\s+or\s+")
_COMPARED = re.compile(r"[<>]=?")
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class Rule(Record, frozen=True):
    """When the wheel turns again."""

    drift: bool = False
    """On an alarm of drift."""
    loss: bool = False
    """When a gate of ``[require]`` is measured as missed."""
    every: float | None = None
    """Seconds since the last turn."""
    floors: tuple[Gate, ...] = ()
    """Gates of this rule alone: retrained when one is measured as missed."""

    @property
    def never(self) -> bool:
        """Whether nothing but a person turns the wheel."""
        return not (self.drift or self.loss or self.every or self.floors)


class Listener(NamedTuple):
    """Who is told."""

    kind: Literal["log", "webhook", "mail"]
    address: str
    """Of a webhook or mailbox; ``${NAME}`` stands for an environment variable."""


def rule(text: str) -> Rule:
    """Read ``retrain``.

    >>> found = rule("on drift or recall where sex = 'x or y' < 0.75")
    >>> found.drift, found.floors[0].shown_bound(), rule("never").never
    (True, '>= 0.750', True)

    Raises:
        InputError: a term is none of the grammar, stands there twice, or asks for retraining when all is well.
    """
    terms = _split(text)
    if terms == ["never"]:
        return Rule()
    drift = loss = False
    every: float | None = None
    floors: list[Gate] = []
    for at, term in enumerate(terms):
        words = " ".join(term.split())
        if words in [" ".join(t.split()) for t in terms[:at]]:
            raise InputError(f"{words!r} stands there twice", next_move="remove one")
        if words == "never":
            raise InputError(
                "'never' stands beside a reason to retrain", next_move="write 'never' alone, or leave it out"
            )
        if words == "on drift":
            drift = True
        elif words == "on loss":
            loss = True
        elif words.startswith("every ") and every is None:
            every = quantity(words.removeprefix("every "), "seconds")
        else:
            floors.append(_floor(words))
    return Rule(drift=drift, loss=loss, every=every, floors=tuple(floors))


def discovery_rate(text: str) -> float:
    """The share that ``drift`` names.

    >>> discovery_rate("fdr 5 %")
    0.05

    Raises:
        InputError: it names none between 0 and 100 %.
    """
    match = _DRIFT.fullmatch(text.strip())
    if not match or not 0 < float(match[1]) < 100:
        raise InputError(f"{text!r} is not a drift rule", next_move="write 'fdr 5 %'")
    return float(match[1]) / 100


def alarms_a_year(text: str) -> float:
    """How many false alarms a year are borne.

    >>> alarms_a_year("2 / month")
    24.0

    Raises:
        InputError: it is no rate.
    """
    match = _RATE.fullmatch(text.strip())
    if not match or not float(match[1]):
        raise InputError(f"{text!r} is not a rate of alarms", next_move="write '1 / year' or '2 / month'")
    if match[2] not in _PERIODS:
        raise InputError(f"{match[2]!r} is no period", next_move=near(match[2], _PERIODS))
    return float(match[1]) * _PERIODS[match[2]]


def kept_for(monitor: Monitor) -> float:
    """For how many seconds the days of the live log are kept; 0: for good.

    >>> kept_for(Monitor(keep="90 d")), kept_for(Monitor())
    (7776000.0, 0.0)
    """
    return quantity(monitor.keep, "seconds") if monitor.keep else 0.0


def listener(text: str) -> Listener:
    """Who ``tell`` names.

    >>> listener("mailto:ana@example.com")
    Listener(kind='mail', address='ana@example.com')

    Raises:
        InputError: it is no address, or holds a password.
    """
    if text == "log":
        return Listener("log", "")
    if holds_password(text):
        advice = "write ${NAME} in its place and set that environment variable: the spec is kept with every run"
        raise InputError("a password is written out in the address", next_move=advice)
    scheme, _, rest = text.partition(":")
    if scheme == "mailto" and re.fullmatch(r"[^@\s,;?]+@[^@\s,;?]+", rest):
        return Listener("mail", rest)
    if scheme in ("http", "https") and urlsplit(text).hostname:
        return Listener("webhook", text)
    if re.fullmatch(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", text):
        return Listener("webhook", text)
    raise InputError(
        f"{text!r} is nobody who can be told", next_move="write 'log', 'https://...' or 'mailto:ana@example.com'"
    )


def _split(text: str) -> list[str]:
    """The terms, parted by "or" outside of quotes."""
    hidden = _QUOTED.sub(lambda found: "\0" * len(found[0]), text)
    terms, start = [], 0
    for found in _OR.finditer(hidden):
        terms.append(text[start : found.start()].strip())
        start = found.end()
    return [*terms, text[start:].strip()]


def _floor(term: str) -> Gate:
    """The gate whose miss the condition describes."""
    signs = list(_COMPARED.finditer(_QUOTED.sub(lambda found: "\0" * len(found[0]), term)))
    first = term.split(" ")[0] if term else ""
    if not signs or first not in METRICS:
        advice = near(term, _TERMS) if not signs else near(first, METRICS.names())
        if not advice.startswith("did"):
            advice = "join 'on drift', 'on loss', 'every 30 d' and 'recall < 0.75' by 'or', or write 'never'"
        raise InputError(f"{term!r} is not a reason to retrain", next_move=advice)
    sign = signs[-1]
    met = f"{term[: sign.start()]}{_TURNED[sign[0]]}{term[sign.end() :]}"
    worse = "<" if METRICS.fact(first, "DIRECTION") == "up" else ">"
    if sign[0][0] != worse:
        better = "higher" if worse == "<" else "lower"
        turned = f"{term[: sign.start()]}{worse}{term[sign.end() :]}"
        raise InputError(f"{better} {first} is better: {term!r} holds while all is well", next_move=f"write {turned!r}")
    return parse(met)
