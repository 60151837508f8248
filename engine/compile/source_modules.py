"""The source of our own modules, with all that it needs, so that a written network runs by itself."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from engine.compile.source_text import Import

OWN = "engine."


class OwnSources(msgspec.Struct, frozen=True, eq=False):
    """Definitions in the order in which they must stand, what they import, and what each class is called in them.

    `names` holds "engine.modules.merge:Add" and everything else that was taken along.
    """

    definitions: tuple[str, ...]
    imports: frozenset[Import]
    names: dict[str, str]


class _File(msgspec.Struct, frozen=True, eq=False):
    """One of our files: its definitions with the lines they take, and where its other names come from."""

    lines: tuple[str, ...]
    defined: dict[str, ast.stmt]
    ends: dict[str, int]
    imported: dict[str, Import]


def own_sources(wanted: Iterable[str]) -> OwnSources:
    """The definitions of the classes "package.module:Class", each once, after all that they use."""
    order: list[tuple[str, str]] = []
    imports: set[Import] = set()
    for name in wanted:
        module, _, symbol = name.partition(":")
        _visit(module, symbol, order, imports)
    taken = {(name or module).rpartition(" as ")[2] for module, name in imports}
    names: dict[str, str] = {}
    for module, symbol in order:
        free, number = symbol, 2
        while free in taken:
            free, number = f"{symbol}{number}", number + 1
        taken.add(free)
        names[f"{module}:{symbol}"] = free
    definitions = tuple(_definition(module, symbol, names) for module, symbol in order)
    return OwnSources(definitions=definitions, imports=frozenset(imports), names=names)


def _visit(module: str, symbol: str, order: list[tuple[str, str]], imports: set[Import]) -> None:
    """Depth first: what a definition uses stands before it."""
    stack: list[tuple[str, str, bool]] = [(module, symbol, False)]
    entered: set[tuple[str, str]] = set()
    while stack:
        module, symbol, is_done = stack.pop()
        here = (module, symbol)
        if is_done:
            if here not in order:
                order.append(here)
            continue
        if here in order or here in entered:
            continue
        entered.add(here)
        stack.append((module, symbol, True))
        for target in reversed(_used(module, symbol)):
            if isinstance(target, str):
                stack.append((module, target, False))
            elif target[0].startswith(OWN):
                assert target[1], f"{module} imports the file {target[0]} whole; take the names it needs"
                stack.append((*target, False))
            else:
                imports.add(target)


@lru_cache(maxsize=1024)
def _used(module: str, symbol: str) -> tuple[str | Import, ...]:
    """The definitions of the same file and the imports that a definition uses, in the order of use."""
    file = _file(module)
    found: dict[str | Import, None] = {}
    for node in _names(file.defined[symbol]):
        if node.id in file.defined and node.id != symbol:
            found[node.id] = None
        elif node.id in file.imported:
            found[file.imported[node.id]] = None
    return tuple(found)


def _names(statement: ast.stmt) -> Iterator[ast.Name]:
    names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return iter(sorted(names, key=lambda node: (node.lineno, node.col_offset)))


@lru_cache(maxsize=256)
def _file(module: str) -> _File:
    source = inspect.getsource(importlib.import_module(module))
    body = ast.parse(source).body
    defined: dict[str, ast.stmt] = {}
    ends: dict[str, int] = {}
    imported: dict[str, Import] = {}
    for number, node in enumerate(body):
        end = node.end_lineno or node.lineno
        follower = body[number + 1] if number + 1 < len(body) else None
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and _is_text(follower):
            assert follower is not None
            end = follower.end_lineno or end
        for name in _defines(node):
            defined[name], ends[name] = node, end
        if isinstance(node, ast.ImportFrom) and node.module and node.module != "__future__":
            for alias in node.names:
                assert alias.asname is None or not node.module.startswith(OWN), f"{module} renames what is ours"
                imported[alias.asname or alias.name] = (node.module, _renamed(alias))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                imported[alias.asname or alias.name.partition(".")[0]] = (_renamed(alias), "")
    return _File(tuple(source.splitlines()), defined, ends, imported)


def _renamed(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _defines(node: ast.stmt) -> tuple[str, ...]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return (node.name,)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return tuple(name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))


def _is_text(node: ast.stmt | None) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _definition(module: str, symbol: str, names: dict[str, str]) -> str:
    """The lines of a definition; what was renamed, as another file has that name too, is called so in it."""
    file = _file(module)
    node = file.defined[symbol]
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    lines = [line.encode() for line in file.lines[first - 1 : file.ends[symbol]]]
    renamed = {used: names[key] for used in _local_names(module, symbol) if (key := _key(module, used)) in names}
    renamed = {old: new for old, new in renamed.items() if old != new}
    for name in reversed(list(_names(node))):
        if name.id in renamed:
            at = name.lineno - first
            line = lines[at]
            end = name.col_offset + len(name.id.encode())
            lines[at] = line[: name.col_offset] + renamed[name.id].encode() + line[end:]
    if symbol in renamed and isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        at = node.lineno - first
        keyword = b"class " if isinstance(node, ast.ClassDef) else b"def "
        lines[at] = lines[at].replace(keyword + symbol.encode(), keyword + renamed[symbol].encode(), 1)
    return "\n".join(line.decode() for line in lines)


def _local_names(module: str, symbol: str) -> set[str]:
    return {symbol, *(node.id for node in _names(_file(module).defined[symbol]))}


def _key(module: str, name: str) -> str:
    """Where a name used in `module` is defined: there, or in the file it is imported from."""
    came_from = _file(module).imported.get(name)
    return f"{came_from[0]}:{name}" if came_from is not None else f"{module}:{name}"
