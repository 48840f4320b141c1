"""Every error that Volvelle raises, as one tree.

::

    VolvelleError
    |-- InputError              what was given is wrong: exit code 2
    |   |-- SpecError           the spec file (carries line and column)
    |   |-- DataError           the data
    |   |-- ModelError          an ONNX file
    |   |-- NotFound            a name, run or release that does not exist
    |   |-- MissingExtra        a library that is not installed
    |   |-- ServiceError        a server that does not answer, or refuses
    |   `-- Refused             a release while a gate has not passed, a turn while another goes on
    |-- OutOfTime               a trial that met the end of its time budget
    `-- ContractBroken          a stage broke its contract: our bug

An `InputError` says what was asked, what was found, where, and the next move.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class VolvelleError(Exception):
    """The root of the tree."""


class InputError(VolvelleError):
    """Something the user gave is wrong.

    Args:
        problem: one sentence: what was asked and what was found.
        where: a file, a line, a column name, a key of the spec.
        next_move: what to do about it.
    """

    def __init__(self, problem: str, *, where: str = "", next_move: str = "") -> None:
        self.problem = problem
        self.where = where
        self.next_move = next_move
        super().__init__(problem)

    def __str__(self) -> str:
        place = f"{visible(self.where)}: " if self.where else ""
        advice = f"\n  Next: {visible(self.next_move)}" if self.next_move else ""
        return place + "\n".join(map(visible, self.problem.split("\n"))) + advice

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.problem, self.where, self.next_move)


class SpecError(InputError):
    """The spec is wrong; `where` reads ``file:line:column``."""


class DataError(InputError):
    """The data cannot be read, or do not hold what the spec says."""


class ModelError(InputError):
    """An ONNX file is damaged, unsupported or not to be trusted."""


class NotFound(InputError):
    """No such name, run, version or release."""


class MissingExtra(InputError):
    """A library is needed and not installed."""

    optional = False
    """Whether an extra of ours brings it, so that one may do without."""


class ServiceError(InputError):
    """A server elsewhere does not answer, is another one than was asked for, or refuses."""


class Refused(InputError):
    """A release was asked for while a gate has not passed, or a turn while another one goes on: exit code 1."""


class OutOfTime(VolvelleError):
    """A trial was stopped because the time budget ended."""


class ContractBroken(VolvelleError):
    """A stage was given, or handed on, what its contract forbids."""


def visible(text: str) -> str:
    """Text from outside with control and direction marks made visible, so that no terminal obeys them.

    >>> visible("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _rebuild(kind: type[InputError], problem: str, where: str, next_move: str) -> InputError:
    return kind(problem, where=where, next_move=next_move)


def near(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the known names nearest to `name`.

    >>> near("recal", ["precision", "recall"])
    "did you mean 'recall'?"
    >>> near("zzz", ["b", "a"])
    'known: a, b'
    """
    options = sorted(set(known))
    folded: dict[str, str] = {}
    for option in options:
        folded.setdefault(option.casefold(), option)
    close = get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(f"'{folded[c]}'" for c in close) + "?"
    shown = ", ".join(options[:20])
    return f"known: {shown}" + (f" and {len(options) - 20} more" if len(options) > 20 else "")
