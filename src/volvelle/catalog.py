"""The folder is the registry: one file adds one thing.

A `Catalog` lists the files of a package folder and the entry points of the group of the
same name, and imports one of them only when it is asked for. Facts that must be known without
importing (a metric's range, a command's one-line help) are literals at the top of the file
and are read from its text.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from volvelle.errors import ContractBroken, MissingExtra, NotFound, near

ROOT = Path(__file__).parent

EXTRAS = {
    "sqlalchemy": "sql",
    "adbc_driver_manager": "sql",
    "adbc_driver_sqlite": "sql",
    "adbc_driver_postgresql": "sql",
    "fastexcel": "excel",
    "zstandard": "zstd",
    "ziglang": "device",
    "unicorn": "device",
    "elftools": "device",
    "wasmtime": "device",
    "torch": "torch",
    "catboost": "catboost",
    "deltalake": "live",
    "paho": "live",
    "serial": "live",
    "cbor2": "live",
    "starlette": "serve",
    "uvicorn": "serve",
    "httptools": "serve",
}

observers: list[Callable[[str, str, str], None]] = []
"""Called as ``observer(event, group, name)``: before a name is loaded ("load"), when a group is listed ("list"), and
when a literal is read from a file ("fact"; the name is then ``name:CONSTANT``)."""


class Catalog:
    """One kind of extension.

    Args:
        group: the plural noun; also the entry-point group ``volvelle.<group>``.
        folder: package that holds our own files, e.g. ``volvelle.train.estimators``.
        noun: what one of them is called in a message.
        needs: names that every file must define.
    """

    def __init__(self, group: str, folder: str, noun: str, needs: tuple[str, ...]) -> None:
        self.group, self.folder, self.noun, self.needs = group, folder, noun, needs

    @cached_property
    def _own(self) -> dict[str, Path]:
        place = ROOT.joinpath(*self.folder.split(".")[1:])
        return {p.stem: p for p in sorted(place.glob("*.py")) if not p.stem.startswith("_")}

    @cached_property
    def _foreign(self) -> dict[str, str]:
        return _entry_points().get(f"volvelle.{self.group}", {})

    def names(self) -> tuple[str, ...]:
        """All names, ours and third parties', sorted."""
        for observer in observers:
            observer("list", self.group, "")
        return tuple(sorted({*self._own, *self._foreign}))

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._foreign

    def module_name(self, name: str) -> str:
        """The dotted module that holds `name`.

        Raises:
            NotFound: no such name; near names are offered.
        """
        if name in self._own:
            return f"{self.folder}.{name}"
        if name in self._foreign:
            return self._foreign[name]
        raise NotFound(f"no {self.noun} is called {name!r}", next_move=near(name, self.names()))

    def load(self, name: str) -> Any:
        """Import the file that adds `name` and check that it holds what it must.

        Raises:
            NotFound: no such name.
            MissingExtra: it needs a library that is not installed.
        """
        place = self.module_name(name)
        # Before the import: who notes what the file holds must see it as it is imported.
        for observer in observers:
            observer("load", self.group, name)
        module = import_late(place, f"{self.noun} {name!r}")
        absent = [need for need in self.needs if not hasattr(module, need)]
        if absent:
            raise ContractBroken(f"{self.noun} {name!r} ({module.__name__}) lacks {', '.join(absent)}")
        return module

    def fact(self, name: str, constant: str) -> Any:
        """The literal bound to `constant` in the file of `name`, without importing it; None if absent."""
        for observer in observers:
            observer("fact", self.group, f"{name}:{constant}")
        for node in _binding(self._text(name), constant):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            value = getattr(node, "value", None)
            if value is not None and any(isinstance(t, ast.Name) and t.id == constant for t in targets):
                return ast.literal_eval(_Infinite().visit(value))
        return None

    def summary(self, name: str) -> str:
        """The first line of the file's docstring, without importing it."""
        # Left as it stands: cleaning it up would load the module inspect.
        return (ast.get_docstring(ast.parse(self._text(name)), clean=False) or "").strip().partition("\n")[0]

    def _text(self, name: str) -> str:
        path = self._own.get(name)
        if path is None:
            spec = importlib.util.find_spec(self.module_name(name))
            if spec is None or spec.origin is None:
                raise NotFound(f"the file of {self.noun} {name!r} is gone", where=self.module_name(name))
            path = Path(spec.origin)
        return path.read_text(encoding="utf-8")


def _binding(text: str, constant: str) -> list[ast.stmt]:
    """The statements of a file among which a constant is bound: the one that does, where its line is plain to see.

    Parsing whole files for one line each would be a tenth of the time that a command takes.
    """
    if constant not in text:
        return []
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith((f"{constant} =", f"{constant}:"))]
    if len(starts) == 1:
        for end in range(starts[0] + 1, min(starts[0] + 40, len(lines)) + 1):
            try:
                return ast.parse("\n".join(lines[starts[0] : end])).body
            except SyntaxError:
                continue
    return ast.parse(text).body


@cache
def _entry_points() -> dict[str, dict[str, str]]:
    """Our groups of entry points: group to name to module.

    Read from the installed files themselves: importlib.metadata would cost every start forty modules.
    """
    found: dict[str, dict[str, str]] = {}
    for place in sys.path:
        for entry in Path(place).glob("*.dist-info/entry_points.txt") if place else ():
            group = ""
            for line in entry.read_text(encoding="utf-8").splitlines():
                line = line.strip()
                if line.startswith("["):
                    group = line.strip("[] ")
                elif group.startswith("volvelle.") and "=" in line:
                    name, _, module = line.partition("=")
                    found.setdefault(group, {})[name.strip()] = module.partition(":")[0].strip()
    return found


class _Infinite(ast.NodeTransformer):
    """Lets ``float("inf")`` and ``math.inf`` stand in a literal."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return ast.Constant(float("inf")) if ast.unparse(node) == "float('inf')" else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Constant(float("inf")) if node.attr == "inf" else node


def import_late(module: str, wanted_by: str) -> ModuleType:
    """Import a module; a third-party library that is absent becomes one sentence.

    Raises:
        MissingExtra: the library is not installed.
    """
    try:
        return importlib.import_module(module)
    except OSError as error:
        # LightGBM's wheel takes OpenMP from the system.
        raise MissingExtra(
            f"{wanted_by} needs a library of the system that is not installed: {error}",
            next_move="Debian: apt-get install libgomp1; macOS: brew install libomp",
        ) from error
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library == "volvelle" or not library:
            raise
        extra = EXTRAS.get(library)
        install = f"pip install 'volvelle[{extra}]'" if extra else f"pip install {library}"
        missing = MissingExtra(f"{wanted_by} needs {library}, which is not installed", next_move=install)
        missing.optional = extra is not None
        raise missing from error


SOURCES = Catalog("sources", "volvelle.data.sources", "data source", ("SUFFIXES", "SCHEMES", "read"))
STEPS = Catalog("steps", "volvelle.prepare.steps", "step", ("TAKES", "GIVES", "fit", "emit", "names"))
ESTIMATORS = Catalog(
    "estimators",
    "volvelle.train.estimators",
    "estimator",
    ("TASKS", "VIEW", "SPACE", "COST", "fit", "emit", "predict"),
)
CALIBRATORS = Catalog("calibrators", "volvelle.train.calibrators", "calibrator", ("TASKS", "fit", "apply", "emit"))
METRICS = Catalog("metrics", "volvelle.evaluate.metrics", "metric", ("TASKS", "DIRECTION", "RANGE", "NEEDS", "score"))
GATES = Catalog("gates", "volvelle.evaluate.gates", "gate", ("UNIT", "DIRECTION", "measure"))
FINDINGS = Catalog("findings", "volvelle.data.findings", "finding", ("find",))
OPERATORS = Catalog("operators", "volvelle.compiler.ops", "operator", ("OP", "DOMAIN", "evaluate"))
DEVICES = Catalog("devices", "volvelle.compiler.devices", "device", ("CORE",))
TOOLCHAINS = Catalog("toolchains", "volvelle.compiler.toolchains", "toolchain", ("version", "build"))
EMULATORS = Catalog("emulators", "volvelle.compiler.emulators", "emulator", ("version", "Core"))
FORETELLERS = Catalog("foretellers", "volvelle.compiler.foretellers", "foreteller", ("foretell",))
PACKAGES = Catalog("packages", "volvelle.deploy.packages", "package", ("NEXT", "write"))
DRIFT = Catalog("drift", "volvelle.monitor.drift", "drift test", ("TAKES", "EFFECT", "score"))
COMMANDS = Catalog("commands", "volvelle.cli.commands", "command", ("arguments", "run"))
ALL = (
    *(SOURCES, FINDINGS, STEPS, ESTIMATORS, CALIBRATORS, METRICS, GATES),
    *(OPERATORS, DEVICES, TOOLCHAINS, EMULATORS, FORETELLERS, PACKAGES, DRIFT, COMMANDS),
)
