"""Reads the spec file strictly: every mistake is answered with file, line, column and the nearest match."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from volvelle.errors import NotFound, SpecError, near
from volvelle.spec.check import check
from volvelle.spec.locate import locate
from volvelle.spec.requirements import Spec

FILE = "volvelle.toml"
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_AT = re.compile(r" - at `(key in )?\$(?P<path>.*)`$")
_LINE = re.compile(r"(?P<what>.*) \(at (line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL)


def read(path: Path) -> Spec:
    """The spec in a TOML file.

    Raises:
        NotFound: there is no such file.
        SpecError: any mistake in it; `where` reads ``file:line:column``.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        advice = "volvelle init FILE --target COLUMN writes one"
        raise NotFound("there is no spec file here", where=str(path), next_move=advice) from error
    except UnicodeDecodeError as error:
        raise SpecError("the file is not UTF-8 text", where=str(path), next_move="save it as UTF-8") from error
    return parse(text, str(path))


def parse(text: str, name: str = FILE) -> Spec:
    """The spec in a TOML text; `name` stands in messages.

    Raises:
        SpecError: any mistake; `where` reads ``name:line:column``.
    """
    text = text.replace("\r\n", "\n")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _LINE.match(str(error))
        end = (text.count("\n") + 1, len(text) - text.rfind("\n"))
        line, column = (match["line"] or end[0], match["column"] or end[1]) if match else (1, 1)
        what = match["what"] if match else str(error)
        advice = "strings need quotes, and each key stands once"
        raise SpecError(f"this is not TOML: {what}", where=f"{name}:{line}:{column}", next_move=advice) from error
    try:
        return from_document(document)
    except SpecError as error:
        raise placed(error, text, name) from error


def placed(error: SpecError, text: str, name: str) -> SpecError:
    """An error about a key, with file, line and column in its stead; other errors as they are."""
    document = tomllib.loads(text.replace("\r\n", "\n"))
    steps = _steps(error.where, document)
    if error.where and steps[:1] and steps[0] not in (*document, *get_type_hints(Spec)):
        return error
    line, column = locate(text.replace("\r\n", "\n"), steps)
    problem = f"{error.where}: {error.problem}" if error.where else error.problem
    return SpecError(problem, where=f"{name}:{line}:{column}", next_move=error.next_move)


def from_document(document: dict[str, Any]) -> Spec:
    """The spec in a mapping as TOML or JSON give it.

    Raises:
        SpecError: any mistake; `where` is the key, e.g. ``data.source``.
    """
    try:
        spec = msgspec.convert(document, Spec)
    except msgspec.ValidationError as error:
        # Unknown keys first, because what they were meant to be may be what else is missing.
        _refuse_unknown(document, Spec, "")
        text = str(error)
        match = _AT.search(text)
        where = _named(match["path"].lstrip(".") if match else "", document)
        problem = text[: match.start()] if match else text
        raise SpecError(_plain(problem), where=where, next_move=_advice(problem, where)) from error
    return check(spec)


def sound(spec: Spec) -> Spec:
    """A spec built in Python, checked as strictly as a file.

    Raises:
        SpecError: any mistake; `where` is the key.
    """
    return from_document(msgspec.to_builtins(spec))


def _named(where: str, document: dict[str, Any]) -> str:
    """`where` with the column's name: msgspec writes ``features[...]`` for every entry of a mapping."""
    head, mark, tail = where.partition("[...]")
    entries = document.get(head)
    if not mark or not isinstance(entries, dict):
        return where
    kind = get_args(get_type_hints(Spec)[head])[1]
    for name, entry in entries.items():
        try:
            msgspec.convert(entry, kind)
        except msgspec.ValidationError:
            return f"{head}.{name}{tail}"
    return where


def _refuse_unknown(value: Any, kind: Any, where: str) -> None:
    """Refuse keys that a record does not have, offering near ones."""
    record = _record(kind)
    if record is None or not isinstance(value, dict):
        return
    if get_origin(kind) is dict:
        for key, inner in value.items():
            _refuse_unknown(inner, record, f"{where}.{key}")
        return
    hints = get_type_hints(record)
    for key, inner in value.items():
        place = f"{where}.{key}".lstrip(".")
        if key not in hints:
            section = f"[{where}]" if where else "the spec"
            raise SpecError(f"{section} has no key {key!r}", where=place, next_move=near(key, hints))
        _refuse_unknown(inner, hints[key], place)


def _record(kind: Any) -> Any:
    """The record inside a type such as ``Device | None`` or ``dict[str, FeatureSpec]``."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    return next((found for inner in get_args(kind) if (found := _record(inner)) is not None), None)


def _plain(problem: str) -> str:
    words = {
        "`array`": "a list",
        "`object`": "a table",
        "`str`": "text",
        "`int`": "a whole number",
        "`float`": "a number",
    }
    words |= {"`bool`": "true or false", "`null`": "nothing"}
    problem = problem.replace(" | null`", "`")
    for technical, plain in words.items():
        problem = problem.replace(technical, plain)
    problem = problem.replace("Object missing required field", "a key is missing:")
    return problem[:1].lower() + problem[1:]


def _advice(problem: str, where: str) -> str:
    section, _, key = where.rpartition(".")
    hints: Any = Spec
    for part in section.split(".") if section else []:
        hints = _record(get_type_hints(hints, include_extras=True).get(part)) or hints
    described = get_type_hints(hints, include_extras=True).get(re.sub(r"\[.*", "", key))
    found = re.search(r"Invalid enum value '(.*)'", problem)
    choices = [c for c in _choices(described) if isinstance(c, str)]
    if found and choices:
        offered, allowed = near(found[1], choices), f"allowed: {', '.join(choices)}"
        return f"{offered} ({allowed})" if offered.endswith("?") else allowed
    metas = [m for m in getattr(described, "__metadata__", ()) if isinstance(m, msgspec.Meta)]
    return (
        f"write {key} so: {metas[0].description}"
        if metas
        else "'volvelle init FILE --target COLUMN' writes a spec with every key explained"
    )


def _choices(kind: Any) -> list[Any]:
    inner = get_args(kind)
    return [c for i in inner for c in (_choices(i) or ([] if isinstance(i, type | msgspec.Meta) else [i]))]


def _steps(where: str, document: dict[str, Any]) -> tuple[str | int, ...]:
    """The path of a dotted key; column names may hold dots, so the document decides."""
    steps: list[str | int] = []
    value: Any = document
    while where:
        names = (
            [k for k in value if where == k or where.startswith((f"{k}.", f"{k}["))] if isinstance(value, dict) else []
        )
        if names:
            step: str | int = max(names, key=len)
            where = where[len(str(step)) :].lstrip(".")
        else:
            match = _STEP.match(where)
            if match is None:
                break
            step = int(match[2]) if match[2] else match[1]
            where = where[match.end() :].lstrip(".")
        steps.append(step)
        value = value[step] if isinstance(value, dict) and step in value else value
    return tuple(steps)
