"""What a source file defines and refers to, read from its text without importing it.

Source is normalised before it is hashed: comments, blank lines, formatting, docstrings and the
annotations of plain functions and variables do not count.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import importlib.machinery
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from volvelle.catalog import ROOT

WHOLE = "*"
"""A reference to everything in its own module: the code is dynamic there."""
_ANYTHING = frozenset({"globals", "eval", "exec", "vars", "__subclasses__"})
_LATE = frozenset({"__import__", "import_module", "import_late"})
_HARMLESS = frozenset({"functools", "contextlib", "dataclasses", "typing", "abc", "enum"})
"""Modules whose decorators do not register what they decorate."""
Facts = dict[str, Any]
"""``symbols``: name to [hash, references]; ``imports``: alias to all [module, attribute or ""] that it may stand for;
``loads``: [module, attribute or ""] that importing this module imports; ``bare``: modules imported and never named;
``stars``: modules; ``effects``: [hash, references] of the statements that act when the module is imported;
``functions``: name to [parameters, result]; ``tuples``: name to the names in a literal tuple;
``classes``: name to [bases, whether subclasses are told to it].

A reference is a dotted name as it stands in the file, ``=module|dotted`` for one reached by an import inside a
function, ``!module`` for such an import itself, ``$NAME`` for an environment variable, or `WHOLE`."""


class Place(NamedTuple):
    """Where a module lies: its source file if it has one, and the folders that hold its parts."""

    file: Path | None
    parts: tuple[str, ...]
    entry: str
    """The folder on the path below which it was found."""


def locate(module: str) -> Place | None:
    """Where a module lies, or None if there is none. Nothing is imported."""
    if module == "volvelle" or module.startswith("volvelle."):
        place = ROOT.joinpath(*module.split(".")[1:])
        if (place / "__init__.py").is_file():
            return Place(place / "__init__.py", (str(place),), str(ROOT.parent))
        single = place.with_suffix(".py")
        return Place(single, (), str(ROOT.parent)) if place != ROOT and single.is_file() else None
    parent, _, _ = module.rpartition(".")
    try:
        if not parent:
            spec = importlib.util.find_spec(module)
        else:
            above = locate(parent)
            spec = (
                importlib.machinery.PathFinder.find_spec(module, list(above.parts)) if above and above.parts else None
            )
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    parts = tuple(spec.submodule_search_locations or ())
    file = Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    first = file or (Path(parts[0]) if parts else None)
    entry = "" if first is None else str(first.parents[1] if file and parts else first.parent)
    return Place(file, parts, entry)


def read(source: str, module: str, *, package: bool, foreign: Callable[[str], bool] = lambda module: False) -> Facts:
    """The facts of one module's text; `foreign` tells libraries from project modules."""
    tree = ast.parse(source)
    return _Reader(module, package, foreign).read(tree)


class _Reader:
    """Reads one module."""

    def __init__(self, module: str, package: bool, foreign: Callable[[str], bool]) -> None:
        self.module, self.package, self.foreign = module, package, foreign
        self.facts: Facts = {
            "symbols": {},
            "imports": {},
            "loads": [],
            "bare": [],
            "stars": [],
            "effects": ["", []],
            "functions": {},
            "tuples": {},
            "classes": {},
        }

    def read(self, tree: ast.Module) -> Facts:
        plain: list[str] = []
        for statement in _running(tree.body):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                plain += self._imports(statement)
            elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for inner in ast.walk(statement):
                    if isinstance(inner, ast.Import | ast.ImportFrom):
                        self._imports(inner)
        loose = [s for s in tree.body if self._note(s)]
        if loose:
            self.facts["effects"] = self._digest(loose)
        used = {r.partition(".")[0] for _, refs in self.facts["symbols"].values() for r in refs}
        used |= {r.partition(".")[0] for r in self.facts["effects"][1]}
        self.facts["bare"] = sorted({self.facts["imports"][a][0][0] for a in plain if a not in used})
        return self.facts

    def _note(self, statement: ast.stmt) -> bool:
        """Note what a statement defines; whether it also acts on its own."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return False
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._note_shape(statement)
            acts = not all(map(self._harmless, statement.decorator_list))
            self._define(statement.name, statement)
            return acts
        if isinstance(statement, ast.Assign | ast.AnnAssign) and (names := _targets(statement)):
            acts = statement.value is not None and not self._inert(statement.value)
            for name in names:
                self._define(name, statement)
            if isinstance(statement.value, ast.Tuple) and all(isinstance(e, ast.Name) for e in statement.value.elts):
                self.facts["tuples"][names[0]] = [e.id for e in statement.value.elts if isinstance(e, ast.Name)]
            return acts
        if isinstance(statement, ast.If) and not statement.orelse:
            test = ast.unparse(statement.test)
            if test in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
                return False
            if test == "__name__ == '__main__'":
                self._define("__main__", statement)
                return False
        return not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))

    def _note_shape(self, statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        # Hashing drops annotations, so they are read first.
        if isinstance(statement, ast.FunctionDef):
            arguments = statement.args
            names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
            result = ast.unparse(statement.returns).strip("'\"") if statement.returns else ""
            self.facts["functions"][statement.name] = [names, result]
        elif isinstance(statement, ast.ClassDef):
            told = any(isinstance(s, ast.FunctionDef) and s.name == "__init_subclass__" for s in statement.body)
            bases = [ast.unparse(b) for b in (*statement.bases, *(k.value for k in statement.keywords))]
            self.facts["classes"][statement.name] = [bases, told or "type" in bases]

    def _define(self, name: str, statement: ast.stmt) -> None:
        """A name bound twice is all of its bindings."""
        digest, references = self._digest([statement])
        before = self.facts["symbols"].get(name)
        if before:
            digest = hashlib.sha256(f"{before[0]} {digest}".encode()).hexdigest()
            references = sorted({*before[1], *references})
        self.facts["symbols"][name] = [digest, references]

    def _imports(self, statement: ast.Import | ast.ImportFrom) -> list[str]:
        """Note an import; the aliases of a plain one."""
        aliases = []
        for alias, module, attribute in imported(statement, self.module, self.package):
            self.facts["loads"].append([module, attribute])
            if attribute == "*":
                self.facts["loads"][-1][1] = ""
                self.facts["stars"].append(module)
                continue
            if not alias:
                continue
            if not attribute:
                aliases.append(alias)
            leads = self.facts["imports"].setdefault(alias, [])
            if [module, attribute] not in leads:
                leads.append([module, attribute])
        return aliases

    def _harmless(self, decorator: ast.expr) -> bool:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = ast.unparse(called).partition(".")[0]
        origins = self.facts["imports"].get(name)
        if origins is None:
            return hasattr(builtins, name)
        return all(module in _HARMLESS for module, _ in origins)

    def _inert(self, value: ast.expr) -> bool:
        """Whether a value is computed by libraries and built-ins alone, which keep no list of ours."""
        return all(self._outside(node.func) for node in _evaluated(value) if isinstance(node, ast.Call))

    def _outside(self, called: ast.expr) -> bool:
        while isinstance(called, ast.Attribute | ast.Call | ast.Subscript):
            called = called.func if isinstance(called, ast.Call) else called.value
        if not isinstance(called, ast.Name):
            return True
        origins = self.facts["imports"].get(called.id)
        if origins is not None:
            return all(self.foreign(module) for module, _ in origins)
        return hasattr(builtins, called.id)

    def _digest(self, statements: list[ast.stmt]) -> list[Any]:
        """[hash of the normalised statements, sorted references]."""
        references: set[str] = set()
        hashed = hashlib.sha256()
        for statement in statements:
            normal = _Normalise().visit(statement)
            hashed.update(ast.dump(normal).encode())
            references |= self._references(normal)
        return [hashed.hexdigest(), sorted(references)]

    def _references(self, tree: ast.stmt) -> set[str]:
        inside: dict[str, list[tuple[str, str]]] = {}
        found: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias, module, attribute in imported(node, self.module, self.package):
                    found.add(f"!{module}")
                    if alias:
                        inside.setdefault(alias, []).append((module, attribute))
        for dotted in _names(tree):
            first, _, rest = dotted.partition(".")
            for module, attribute in inside.get(first, ()):
                found.add(f"={module}|" + ".".join(filter(None, (attribute, rest))))
            if first not in inside or first in self.facts["imports"] or first in self.facts["symbols"]:
                found.add(dotted)
        for node in ast.walk(tree):
            found.update(_hidden(node))
        return found


def imported(statement: ast.Import | ast.ImportFrom, module: str, package: bool) -> Iterator[tuple[str, str, str]]:
    """(alias, module, attribute or "") of an import made in `module`; a dotted module is also loaded under no alias."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or whole, whole, ""
            if whole != alias.name:
                yield "", alias.name, ""
        return
    origin = statement.module or ""
    if statement.level:
        parts = module.split(".")
        parts = parts[: len(parts) - statement.level + (1 if package else 0)]
        origin = ".".join([*parts, origin] if origin else parts)
    for alias in statement.names:
        yield alias.asname or alias.name, origin, alias.name


def _running(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run: not those for type checkers alone."""
    for statement in body:
        checking = isinstance(statement, ast.If) and ast.unparse(statement.test) in (
            "TYPE_CHECKING",
            "typing.TYPE_CHECKING",
        )
        if not checking:
            yield statement
        elif isinstance(statement, ast.If):
            yield from statement.orelse


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    if any(isinstance(n, ast.Attribute | ast.Subscript) for t in targets for n in ast.walk(t)):
        return []
    return [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _evaluated(value: ast.expr) -> Iterator[ast.AST]:
    """The nodes of an expression that run at once: not the bodies of lambdas."""
    waiting: list[ast.AST] = [value]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _names(tree: ast.AST) -> set[str]:
    """Dotted names that are read, each as long as it stands there."""
    found: set[str] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Attribute) and (dotted := _dotted(node)):
            found.add(dotted)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
            found.add(node.id)
        else:
            waiting += ast.iter_child_nodes(node)
    return found


def _dotted(node: ast.Attribute) -> str:
    parts = [node.attr]
    value: ast.expr = node.value
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    return ".".join([value.id, *reversed(parts)]) if isinstance(value, ast.Name) else ""


def _hidden(node: ast.AST) -> Iterator[str]:
    """What a node reaches without naming it: late imports, environment variables, or anything at all."""
    if isinstance(node, ast.Attribute | ast.Name):
        if (node.attr if isinstance(node, ast.Attribute) else node.id) in _ANYTHING:
            yield WHOLE
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            yield f"${node.slice.value}"
    elif isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        short = name.rpartition(".")[2]
        first = node.args[0] if node.args else None
        text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
        if short == "getattr" and len(node.args) > 1 and not isinstance(node.args[1], ast.Constant):
            yield WHOLE
        elif short in _LATE:
            yield WHOLE if text is None else f"={text}|"
        elif text is not None and (short == "getenv" or name.endswith(("environ.get", "environ.pop"))):
            yield f"${text}"


class _Normalise(ast.NodeTransformer):
    """Drops what does not change what code does."""

    def __init__(self) -> None:
        self._fields: set[int] = set()

    def _body(self, node: Any) -> Any:
        self.generic_visit(node)
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:] or [ast.Pass()]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        # The annotation of a field makes it one.
        self._fields |= {id(s) for s in node.body}
        body = self._body(node)
        # A string under a field documents it.
        body.body = [s for s in body.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        body.body = body.body or [ast.Pass()]
        return body  # type: ignore[no-any-return]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if id(node) in self._fields:
            return self.generic_visit(node)
        value = self.visit(node.value) if node.value else ast.Constant(None)
        return ast.Assign(targets=[node.target], value=value, type_comment=None)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        # A decorator may look at annotations.
        if not node.decorator_list:
            node.returns = None
            arguments = node.args
            named = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
            for argument in filter(None, named):
                argument.annotation = None
        return self._body(node)  # type: ignore[no-any-return]
