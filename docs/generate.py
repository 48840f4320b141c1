"""Writes the generated parts of the documentation: ``python docs/generate.py`` or ``make docs``.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``; NAME is a function below, and words
behind it are its arguments. A test fails while a part lags behind the code.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from volvelle import catalog, errors
from volvelle.cli.entry import ORDER, parser_of
from volvelle.spec.requirements import Spec
from volvelle.spec.units import UNITS
from volvelle.spec.write import value
from volvelle.testing.named_models import shipping_of

HERE = Path(__file__).parent
ROOT = HERE.parent
PART = re.compile(r"(<!-- generated: ([a-z_]+)( [^>]*?)? -->\n).*?(<!-- end -->)", re.DOTALL)


def spec() -> str:
    """Every key of the spec with its type, default and meaning."""
    parts = []
    for section, hint in get_type_hints(Spec, include_extras=True).items():
        record = next((k for k in _inside(hint) if isinstance(k, type) and issubclass(k, msgspec.Struct)), None)
        if record is None:
            parts.append('### [roles]\n\nWho answers for it: any number of lines `role = "person"`.\n')
            continue
        name = "features.COLUMN" if section == "features" else section
        rows = [(f"`{f.name}`", _type(f.type), _default(f), _described(f.type)) for f in msgspec.structs.fields(record)]
        parts.append(
            f"### [{name}]\n\n{(record.__doc__ or '').strip()}\n\n{_table(('key', 'type', 'default', 'meaning'), rows)}"
        )
    return "\n".join(parts)


def metrics() -> str:
    """Every metric."""
    rows = []
    for name in catalog.METRICS.names():
        low, high = catalog.METRICS.fact(name, "RANGE")
        rows.append(
            (
                f"`{name}`",
                catalog.METRICS.summary(name),
                ", ".join(catalog.METRICS.fact(name, "TASKS")),
                "higher" if catalog.METRICS.fact(name, "DIRECTION") == "up" else "lower",
                f"{_number(low)} to {_number(high)}",
            )
        )
    return _table(("metric", "what it measures", "tasks", "better", "range"), rows)


def gates() -> str:
    """Every gate that is no metric."""
    rows = [
        (
            f"`{name}`",
            catalog.GATES.summary(name),
            {"1": "a number", "count": "a number"}.get(unit := catalog.GATES.fact(name, "UNIT"), unit),
            "higher" if catalog.GATES.fact(name, "DIRECTION") == "up" else "lower",
        )
        for name in catalog.GATES.names()
    ]
    return _table(("gate", "what it measures", "dimension", "better"), rows)


def units() -> str:
    """Every unit by dimension."""
    found: dict[str, list[str]] = {}
    for symbol, (dimension, _) in UNITS.items():
        found.setdefault(dimension, []).append(f"`{symbol}`")
    return _table(("dimension", "units"), [("share" if d == "1" else d, ", ".join(s)) for d, s in found.items()])


def commands() -> str:
    """Every command as its own --help shows it."""
    os.environ["COLUMNS"] = "100"
    parts = [f"- [`{n}`](#{n}): {catalog.COMMANDS.summary(n)}" for n in ORDER]
    for name in ORDER:
        parts.append(f"\n## {name}\n\n```text\n{parser_of(name).format_help().rstrip()}\n```")
    return "\n".join(parts) + "\n"


def steps() -> str:
    """Every preparation step."""
    rows = []
    for name in catalog.STEPS.names():
        option = catalog.STEPS.fact(name, "OPTION")
        flow = f"{catalog.STEPS.fact(name, 'TAKES')} → {catalog.STEPS.fact(name, 'GIVES')}"
        shown = "" if option is None else f"`{name}:{option:g}`"
        rows.append((f"`{name}`", flow, shown, catalog.STEPS.summary(name)))
    return _table(("step", "takes → gives", "its number", "what it does"), rows)


def estimators() -> str:
    """Every estimator with its space."""
    rows = []
    for name in catalog.ESTIMATORS.names():
        tasks = ", ".join(catalog.ESTIMATORS.fact(name, "TASKS"))
        space = "; ".join(f"`{k}` {_dimension(d)}" for k, d in catalog.ESTIMATORS.load(name).SPACE.items())
        rows.append((f"`{name}`", catalog.ESTIMATORS.summary(name), tasks, space))
    return _table(("estimator", "what it is", "tasks", "what the search varies"), rows)


def calibrators() -> str:
    """Every calibrator."""
    rows = [
        (f"`{name}`", catalog.CALIBRATORS.summary(name), ", ".join(catalog.CALIBRATORS.fact(name, "TASKS")))
        for name in catalog.CALIBRATORS.names()
    ]
    return _table(("calibrator", "what it is", "tasks"), rows)


def sources() -> str:
    """Every data source."""
    rows = [
        (
            f"`{name}`",
            catalog.SOURCES.summary(name),
            ", ".join(f"`{s}`" for s in catalog.SOURCES.fact(name, "SUFFIXES") or ()),
            ", ".join(f"`{s}:`" for s in catalog.SOURCES.fact(name, "SCHEMES") or ()) or "none yet",
        )
        for name in catalog.SOURCES.names()
    ]
    return _table(("source", "what it reads", "file endings", "schemes"), rows)


def findings() -> str:
    """Every kind of finding."""
    rows = [(f"`{name}`", catalog.FINDINGS.summary(name)) for name in catalog.FINDINGS.names()]
    return _table(("finding", "what it finds"), rows)


def drift() -> str:
    """Every drift test."""
    rows = [
        (
            f"`{name}`",
            catalog.DRIFT.summary(name),
            ", ".join(catalog.DRIFT.fact(name, "TAKES")),
            catalog.DRIFT.fact(name, "EFFECT"),
        )
        for name in catalog.DRIFT.names()
    ]
    return _table(("drift test", "what it sees", "takes", "effect"), rows)


def devices() -> str:
    """Every core and board."""
    rows = []
    for name in catalog.DEVICES.names():
        core = catalog.DEVICES.fact(name, "CORE").replace("_", "-")
        plain = name.replace("_", "-")
        sizes = [catalog.DEVICES.fact(name, fact) for fact in ("FLASH", "RAM")]
        clock = catalog.DEVICES.fact(name, "CLOCK")
        shown = [f"{size // 1024:,} KiB" if size else "" for size in sizes]
        rows.append(
            (
                f"`{plain}`",
                "" if core == plain else f"`{core}`",
                *shown,
                f"{clock / 1e6:g} MHz" if clock else "",
                catalog.DEVICES.summary(name),
            )
        )
    return _table(("device", "core", "flash", "RAM", "clock", "what it is"), rows)


def packages() -> str:
    """Every package."""
    rows = [
        (f"`{n}`", catalog.PACKAGES.summary(n), f"`{catalog.PACKAGES.fact(n, 'NEXT')}`")
        for n in catalog.PACKAGES.names()
    ]
    return _table(("package", "what it is", "what comes next"), rows)


def server(file: str) -> str:
    """A file of the package of a server, for a model called pumps."""
    text = catalog.PACKAGES.load("container").write(shipping_of("pumps"))[file].decode()
    return f"`{file}`\n\n```text\n{text}```\n"


def operators() -> str:
    """Every operator of ONNX that is compiled."""
    rows = [
        (f"`{catalog.OPERATORS.fact(n, 'OP')}`", catalog.OPERATORS.fact(n, "DOMAIN"), catalog.OPERATORS.summary(n))
        for n in catalog.OPERATORS.names()
    ]
    return _table(("operator", "domain", "what it does"), rows)


def kinds() -> str:
    """Every kind of extension."""
    rows = []
    for kind in catalog.ALL:
        words = (kind.noun.split()[-1], kind.group)
        kits = [HERE.parent / "src" / "volvelle" / "testing" / f"check_{word}.py" for word in words]
        kit = next((path for path in kits if path.exists()), None)
        rows.append(
            (
                kind.noun,
                f"`{kind.folder.removeprefix('volvelle.').replace('.', '/')}/`",
                f"`volvelle.{kind.group}`",
                ", ".join(f"`{n}`" for n in kind.needs),
                f"`volvelle.testing.{kit.stem}`" if kit else "",
            )
        )
    return _table(("kind", "folder", "entry-point group", "a file must define", "kit"), rows)


def record(where: str) -> str:
    """The fields of one record, ``module:Class``, with the texts that stand under them."""
    module, _, name = where.partition(":")
    path = ROOT / "src" / Path(*module.split(".")).with_suffix(".py")
    body = next(
        n for n in ast.parse(path.read_text("utf-8")).body if isinstance(n, ast.ClassDef) and n.name == name
    ).body
    rows = []
    for node, after in zip(body, [*body[1:], None], strict=True):
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        told = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        rows.append((f"`{node.target.id}`", f"`{ast.unparse(node.annotation)}`", " ".join(str(told).split())))
    return f"{getattr(import_module(module), name).__doc__.strip()}\n\n{_table(('field', 'type', 'meaning'), rows)}"


def tree() -> str:
    """The tree of errors."""
    return "```text\n" + "\n".join(line[4:] for line in _literal(errors.__doc__ or "")) + "\n```\n"


def code(path: str) -> str:
    """A file of the repository."""
    language = {"py": "python", "toml": "toml"}[path.rpartition(".")[2]]
    return f"`{Path(path).name}`\n\n```{language}\n{(ROOT / path).read_text('utf-8').rstrip()}\n```\n"


PARTS: tuple[Callable[..., str], ...] = (
    spec,
    metrics,
    gates,
    units,
    commands,
    steps,
    estimators,
    calibrators,
    sources,
    findings,
    drift,
    devices,
    packages,
    server,
    operators,
    kinds,
    record,
    tree,
    code,
)


def generated(text: str) -> str:
    """A document with every generated part written anew."""
    known = {part.__name__: part for part in PARTS}

    def fill(found: re.Match[str]) -> str:
        return f"{found[1]}{known[found[2]](*(found[3] or '').split())}{found[4]}"

    return PART.sub(fill, text)


def documents() -> list[Path]:
    """The documents that may hold generated parts."""
    return [ROOT / "README.md", *sorted(HERE.glob("*.md"))]


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _inside(hint: Any) -> list[Any]:
    """A type and everything inside it."""
    return [hint, *(found for inner in get_args(hint) for found in _inside(inner))]


def _described(hint: Any) -> str:
    return next((str(m.description) for m in get_args(hint) if isinstance(m, msgspec.Meta)), "")


def _type(hint: Any) -> str:
    plain = [k for k in get_args(hint) if not isinstance(k, msgspec.Meta)] if hasattr(hint, "__metadata__") else [hint]
    inner = plain[0]
    if hasattr(inner, "__metadata__"):
        return _type(inner)
    if get_origin(inner) is tuple and get_origin(get_args(inner)[0]) is Literal:
        return "list of " + ", ".join(f"`{c}`" for c in get_args(get_args(inner)[0]))
    choices = [c for c in _inside(inner) if isinstance(c, str | bool)]
    if choices and tuple[str, ...] in get_args(inner):
        return ", ".join(f"`{c}`" for c in choices) + " or list of texts"
    if choices:
        switch = "true or false or " if bool in get_args(inner) else ""
        return switch + ", ".join(f"`{c}`" for c in choices)
    if get_origin(inner) is tuple:
        return "list of texts" if get_args(inner)[0] is str else "tables"
    options = [k for k in get_args(inner) if k is not type(None)]
    if len(options) > 1:
        return " or ".join(map(_type, options))
    if options:
        return _type(options[0])
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}[inner.__name__]


def _default(entry: Any) -> str:
    if entry.default is msgspec.NODEFAULT:
        return "required"
    return "" if entry.default in (None, "", ()) else f"`{value(entry.default)}`"


def _dimension(dimension: Any) -> str:
    if hasattr(dimension, "options"):
        return ", ".join(str(o) for o in dimension.options)
    return f"{dimension.low:g} to {dimension.high:g}" + (" (log)" if dimension.log else "")


def _number(amount: float) -> str:
    return {float("inf"): "∞", float("-inf"): "-∞"}.get(amount, f"{amount:g}")


def _literal(text: str) -> list[str]:
    """The indented block behind ``::``."""
    return text.partition("::\n\n")[2].partition("\n\n")[0].splitlines()


def main() -> None:
    """Write every document whose parts lag."""
    for path in documents():
        old = path.read_text(encoding="utf-8")
        if (new := generated(old)) != old:
            path.write_text(new, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
