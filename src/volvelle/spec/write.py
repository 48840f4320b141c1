"""Writes a spec as commented TOML; the comments are the field descriptions."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import Any, get_args, get_type_hints

import msgspec

from volvelle.spec.requirements import Device, Spec

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_HEADS = {
    "problem": "What the model is for.",
    "data": "Where the rows come from and what they mean.",
    "split": "How rows are held back as the sealed test side.",
    "prepare": "How training rows and columns are made ready.",
    "require": "What must be achieved: each line is a gate, judged on the sealed test side.",
    "device": "Where the model must run.",
    "search": "How candidates are looked for.",
    "explain": "What is told about the result beyond what its predictions say.",
    "roles": "Who answers for it: role = person.",
    "serve": "How a server answers.",
    "monitor": "How the release is watched.",
}
_EXAMPLES: dict[str, Any] = {
    "device.core": "cortex-m4f",
    "device.clock": "80 MHz",
    "device.flash": "64 KiB",
    "device.ram": "8 KiB",
    "problem.task": "classification",
    "problem.positive": "yes",
    "data.time": "timestamp",
    "data.group": "machine",
    "data.accept": ["leak:duration"],
    "data.resolution": "1 h",
    "data.missing": ["", "?"],
    "data.delimiter": ";",
    "data.quoting": "single",
    "data.encoding": "cp1252",
    "data.decimal": ",",
    "data.header": True,
    "prepare.drop": ["duplicates", "invalid"],
    "require.costs": [[0, 1], [20, 0]],
    "require.quantile": 0.9,
    "require.top_k": 3,
    "search.trials": 40,
    "search.metric": "log_loss",
    "search.estimators": ["logistic", "lightgbm"],
    "split.column": "side",
    "monitor.window": 500,
    "monitor.outcomes_after": "7 d",
    "monitor.keep": "90 d",
}
"""Shown, as comments, where there is no default."""


def write(spec: Spec, notes: Mapping[str, str] | None = None) -> str:
    """The whole spec as TOML text: what is set, and what could be set as comments.

    Args:
        spec: a sound spec.
        notes: dotted key to sentences, one a line, that stand above it, e.g. why columns are ignored.
    """
    notes = notes or {}
    parts = ["# Requirements of one model. 'volvelle check' validates this file, 'volvelle run' turns the wheel.\n"]
    hints = get_type_hints(Spec)
    for section in _HEADS:
        if section == "roles":
            parts.append(_roles(spec))
            continue
        record = getattr(spec, section)
        kind = Device if section == "device" else hints[section]
        parts.append(_section(section, record, kind, notes))
    for column, feature in spec.features.items():
        lines = [f"{key} = {value(v)}" for key, v in msgspec.to_builtins(feature).items()]
        parts.append("\n".join([f"[features.{name(column)}]", *lines]) + "\n")
    return "\n".join(parts)


def value(item: Any) -> str:
    """A TOML value.

    >>> value(["a", True, 0.5])
    '["a", true, 0.5]'
    """
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return _text(item)
    if isinstance(item, list | tuple):
        return f"[{', '.join(value(i) for i in item)}]"
    return repr(item)


def name(key: str) -> str:
    """A key, quoted where it must be."""
    return key if _BARE.fullmatch(key) else _text(key)


def _text(item: str) -> str:
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m.group()):04x}", escaped) + '"'


def _section(section: str, record: Any, kind: Any, notes: Mapping[str, str]) -> str:
    head = f"[{section}]" if record is not None else f"# [{section}]"
    lines = [f"# {_HEADS[section]}", head]
    described = get_type_hints(kind, include_extras=True)
    standard = {f.name: f.default for f in msgspec.structs.fields(kind)}
    for key, hint in described.items():
        current = getattr(record, key) if record is not None else None
        unset = record is None or current == standard[key]
        if note := notes.get(f"{section}.{key}"):
            for line in note.splitlines():
                lines += textwrap.wrap(line, 100, initial_indent="# ", subsequent_indent="#   ")
        if unset:
            shown = _EXAMPLES.get(f"{section}.{key}", standard[key])
            example = '""' if shown in (None, msgspec.NODEFAULT) else value(shown)
            lines.append(f"# {key} = {example}".ljust(30) + f"  # {_description(hint)}")
        elif isinstance(current, tuple) and len(current) > 1:
            lines += [f"{key} = [", *(f"  {value(entry)}," for entry in current), "]"]
        else:
            lines.append(f"{key} = {value(current)}")
    return "\n".join(lines) + "\n"


def _roles(spec: Spec) -> str:
    if not spec.roles:
        return f'# {_HEADS["roles"]}\n# [roles]\n# ml_engineer = "ana@example.com"\n'
    return (
        "\n".join([f"# {_HEADS['roles']}", "[roles]", *(f"{name(k)} = {value(v)}" for k, v in spec.roles.items())])
        + "\n"
    )


def _description(hint: Any) -> str:
    return next((str(m.description) for m in get_args(hint) if isinstance(m, msgspec.Meta)), "")
