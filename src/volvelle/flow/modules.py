"""What a source file defines and refers to, read from its text without importing it.

Source is normalised before it is hashed: comments, blank lines, formatting, docstrings and the
annotations of functions do not count.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from volvelle.catalog import ROOT

DYNAMIC = frozenset({"getattr", "globals", "eval", "exec", "__import__", "import_module", "import_late", "vars"})
"""Names whose use hides what is reached: the whole module counts then."""
Facts = dict[str, Any]
"""``symbols``: name to [hash, references]; ``imports``: alias to [module, attribute or ""]; ``stars``: modules;
``effects``: [hash, references] of the statements that merely run; ``functions``: name to [parameters, result];
``tuples``: name to the names in a literal tuple."""


def find(module: str) -> Path | None:
    """The source file of a module, or None if it has none (built in, compiled, absent)."""
    if module == "volvelle" or module.startswith("volvelle."):
        place = ROOT.joinpath(*module.split(".")[1:])
        for path in (place / "__init__.py", place.with_suffix(".py")):
            if path.is_file() and (path.name == "__init__.py" or place != ROOT):
                return path
        return None
    loaded = sys.modules.get(module)
    origin = getattr(getattr(loaded, "__spec__", None), "origin", None)
    if origin is None:
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            return None
        origin = spec.origin if spec else None
    return Path(origin) if origin and origin.endswith(".py") else None


def read(source: str, module: str, *, package: bool) -> Facts:
    """The facts of one module's text."""
    tree = ast.parse(source)
    facts: Facts = {"symbols": {}, "imports": {}, "stars": [], "effects": ["", []], "functions": {}, "tuples": {}}
    loose: list[ast.stmt] = []
    for statement in tree.body:
        _note(statement, facts, loose, module, package)
    if loose:
        facts["effects"] = _digest(loose)
    return facts


def _note(statement: ast.stmt, facts: Facts, loose: list[ast.stmt], module: str, package: bool) -> None:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        _imports(statement, facts, module, package)
    elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        # Hashing drops annotations, so they are read first.
        if isinstance(statement, ast.FunctionDef):
            arguments = statement.args
            names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
            facts["functions"][statement.name] = [names, ast.unparse(statement.returns) if statement.returns else ""]
        facts["symbols"][statement.name] = _digest([statement])
    elif isinstance(statement, ast.Assign | ast.AnnAssign) and (names := _targets(statement)):
        for name in names:
            facts["symbols"][name] = _digest([statement])
        if isinstance(statement.value, ast.Tuple) and all(isinstance(e, ast.Name) for e in statement.value.elts):
            facts["tuples"][names[0]] = [e.id for e in statement.value.elts if isinstance(e, ast.Name)]
    elif isinstance(statement, ast.If) and ast.unparse(statement.test) in ("TYPE_CHECKING", "__name__ == '__main__'"):
        return
    elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
        loose.append(statement)
        for inner in ast.walk(statement):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                _imports(inner, facts, module, package)
            elif isinstance(inner, ast.FunctionDef | ast.ClassDef):
                facts["symbols"].setdefault(inner.name, ["", []])


def _imports(statement: ast.Import | ast.ImportFrom, facts: Facts, module: str, package: bool) -> None:
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            facts["imports"][alias.asname or whole] = [whole, ""]
        return
    origin = statement.module or ""
    if statement.level:
        parts = module.split(".")
        parts = parts[: len(parts) - statement.level + (1 if package else 0)]
        origin = ".".join([*parts, origin] if origin else parts)
    for alias in statement.names:
        if alias.name == "*":
            facts["stars"].append(origin)
        else:
            facts["imports"][alias.asname or alias.name] = [origin, alias.name]


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


class _Normalise(ast.NodeTransformer):
    """Drops what does not change what code does."""

    def _body(self, node: Any) -> Any:
        self.generic_visit(node)
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:] or [ast.Pass()]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        body = self._body(node)
        # A string under a field documents it.
        body.body = [s for s in body.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        body.body = body.body or [ast.Pass()]
        return body  # type: ignore[no-any-return]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._body(node)  # type: ignore[no-any-return]

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self._body(node)  # type: ignore[no-any-return]

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node


def _digest(statements: list[ast.stmt]) -> list[Any]:
    """[hash of the normalised statements, sorted dotted names that they refer to]."""
    references: set[str] = set()
    hashed = hashlib.sha256()
    for statement in statements:
        normal = _Normalise().visit(statement)
        hashed.update(ast.dump(normal).encode())
        for node in ast.walk(normal):
            if isinstance(node, ast.Attribute):
                if dotted := _dotted(node):
                    references.add(dotted)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                references.add(node.id)
    return [hashed.hexdigest(), sorted(references)]


def _dotted(node: ast.Attribute) -> str:
    parts = [node.attr]
    value: ast.expr = node.value
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    return ".".join([value.id, *reversed(parts)]) if isinstance(value, ast.Name) else ""
