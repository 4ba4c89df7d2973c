"""Every statement that the services and the dashboard send, found in their code.

A statement is a text, known once its module is loaded, that begins like one; so every statement has to be made when its
module is loaded, which `made_later` looks for: the tests of plans must not overlook one that is put together by a
request.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from types import ModuleType
from typing import Any, Final

from local.ports import DASHBOARD
from tests.architecture.sources import Source, sources

_BEGINS: Final = re.compile(r"\s*\(?(SELECT|INSERT|UPDATE|DELETE|WITH)\s")
_OWNERS: Final = ("/migrations", "/retention/owner")
_SQL: Final = re.compile(
    r"\b(SELECT|INSERT INTO|DELETE FROM|UPDATE \w+ SET|WHERE|ORDER BY|LIMIT|FOR (NO KEY )?UPDATE|FOR SHARE)\b|= ANY\("
)


@dataclass(frozen=True)
class Statement:
    """One statement. `name` says where it is in the code, `service` in whose database it runs."""

    service: str
    name: str
    text: str


def statements_of(service: str) -> list[Statement]:
    """Return the statements that a service sends: its own, and those of the modules all of them share.

    audit tells nobody anything and remembers no requests, so it has none of the tables that those are about, and the
    dashboard writes nothing that others are to be told of.
    """
    own = DASHBOARD if service == DASHBOARD else f"services/{service}"
    folders = [own, "paaskit/db" if service in {"audit", DASHBOARD} else "paaskit"]
    found: dict[str, Statement] = {}
    for source in _with_statements(*folders):
        module = _module(source)
        for name, text in _texts(module):
            # What one module imports from another is the same statement.
            found.setdefault(text, Statement(service, f"{module.__name__}.{name}", text))
    return list(found.values())


def made_later() -> list[str]:
    """Return the functions that have a piece of a statement in them, though none is called as its module is loaded."""
    found = list(_with_statements("paaskit", "services", DASHBOARD))
    called = {name for source in found for name in _called_at_once(source.tree)}
    return [
        f"{source.path}: {function}"
        for source in found
        for function in sorted(_makers(source.tree, _module(source)) - called)
    ]


def _module(source: Source) -> ModuleType:
    return importlib.import_module(source.path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))


def _with_statements(*folders: str) -> Iterator[Source]:
    for source in sources(*folders):
        # Migrations run once, by the owner's role, and whether they have is asked once. So is retention, once a day.
        if not any(each in source.path for each in _OWNERS) and _SQL.search(source.text):
            yield source


def _texts(module: Any) -> Iterator[tuple[str, str]]:
    for name, value in vars(module).items():
        if not name.startswith("__"):
            yield from _within(name, value)


def _within(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if _BEGINS.match(value):
            yield name, value
    elif isinstance(value, tuple | list):
        for index, each in enumerate(value):
            yield from _within(f"{name}[{index}]", each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _within(f"{name}[{key}]", each)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _within(f"{name}.{field.name}", getattr(value, field.name))


def _makers(tree: ast.Module, module: ModuleType) -> set[str]:
    """The functions of a module, by their own names, that have a piece of a statement in them, or add to one."""
    return {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(_is_piece(node, module) for node in ast.walk(function) if node not in function.body[:1])
    }


def _is_piece(node: ast.AST, module: ModuleType) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and _SQL.search(node.value) is not None
    if isinstance(node, ast.BinOp | ast.FormattedValue):
        operands = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.value]
        values = [getattr(module, each.id, None) for each in operands if isinstance(each, ast.Name)]
        return any(isinstance(value, str) and _SQL.search(value) for value in values)
    return False


def _called_at_once(tree: ast.Module) -> set[str]:
    """The functions of a module that are called while it is loaded, or by one that is."""
    called = {
        name
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for name in _calls(statement)
    }
    inner = {
        node.name: {*_calls(node), *(each.name for each in ast.walk(node) if isinstance(each, ast.FunctionDef))}
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    for name in list(called):
        called |= inner.get(name, set())
    return called


def _calls(node: ast.AST) -> set[str]:
    return {each.func.id for each in ast.walk(node) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)}
